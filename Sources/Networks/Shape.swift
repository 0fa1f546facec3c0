/// A size along time, height and width, in that order: kernels, strides, paddings and windows.
package struct Extent: Hashable, Sendable {
  package var frames: Int
  package var height: Int
  package var width: Int

  package init(_ frames: Int, _ height: Int, _ width: Int) {
    self.frames = frames
    self.height = height
    self.width = width
  }

  /// The same size along all three axes.
  package init(_ side: Int) { self.init(side, side, side) }

  package var count: Int { frames * height * width }
}

/// The shape of one clip's activation: channels, frames, height, width (batch is always 1 in the live engine).
package struct ActivationShape: Hashable, Sendable {
  package var channels: Int
  package var extent: Extent

  package init(channels: Int, extent: Extent) {
    self.channels = channels
    self.extent = extent
  }

  /// Number of values.
  package var count: Int { channels * extent.count }

  /// `[1, C, T, H, W]`, as PyTorch prints it.
  package var dimensions: [Int] { [1, channels, extent.frames, extent.height, extent.width] }
}

/// Padding before and after each axis.
package struct Padding: Hashable, Sendable {
  package var front: Extent
  package var back: Extent
}

/// TensorFlow's SAME rule, which the published I3D weights were trained with.
///
/// The padding depends on the input's size, with any odd element at the back, so it is not a constant of the layer.
///
/// - Source: methods.md 1.1.
package enum SamePadding {
  /// Padding and output size along one axis with `size` values.
  package static func along(size: Int, kernel: Int, stride: Int) -> (front: Int, back: Int, output: Int) {
    let rest = size % stride
    let total = max(kernel - (rest == 0 ? stride : rest), 0)
    return (total / 2, total - total / 2, (size + stride - 1) / stride)
  }

  /// Padding and output size along all three axes.
  package static func of(_ input: Extent, kernel: Extent, stride: Extent) -> (padding: Padding, output: Extent) {
    let frames = along(size: input.frames, kernel: kernel.frames, stride: stride.frames)
    let height = along(size: input.height, kernel: kernel.height, stride: stride.height)
    let width = along(size: input.width, kernel: kernel.width, stride: stride.width)
    return (
      Padding(
        front: Extent(frames.front, height.front, width.front), back: Extent(frames.back, height.back, width.back)),
      Extent(frames.output, height.output, width.output)
    )
  }
}
