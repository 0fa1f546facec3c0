import Networks

/// One layer's part in a window: which frames are computed, and which are kept for the next window.
struct LayerFrames: Equatable {
  /// Number of its output frames.
  var frames: Int
  /// How it slides over its input's frames.
  var window: FrameWindow
  /// The distance between two output frames, in frames of the clip.
  var scale = 1
  /// Whether its output stays in memory for the next window.
  var isKept = false
  /// Output frames that the next window can reuse.
  var reusable = 0..<0
  /// Ranges of output frames to compute, in order and disjoint.
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
  /// Zeros before the first frame; negative if reading starts after it.
  var front = 0
  /// True if every output reads every frame.
  var readsAll = false

  /// What a range of output frames reads: input frames, and zeros before and after them.
  func reads(_ outputs: Range<Int>, of frames: Int) -> (frames: Range<Int>, front: Int, back: Int) {
    guard !readsAll else { return (0..<frames, 0, 0) }
    let first = outputs.lowerBound * stride - front
    let end = (outputs.upperBound - 1) * stride - front + size
    // With stride 2 and one frame too many, the last frame is not read.
    return (max(first, 0)..<min(end, frames), max(-first, 0), max(end - frames, 0))
  }
}

extension NetworkGraph {
  /// How each node's window slides over the frames it reads.
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
