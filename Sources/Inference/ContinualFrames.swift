import Networks

/// Which frames of every layer a step of a stream computes if no window ever ends: the network runs as if the clip had
/// neither start nor end.
///
/// Where a separate window sees zero padding in time, a layer here reads what came before, and waits for what comes
/// after. So each frame of each layer is computed once, and the cost of a step is proportional to its new frames; but
/// the result is that of a different function, and lags `delay` frames behind.
///
/// - Source: methods.md 1.3.
struct ContinualFrames {
  /// In graph order; layers after the trunk see its last frames, as many as in a separate window.
  private(set) var layers: [LayerFrames]
  /// Index of the trunk's last layer.
  let trunkEnd: Int
  /// First frame that is read from a clip whose newest frames are the step's; negative before the clip's start.
  let firstRead: Int
  /// Frames of the clip between the end of what a result describes and the newest frame needed to compute it.
  let delay: Int
  /// Frames at the end of the clip that no layer has read yet.
  private let unread: Int
  private let hop: Int
  /// For each layer of the trunk, its position after the newest computed frame; the trunk's own is 0.
  private let ends: [Int]

  /// Number of steps before the trunk's last frames are all computed from real frames.
  let stepsToFill: Int

  /// `nil` if the hop is not a multiple of the trunk's stride, or too long for a clip.
  ///
  /// - Parameters:
  ///   - graph: the network.
  ///   - hop: number of new frames in a step.
  init?(_ graph: NetworkGraph, hop: Int) {
    let windows = graph.frameWindows
    var layers = zip(graph.nodes, windows).map { LayerFrames(frames: $0.shape.extent.frames, window: $1) }
    for (index, node) in graph.nodes.enumerated() {
      layers[index].scale = (node.inputs.first.map { layers[$0].scale } ?? 1) * windows[index].stride
    }
    let last = (graph.nodes.firstIndex { $0.isAfterTrunk } ?? graph.nodes.count) - 1
    guard hop.isMultiple(of: layers[last].scale) else { return nil }
    let clipFrames = graph.nodes[0].shape.extent.frames

    // Backwards: the range in which each layer is read when the trunk's newest frames end at 0.
    var ends = [Int](repeating: .min, count: graph.nodes.count)
    var begins = [Int](repeating: .max, count: graph.nodes.count)
    ends[last] = 0
    begins[last] = -graph.nodes[last].shape.extent.frames
    for index in (1...last).reversed() {
      let window = windows[index]
      let new = hop / layers[index].scale
      for input in graph.nodes[index].inputs {
        ends[input] = max(ends[input], (ends[index] - 1) * window.stride - window.front + window.size)
        begins[input] = min(begins[input], (ends[index] - new) * window.stride - window.front)
      }
    }
    for index in 0...last {
      let new = hop / layers[index].scale
      let isInput = index == 0
      layers[index].frames = isInput ? ends[index] - begins[index] : max(new, ends[index] - begins[index])
      layers[index].isKept = !isInput && layers[index].frames > new
      layers[index].reusable = 0..<layers[index].frames
      layers[index].computed = [(isInput ? 0 : layers[index].frames - new)..<layers[index].frames]
      // Positions count from each layer's first existing frame.
      if let input = graph.nodes[index].inputs.first {
        let window = windows[index]
        let shift = (ends[index] - layers[index].frames) * window.stride
        layers[index].window.front = window.front + ends[input] - layers[input].frames - shift
      }
    }
    for index in (last + 1)..<graph.nodes.count { layers[index].computed = [0..<layers[index].frames] }
    self.layers = layers
    self.ends = ends
    trunkEnd = last
    // A step ends where the number of the clip's frames is a multiple of the stride.
    let stride = layers[last].scale
    delay = (ends[0] + stride - 1) / stride * stride
    unread = delay - ends[0]
    firstRead = clipFrames - unread - layers[0].frames
    // Otherwise a step would read more than a clip contains.
    if firstRead < 0 { return nil }
    self.hop = hop
    stepsToFill = (clipFrames + delay + hop - 1) / hop
  }

  /// How many of a layer's frames after that many steps of a stream lie before its start.
  func framesBeforeBeginning(ofNode index: Int, afterSteps steps: Int) -> Int {
    let layer = layers[index]
    // Number of the clip's frames up to the end of the layer.
    let end = ends[index] + (steps * hop - delay) / layer.scale
    return min(layer.frames, max(0, layer.frames - end))
  }
}

extension NetworkGraph.Node {
  /// True for the attention block and the head, which see all of the trunk's frames together.
  fileprivate var isAfterTrunk: Bool {
    switch operation {
    case .nonLocal, .averagePool, .stepClassifier, .meanOverSteps: true
    case .input, .convolution, .maxPool, .concatenate: false
    }
  }
}
