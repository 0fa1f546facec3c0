import Networks

/// Which frames of every layer a step of a stream computes, when no window ends: the network as if the clip had neither
/// beginning nor end.
///
/// Where a window of its own sees zero padding in time, a layer here reads what came before, and waits for what comes after. So
/// each frame of each layer is computed once, and the cost of a step is in proportion to the frames that are new in it; but
/// the result is another function's, and lies `delay` frames behind.
///
/// - Source: methods.md 1.3.
struct ContinualFrames {
  /// In the graph's order; what follows the trunk sees the trunk's last frames, as many as in a window of its own.
  private(set) var layers: [LayerFrames]
  /// Index of the trunk's last layer.
  let trunkEnd: Int
  /// Of a clip whose newest frames are the step's, the frame with which reading begins; negative before its beginning.
  let firstRead: Int
  /// Frames of the clip from the end of what a result describes to the newest that it took to compute it.
  let delay: Int
  /// Frames at the end of the clip that no layer has read yet.
  private let unread: Int
  private let hop: Int
  /// For each layer of the trunk, its position after the newest computed one, where the trunk's is 0.
  private let ends: [Int]

  /// Steps whose frames must all have been seen before the trunk's last frames are whole.
  let stepsToFill: Int

  /// `nil` where the hop is no multiple of the trunk's stride, or too long for a clip.
  ///
  /// - Parameters:
  ///   - graph: the network.
  ///   - hop: frames of the clip that are new in a step.
  init?(_ graph: NetworkGraph, hop: Int) {
    let windows = graph.frameWindows
    var layers = zip(graph.nodes, windows).map { LayerFrames(frames: $0.shape.extent.frames, window: $1) }
    for (index, node) in graph.nodes.enumerated() {
      layers[index].scale = (node.inputs.first.map { layers[$0].scale } ?? 1) * windows[index].stride
    }
    let last = (graph.nodes.firstIndex { $0.isAfterTrunk } ?? graph.nodes.count) - 1
    guard hop.isMultiple(of: layers[last].scale) else { return nil }
    let clipFrames = graph.nodes[0].shape.extent.frames

    // Backwards: up to where each layer is read, and from where on, when the trunk's newest frames are up to 0.
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
      // Positions are counted from each layer's first frame that there is.
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
    // A step ends where the clip's frames are a multiple of the stride.
    let stride = layers[last].scale
    delay = (ends[0] + stride - 1) / stride * stride
    unread = delay - ends[0]
    firstRead = clipFrames - unread - layers[0].frames
    // A step would read more than a clip holds.
    if firstRead < 0 { return nil }
    self.hop = hop
    stepsToFill = (clipFrames + delay + hop - 1) / hop
  }

  /// Of the frames that a layer has after so many steps of a stream, those that lie before its beginning.
  func framesBeforeBeginning(ofNode index: Int, afterSteps steps: Int) -> Int {
    let layer = layers[index]
    // Frames of the clip up to the layer's end.
    let end = ends[index] + (steps * hop - delay) / layer.scale
    return min(layer.frames, max(0, layer.frames - end))
  }
}

extension NetworkGraph.Node {
  /// True for the attention block and the head, which see the trunk's frames together.
  fileprivate var isAfterTrunk: Bool {
    switch operation {
    case .nonLocal, .averagePool, .stepClassifier, .meanOverSteps: true
    case .input, .convolution, .maxPool, .concatenate: false
    }
  }
}
