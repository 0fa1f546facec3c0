import COneDNN
import Networks

/// The machine's current peak rate: the best that one large convolution reaches.
///
/// A 3x3x3 layer with 128 channels that fits the caches well; a network falls short of it because of overhead, memory
/// traffic and awkwardly shaped layers.
@safe package final class Roof {
  private let kernel: Kernel
  private let memory: AlignedMemory
  /// Multiply-accumulates per run.
  package let multiplyAccumulates: Int

  package init(precision: Precision, threads: Int) throws(InferenceError) {
    _ = odn_set_threads(Int32(clamping: threads))
    let scalar: Tensor.Scalar =
      switch try precision.resolved(isCalibrated: precision == .int8) {
      case .int8: .u8
      case .bf16: .bf16
      case .auto, .f32: .f32
      }
    let channels = 128
    let tensor = Tensor(shape: ActivationShape(channels: channels, extent: Extent(8, 28, 28)), scalar: scalar)
    let window = odn_window(Extent(3), front: Extent(1), back: Extent(1))
    let scales = scalar == .u8 ? [Float](repeating: 0.001, count: channels) : nil
    kernel = try .convolution("roof", from: tensor, to: tensor, window, finish: ODN_AS_IS, scales: scales)
    let weights = channels * channels * 27
    multiplyAccumulates = weights * tensor.shape.extent.count
    try kernel.load(
      weights: Array(repeating: scalar == .u8 ? 1 : 0.01, count: weights), scales: Array(repeating: 1, count: channels),
      bias: Array(repeating: 0, count: channels))

    let source = (tensor.byteCount + 63) / 64 * 64
    memory = try AlignedMemory(byteCount: 2 * source + kernel.scratchBytes)
    unsafe memory.base.initializeMemory(as: UInt8.self, repeating: 0, count: memory.byteCount)
    try unsafe kernel.bind(.source, to: memory.base)
    try unsafe kernel.bind(.destination, to: memory.base + source)
    if kernel.scratchBytes > 0 { try unsafe kernel.bind(.scratchpad, to: memory.base + 2 * source) }
  }

  package func run() throws(InferenceError) { try kernel.run() }
}
