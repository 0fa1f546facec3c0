import COneDNN
import Networks

/// A 3x3 layer (over height and width, any kernel in time) by Winograd's F(2x2, 3x3): 2.25 times fewer products.
///
/// Each 2x2 block of outputs comes from a 4x4 block of inputs through 16 transformed components. Each component is a
/// convolution in time alone, which oneDNN computes at its usual rate; between them the transforms only add. Rows of
/// blocks are done a few at a time so that what is transformed stays in the cache.
///
/// - Source: Lavin & Gray, Fast Algorithms for Convolutional Neural Networks (2016).
@safe final class WinogradConvolution {
  let scratchBytes: Int
  let constantBytes: Int

  private var inputTiles: odn_tiles
  private var outputTiles: odn_tiles
  private let rows: Int
  private let transformedBytes: Int
  private let productBytes: Int
  private let components: [Kernel]
  private let bias: [Float]
  private var scratch: UnsafeMutableRawPointer?
  private var source: UnsafeRawPointer?
  private var destination: UnsafeMutableRawPointer?

  /// True where this way is faster: enough channels on both sides to pay for the transforms.
  static func suits(_ layer: Convolution3D) -> Bool {
    layer.kernel.height == 3 && layer.kernel.width == 3 && layer.stride == Extent(1) && layer.inputs >= leastChannels
      && layer.inputs % 8 == 0 && layer.outputs % 8 == 0 && max(layer.inputs, layer.outputs) <= 4096
  }

  private static let leastChannels = 32
  /// Transformed tensors of one pass; a third of a usual last-level cache.
  private static let passBytes = 12 << 20

  init(
    _ name: String, _ layer: Convolution3D, from source: Tensor, to destination: Tensor, _ folded: FoldedWeights
  ) throws(InferenceError) {
    let extent = source.shape.extent
    let tileRows = (extent.height + 1) / 2
    let tileColumns = (extent.width + 1) / 2
    func bytes(_ rows: Int) -> (transformed: Int, products: Int) {
      let positions = extent.frames * rows * tileColumns
      // Neighbouring components would fall on the same cache lines' sets if they lay whole pages apart.
      func spread(_ bytes: Int) -> Int { (bytes + 4095) / 4096 * 4096 + 640 }
      return (
        spread(positions * layer.inputs * source.scalar.byteCount),
        spread(positions * layer.outputs * Tensor.Scalar.f32.byteCount)
      )
    }
    let divisors = (1...tileRows).filter { tileRows.isMultiple(of: $0) }
    rows = divisors.last { 16 * (bytes($0).transformed + bytes($0).products) <= Self.passBytes } ?? 1
    (transformedBytes, productBytes) = bytes(rows)

    let positions = Extent(extent.frames, rows, tileColumns)
    let transformed = Tensor(
      shape: ActivationShape(channels: layer.inputs, extent: positions), scalar: source.scalar)
    let products = Tensor(shape: ActivationShape(channels: layer.outputs, extent: positions), scalar: .f32)
    let padding = layer.padded(extent).padding
    let window = odn_window(
      Extent(layer.kernel.frames, 1, 1), front: Extent(padding.front.frames, 0, 0),
      back: Extent(padding.back.frames, 0, 0))
    let noBias = folded.bias.map { _ in Float(0) }
    var weights = [Float](repeating: 0, count: folded.weights.count / 9)
    var kernels: [Kernel] = []
    for component in 0..<16 {
      let kernel = try Kernel.convolution(name, from: transformed, to: products, window, finish: ODN_AS_IS)
      unsafe odn_winograd_weights(Int64(weights.count), folded.weights, Int32(component), &weights)
      try kernel.load(weights: weights, scales: folded.scales, bias: noBias)
      kernels.append(kernel)
    }
    components = kernels
    bias = folded.bias
    scratchBytes = 16 * (transformedBytes + productBytes) + kernels[0].scratchBytes
    constantBytes = kernels.reduce(0) { $0 + $1.constantBytes }

    inputTiles = odn_tiles(
      extent: odn_extent(extent), channels: Int64(layer.inputs), first_row: 0, tile_rows: Int64(rows),
      component_bytes: Int64(transformedBytes), type: source.scalar.number, relu: 0)
    outputTiles = odn_tiles(
      extent: odn_extent(extent), channels: Int64(layer.outputs), first_row: 0, tile_rows: Int64(rows),
      component_bytes: Int64(productBytes), type: destination.scalar.number, relu: layer.hasReLU ? 1 : 0)
  }

  /// One kernel's name; all sixteen are alike.
  var implementation: String { "winograd " + components[0].implementation }

  /// Fixes where it reads, writes and works; `scratch` has `scratchBytes`.
  func bind(
    source: UnsafeRawPointer, destination: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) throws(InferenceError) {
    let products = unsafe scratch + 16 * transformedBytes
    for (index, kernel) in components.enumerated() {
      try unsafe kernel.bind(.source, to: scratch + index * transformedBytes)
      try unsafe kernel.bind(.destination, to: products + index * productBytes)
      if kernel.scratchBytes > 0 { try unsafe kernel.bind(.scratchpad, to: products + 16 * productBytes) }
    }
    unsafe self.source = unsafe source
    unsafe self.destination = unsafe destination
    unsafe self.scratch = unsafe scratch
  }

  func run() throws(InferenceError) {
    guard let source = unsafe source, let destination = unsafe destination, let scratch = unsafe scratch else {
      preconditionFailure("a convolution runs before it is bound")
    }
    let products = unsafe (scratch + 16 * transformedBytes).assumingMemoryBound(to: Float.self)
    let tileRows = (Int(inputTiles.extent.height) + 1) / 2
    for row in stride(from: 0, to: tileRows, by: rows) {
      inputTiles.first_row = Int64(row)
      outputTiles.first_row = Int64(row)
      unsafe odn_winograd_input(&inputTiles, source, scratch)
      for kernel in components { try kernel.run() }
      unsafe odn_winograd_output(&outputTiles, products, bias, destination)
    }
  }
}
