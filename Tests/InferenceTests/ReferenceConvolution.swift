import Golden
import Networks

/// A padded convolution with batch norm and ReLU, computed value by value as in methods.md 1.1.
struct ReferenceConvolution {
  private let layer: Convolution3D
  private let input: Extent
  private let output: Extent
  private let front: Extent
  private let weight: [Float]
  private let scale: [Float]
  private let offset: [Float]
  private let mean: [Float]
  private let variance: [Float]
  private let epsilon: Float

  init?(_ node: NetworkGraph.Node, input: Extent, weights: FormulaWeights) {
    guard case .convolution(let layer) = node.operation, let normalization = layer.normalization else { return nil }
    self.layer = layer
    self.input = input
    let padded = layer.padded(input)
    output = padded.output
    front = padded.padding.front
    weight = weights.values(of: layer.weight)
    scale = weights.values(of: normalization.scale)
    offset = weights.values(of: normalization.offset)
    mean = weights.values(of: normalization.mean)
    variance = weights.values(of: normalization.variance)
    epsilon = normalization.epsilon
  }

  /// The output at a row-major index of [out, T, H, W].
  func value(at index: Int, of clip: [Float]) -> Float {
    let x = index % output.width
    let y = index / output.width % output.height
    let t = index / (output.width * output.height) % output.frames
    let channel = index / output.count
    let kernel = layer.kernel
    var sum: Float = 0
    for i in 0..<layer.inputs {
      for dt in 0..<kernel.frames {
        for dy in 0..<kernel.height {
          for dx in 0..<kernel.width {
            let (st, sy, sx) = (
              t * layer.stride.frames + dt - front.frames, y * layer.stride.height + dy - front.height,
              x * layer.stride.width + dx - front.width
            )
            guard (0..<input.frames).contains(st), (0..<input.height).contains(sy), (0..<input.width).contains(sx)
            else { continue }
            let w = (((channel * layer.inputs + i) * kernel.frames + dt) * kernel.height + dy) * kernel.width + dx
            sum += weight[w] * clip[((i * input.frames + st) * input.height + sy) * input.width + sx]
          }
        }
      }
    }
    let normalized = (sum - mean[channel]) / (variance[channel] + epsilon).squareRoot()
    return max(0, normalized * scale[channel] + offset[channel])
  }
}
