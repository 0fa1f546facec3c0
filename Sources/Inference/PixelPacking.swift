import COneDNN
import Networks

/// How the first convolution reads pixels: every output column's neighbours side by side as channels.
///
/// Three input channels would leave most of a vector empty. Each position holds the `kernel.width` pixels that one output
/// column reads, so the convolution becomes one of width 1 over 3 · width channels: measured on 2 cores at 64x224x224,
/// bf16 122 ms instead of 161, f32 270 instead of 359, for 2 to 5 ms of packing.
///
/// Values are 255 times the normalised ones, 2x - 255 for a byte x, which bfloat16 holds exactly; `weights` divides.
struct PixelPacking {
  let layer: Convolution3D
  let picture: Extent
  let scalar: Tensor.Scalar
  private let padding: Padding
  private let output: Extent

  init(_ layer: Convolution3D, picture: Extent, scalar: Tensor.Scalar) {
    self.layer = layer
    self.picture = picture
    self.scalar = scalar
    (padding, output) = layer.padded(picture)
    precondition(picture.width <= 512 && layer.kernel.width <= 16, "the shim's row buffer is for smaller pictures")
  }

  /// Even, because bf16 instructions multiply pairs.
  private var channels: Int { (3 * layer.kernel.width + 1) / 2 * 2 }

  /// What packing so many frames writes.
  func tensor(_ frames: Int) -> Tensor {
    Tensor(
      shape: ActivationShape(channels: channels, extent: Extent(frames, picture.height, output.width)), scalar: scalar)
  }

  /// The convolution's kernel over packed pixels.
  var window: odn_window {
    func alongRows(_ extent: Extent, _ width: Int) -> Extent { Extent(extent.frames, extent.height, width) }
    return odn_window(
      alongRows(layer.kernel, 1), stride: alongRows(layer.stride, 1),
      front: alongRows(padding.front, 0), back: alongRows(padding.back, 0))
  }

  /// Packing some frames, for the C shim.
  func description(_ frames: Range<Int>) -> odn_packing {
    odn_packing(
      picture: odn_extent(picture), first_frame: Int64(frames.lowerBound), frames: Int64(frames.count), positions: Int64(output.width), pixels: Int64(layer.kernel.width),
      stride: Int64(layer.stride.width), offset: Int64(padding.front.width), channels: Int64(channels),
      type: scalar.number)
  }

  /// `values` [out, 3, time, height, width] as [out, packed channels, time, height, 1], divided by 255.
  func weights(_ values: [Float]) -> [Float] {
    let kernel = layer.kernel
    let plane = kernel.frames * kernel.height
    var packed = [Float](repeating: 0, count: layer.outputs * channels * plane)
    for output in 0..<layer.outputs {
      for color in 0..<3 {
        for row in 0..<plane {
          for x in 0..<kernel.width {
            packed[(output * channels + 3 * x + color) * plane + row] =
              values[((output * 3 + color) * plane + row) * kernel.width + x] / 255
          }
        }
      }
    }
    return packed
  }
}
