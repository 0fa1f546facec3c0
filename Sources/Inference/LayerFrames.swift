import Networks

/// One layer's part in a window: which of its frames are computed, and which stay for the next window.
struct LayerFrames: Equatable {
  /// Frames of its output that there are.
  var frames: Int
  /// How it slides over its input's frames.
  var window: FrameWindow
  /// Frames of the clip from one output frame to the next.
  var scale = 1
  /// Its output stays in memory for the next window.
  var isKept = false
  /// Output frames that the next window may use again.
  var reusable = 0..<0
  /// Runs of output frames to compute, in order, apart from one another.
  var computed: [Range<Int>] = []

  init(frames: Int, window: FrameWindow) {
    self.frames = frames
    self.window = window
  }
}

/// How a layer's window slides over its input's frames.
struct FrameWindow: Equatable {
  var size = 1
  var stride = 1
  /// Zeros before the first frame; negative where reading begins behind it.
  var front = 0
  /// True where every output reads every frame.
  var readsAll = false

  /// What a run of output frames reads: frames of the input, and zeros before and after them.
  func reads(_ outputs: Range<Int>, of frames: Int) -> (frames: Range<Int>, front: Int, back: Int) {
    guard !readsAll else { return (0..<frames, 0, 0) }
    let first = outputs.lowerBound * stride - front
    let end = (outputs.upperBound - 1) * stride - front + size
    // A window of stride 2 over one frame too many reads nothing of the last.
    return (max(first, 0)..<min(end, frames), max(-first, 0), max(end - frames, 0))
  }
}

extension NetworkGraph {
  /// How each node's window slides over the frames that it reads.
  var frameWindows: [FrameWindow] {
    nodes.map { node in
      let frames = node.inputs.first.map { nodes[$0].shape.extent.frames } ?? 0
      func window(_ kernel: Extent, _ stride: Extent) -> FrameWindow {
        let padding = SamePadding.along(size: frames, kernel: kernel.frames, stride: stride.frames)
        return FrameWindow(size: kernel.frames, stride: stride.frames, front: padding.front)
      }
      return switch node.operation {
      case .input, .concatenate: FrameWindow()
      case .convolution(let layer): window(layer.kernel, layer.stride)
      case .maxPool(let layer): window(layer.kernel, layer.stride)
      case .nonLocal, .averagePool, .stepClassifier, .meanOverSteps: FrameWindow(readsAll: true)
      }
    }
  }
}
