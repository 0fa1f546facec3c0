import COneDNN
import Networks

/// How the first convolution reads pixels: every output column's neighbours side by side as channels.
///
/// Three input channels would leave most of a vector empty. Each position holds the `kernel.width` pixels that one output
/// column reads, so the convolution becomes one of width 1 over 3 · width channels: measured on 2 cores at 64x224x224,
/// bf16 122 ms instead of 161, f32 270 instead of 359, for 2 to 5 ms of packing.
///
/// Values are 255 times the normalised ones, 2x - 255 for a byte x, which bfloat16 holds exactly; `weights` divides. In u8
/// they are the bytes themselves, and what is to be subtracted has weights of its own: see `quantized`.
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

  /// Even, because bf16 instructions multiply pairs; of u8 there are four, with one that says what is inside the picture.
  private var channels: Int {
    scalar == .u8 ? 4 * layer.kernel.width : (3 * layer.kernel.width + 1) / 2 * 2
  }

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
      picture: odn_extent(picture), first_frame: Int64(frames.lowerBound), frames: Int64(frames.count),
      positions: Int64(output.width), pixels: Int64(layer.kernel.width),
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

  /// Weights over packed bytes: a byte x inside the picture stands for (2x - 255) / 255, and nothing for 0.
  ///
  /// Each pixel of a window has a fourth channel, 255 inside the picture, whose weight is minus half the sum of the other
  /// three. Their quantised sum is made even, so that this holds exactly, at the picture's borders as well.
  func quantized(_ folded: FoldedWeights, most: Float) -> QuantizedWeights {
    let kernel = layer.kernel
    let plane = kernel.frames * kernel.height
    var result = QuantizedWeights(
      values: [Float](repeating: 0, count: layer.outputs * channels * plane), steps: folded.scales, bias: folded.bias)
    for output in 0..<layer.outputs {
      func weight(_ color: Int, _ row: Int, _ x: Int) -> Float {
        2 / 255 * folded.scales[output] * folded.weights[((output * 3 + color) * plane + row) * kernel.width + x]
      }
      var largest: Float = 0
      for row in 0..<plane {
        for x in 0..<kernel.width {
          let colors = (0..<3).map { weight($0, row, x) }
          largest = colors.reduce(max(largest, abs(colors[0] + colors[1] + colors[2]) / 2)) { max($0, abs($1)) }
        }
      }
      // One less than the most leaves room to make a sum even.
      let step = largest > 0 ? largest / (most - 1) : 1
      result.steps[output] = step
      for row in 0..<plane {
        for x in 0..<kernel.width {
          let exact = (0..<3).map { weight($0, row, x) / step }
          var rounded = exact.map { $0.rounded() }
          if !Int(rounded[0] + rounded[1] + rounded[2]).isMultiple(of: 2) {
            // The one that was rounded most is rounded the other way.
            let color = (0..<3).max { abs(exact[$0] - rounded[$0]) < abs(exact[$1] - rounded[$1]) } ?? 0
            rounded[color] += exact[color] < rounded[color] ? -1 : 1
          }
          for color in 0..<3 {
            result.values[(output * channels + 3 * x + color) * plane + row] = rounded[color]
          }
          let inside = output * channels + 3 * kernel.width + x
          result.values[inside * plane + row] = -(rounded[0] + rounded[1] + rounded[2]) / 2
        }
      }
    }
    return result
  }
}
