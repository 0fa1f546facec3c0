import COneDNN
import Networks

/// How the first convolution reads pixels: the neighbours of every output column side by side as channels.
///
/// Three input channels would leave most of a vector empty. Each position contains the `kernel.width` pixels that one
/// output column reads, so the convolution becomes one of width 1 over 3 · width channels. Measured on 2 cores at
/// 64x224x224: bf16 122 ms instead of 161, f32 270 instead of 359, plus 2 to 5 ms for packing.
///
/// Values are 255 times the normalised ones, 2x - 255 for a byte x, which bfloat16 represents exactly; `weights`
/// divides. In u8 they are the bytes themselves, and the offset has separate weights: see `quantized`.
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
    precondition(picture.width <= 512 && layer.kernel.width <= 16, "the picture is too large for the shim's row buffer")
  }

  /// Even, because bf16 instructions multiply pairs; for u8 four per pixel, one of which marks pixels inside the
  /// picture.
  private var channels: Int {
    scalar == .u8 ? 4 * layer.kernel.width : (3 * layer.kernel.width + 1) / 2 * 2
  }

  /// The tensor written when packing `frames` frames.
  func tensor(_ frames: Int) -> Tensor {
    Tensor(
      shape: ActivationShape(channels: channels, extent: Extent(frames, picture.height, output.width)), scalar: scalar)
  }

  /// The convolution's window over packed pixels.
  var window: odn_window {
    func alongRows(_ extent: Extent, _ width: Int) -> Extent { Extent(extent.frames, extent.height, width) }
    return odn_window(
      alongRows(layer.kernel, 1), stride: alongRows(layer.stride, 1),
      front: alongRows(padding.front, 0), back: alongRows(padding.back, 0))
  }

  /// Describes the packing of some frames to the C shim.
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

  /// Weights for packed bytes: a byte x inside the picture means (2x - 255) / 255, and outside it 0.
  ///
  /// Each pixel has a fourth channel, 255 inside the picture, whose weight is minus half the sum of the other three.
  /// Their quantised sum is made even, so that this is exact, even at the picture's borders.
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
      // One below the maximum leaves room to make a sum even.
      let step = largest > 0 ? largest / (most - 1) : 1
      result.steps[output] = step
      for row in 0..<plane {
        for x in 0..<kernel.width {
          let exact = (0..<3).map { weight($0, row, x) / step }
          var rounded = exact.map { $0.rounded() }
          if !Int(rounded[0] + rounded[1] + rounded[2]).isMultiple(of: 2) {
            // The value with the largest rounding error is rounded the other way.
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
