import Networks

/// Which frames of every layer a window computes, and which it reuses from the previous window.
///
/// A value not affected by temporal zero padding, in a window that started `shift` frames earlier, is the same in this
/// window, `shift / scale` positions earlier. A layer is kept for that if a later one reads several of its frames; all
/// others are computed only where they are read.
///
/// - Source: methods.md 1.3.
struct TemporalReuse {
  /// In graph order; frames not affected by padding may be reused.
  private(set) var layers: [LayerFrames]

  /// A smaller reusable fraction of a layer is recomputed, because splitting its work has a cost too.
  private static let leastShare = 0.125

  /// - Parameters:
  ///   - graph: the network.
  ///   - hop: the shift that decides what is kept; `nil` keeps nothing.
  ///   - shift: frames since the window whose values were kept; `nil` computes the whole window.
  init(_ graph: NetworkGraph, hop: Int?, shift: Int?) {
    let windows = graph.frameWindows
    layers = zip(graph.nodes, windows).map { LayerFrames(frames: $0.shape.extent.frames, window: $1) }
    for (index, node) in graph.nodes.enumerated() {
      layers[index].reusable = inner(node, windows[index])
      layers[index].scale = (node.inputs.first.map { layers[$0].scale } ?? 1) * windows[index].stride
    }
    if let hop {
      for (index, node) in graph.nodes.enumerated() where windows[index].size > 1 {
        for input in node.inputs where graph.nodes[input].operation != .input {
          let frames = Double(graph.nodes[input].shape.extent.frames)
          layers[input].isKept = Double(reused(input, hop).count) >= max(1, Self.leastShare * frames)
        }
      }
    }
    layers[graph.nodes.count - 1].computed = [0..<graph.nodes[graph.nodes.count - 1].shape.extent.frames]
    for (index, node) in graph.nodes.enumerated().reversed() {
      if layers[index].isKept {
        let reused = shift.map { self.reused(index, $0) } ?? 0..<0
        let frames = node.shape.extent.frames
        layers[index].computed =
          reused.isEmpty ? [0..<frames] : [0..<reused.lowerBound, reused.upperBound..<frames].filter { !$0.isEmpty }
      }
      for input in node.inputs {
        let frames = graph.nodes[input].shape.extent.frames
        let read = layers[index].computed.map { windows[index].reads($0, of: frames).frames }
        layers[input].computed = Self.joined(layers[input].computed + read)
      }
    }
  }

  /// Output frames that need not be computed by a window starting `shift` frames later.
  private func reused(_ index: Int, _ shift: Int) -> Range<Int> {
    let layer = layers[index]
    guard shift.isMultiple(of: layer.scale) else { return 0..<0 }
    return layer.reusable.lowerBound..<max(layer.reusable.lowerBound, layer.reusable.upperBound - shift / layer.scale)
  }

  /// Output frames that only read inner frames.
  private func inner(_ node: NetworkGraph.Node, _ window: FrameWindow) -> Range<Int> {
    if case .input = node.operation { return 0..<node.shape.extent.frames }
    let inputs = node.inputs.map { layers[$0].reusable }
    let first = inputs.map(\.lowerBound).max() ?? 0
    let end = inputs.map(\.upperBound).min() ?? 0
    guard first < end, !window.readsAll else { return 0..<0 }
    let lower = (first + window.front + window.stride - 1) / window.stride
    // The last output whose window ends within them.
    let room = end + window.front - window.size
    return room < 0 ? 0..<0 : lower..<max(lower, room / window.stride + 1)
  }

  /// The same frames as disjoint ranges, in order.
  private static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }
}
