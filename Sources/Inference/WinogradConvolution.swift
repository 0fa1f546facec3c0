import COneDNN
import Networks

/// A 3x3 layer (over height and width, any kernel in time) by Winograd's F(2x2, 3x3): 2.25 times fewer products.
///
/// Each 2x2 block of outputs comes from a 4x4 block of inputs through 16 transformed components. Each component is a
/// convolution in time alone, which oneDNN computes at its usual rate; between them the transforms only add. A pass
/// covers a few frames and rows of blocks, so that what is transformed stays in the cache, on one thread.
///
/// - Source: Lavin & Gray, Fast Algorithms for Convolutional Neural Networks (2016).
@safe final class WinogradConvolution {
  let scratchBytes: Int

  private var layer: odn_winograd
  /// For each thread the 16 components.
  private let kernels: [Kernel]
  private let operations: [OpaquePointer?]
  private let threadBytes: Int
  private let bias: [Float]
  private var scratch: UnsafeMutableRawPointer?
  private var working: [UnsafeMutableRawPointer?] = unsafe []
  private var source: UnsafeRawPointer?
  private var destination: UnsafeMutableRawPointer?

  /// True where this way is faster: enough channels on both sides to pay for the transforms.
  static func suits(_ layer: Convolution3D) -> Bool {
    layer.kernel.height == 3 && layer.kernel.width == 3 && layer.stride == Extent(1) && layer.inputs >= leastChannels
      && layer.inputs % 8 == 0 && layer.outputs % 8 == 0 && max(layer.inputs, layer.outputs) <= 4096
  }

  private static let leastChannels = 32
  /// Most that a pass of one thread transforms: a few fit the last-level cache.
  private static let passBytes = 6 << 20

  /// - Parameters:
  ///   - name: the endpoint, for messages.
  ///   - layer: what is computed.
  ///   - source: the frames that are read.
  ///   - front: zeros to read before them.
  ///   - destination: the frames that are made.
  ///   - folded: the layer's weights.
  ///   - packed: where weights of other parts of the layer are.
  ///   - threads: how many compute.
  /// - Throws: `InferenceError` when there is no memory or oneDNN refuses.
  init(
    _ name: String, _ layer: Convolution3D, from source: Tensor, front: Int, to destination: Tensor,
    _ folded: LayerWeights, _ packed: PackedWeights, threads: Int
  ) throws(InferenceError) {
    let extent = destination.shape.extent
    let columns = (extent.width + 1) / 2
    let halo = layer.kernel.frames - 1
    // Neighbouring components would fall on the same cache lines' sets if they lay whole pages apart.
    func spread(_ bytes: Int) -> Int { (bytes + 4095) / 4096 * 4096 + 640 }
    func bytes(frames: Int, rows: Int) -> (transformed: Int, products: Int) {
      (
        spread((frames + halo) * rows * columns * layer.inputs * source.scalar.byteCount),
        spread(frames * rows * columns * layer.outputs * Tensor.Scalar.f32.byteCount)
      )
    }
    let pass = Self.pass(extent, halo: halo, threads: threads) { frames, rows in
      let (transformed, products) = bytes(frames: frames, rows: rows)
      return 16 * (transformed + products) <= Self.passBytes
    }
    let (transformedBytes, productBytes) = bytes(frames: pass.frames, rows: pass.rows)

    // Each thread runs its own passes, so a product has one thread.
    _ = odn_set_threads(1)
    defer { _ = odn_set_threads(Int32(threads)) }
    let transformed = Tensor(
      shape: ActivationShape(channels: layer.inputs, extent: Extent(pass.frames + halo, pass.rows, columns)),
      scalar: source.scalar)
    let products = Tensor(
      shape: ActivationShape(channels: layer.outputs, extent: Extent(pass.frames, pass.rows, columns)), scalar: .f32)
    let window = odn_window(Extent(layer.kernel.frames, 1, 1))
    var kernels: [Kernel] = []
    for _ in 0..<threads {
      for component in 0..<16 {
        let kernel = try Kernel.convolution(name, from: transformed, to: products, window, finish: ODN_AS_IS)
        try packed.give(folded.component(component), to: kernel)
        kernels.append(kernel)
      }
    }
    self.kernels = kernels
    unsafe operations = unsafe kernels.map { unsafe $0.operation }
    bias = try packed.bias(of: folded)
    threadBytes = spread(16 * (transformedBytes + productBytes) + kernels[0].scratchBytes) / 64 * 64
    scratchBytes = threadBytes * threads

    unsafe self.layer = unsafe odn_winograd(
      extent: odn_extent(extent), source_frames: Int64(source.shape.extent.frames), channels_in: Int64(layer.inputs),
      channels_out: Int64(layer.outputs),
      pass_frames: Int64(pass.frames), pass_rows: Int64(pass.rows), kernel_frames: Int64(layer.kernel.frames),
      front_frames: Int64(front), transformed_bytes: Int64(transformedBytes),
      product_bytes: Int64(productBytes), source_type: source.scalar.number,
      destination_type: destination.scalar.number, relu: layer.hasReLU ? 1 : 0, threads: Int32(threads),
      products: nil, working: nil)
  }

  /// The pass that keeps all threads busy with the least transformed twice, among those that `fit`.
  private static func pass(
    _ extent: Extent, halo: Int, threads: Int, fit: (_ frames: Int, _ rows: Int) -> Bool
  ) -> (frames: Int, rows: Int) {
    func divisors(_ number: Int) -> [Int] { (1...number).filter { number.isMultiple(of: $0) } }
    let tileRows = (extent.height + 1) / 2
    var best = (frames: 1, rows: 1)
    var bestCost = Double.infinity
    for frames in divisors(extent.frames) {
      for rows in divisors(tileRows) where fit(frames, rows) {
        let passes = extent.frames / frames * (tileRows / rows)
        let turns = (passes + threads - 1) / threads
        // A frame that is only transformed costs about a tenth of one whose products are computed as well.
        let cost = Double(turns * rows) * (Double(frames) + 0.1 * Double(halo)) + 0.05 * Double(turns)
        if cost < bestCost { (best, bestCost) = ((frames, rows), cost) }
      }
    }
    return best
  }

  /// One kernel's name; all sixteen are alike.
  var implementation: String { "winograd " + kernels[0].implementation }

  /// Says where it reads, writes and works from now on; `scratch` has `scratchBytes`.
  func bind(
    source: UnsafeRawPointer, destination: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) throws(InferenceError) {
    unsafe self.source = unsafe source
    unsafe self.destination = unsafe destination
    guard unsafe scratch != self.scratch else { return }
    unsafe working = []
    for (index, kernel) in kernels.enumerated() {
      let base = unsafe scratch + index / 16 * threadBytes
      let products = unsafe base + 16 * Int(layer.transformed_bytes)
      try unsafe kernel.bind(.source, to: base + index % 16 * Int(layer.transformed_bytes))
      try unsafe kernel.bind(.destination, to: products + index % 16 * Int(layer.product_bytes))
      if kernel.scratchBytes > 0 {
        try unsafe kernel.bind(.scratchpad, to: products + 16 * Int(layer.product_bytes))
      }
      if index % 16 == 0 { unsafe working.append(base) }
    }
    unsafe self.scratch = unsafe scratch
  }

  func run() throws(InferenceError) {
    let reason = unsafe operations.withUnsafeBufferPointer { operations in
      unsafe working.withUnsafeBufferPointer { working in
        unsafe layer.products = operations.baseAddress
        unsafe layer.working = working.baseAddress
        return unsafe odn_winograd_run(&layer, source, bias, destination)
      }
    }
    if let reason = unsafe reason {
      throw .kernel(layer: kernels[0].layer, reason: unsafe String(cString: reason))
    }
  }
}

extension LayerWeights {
  /// The weights of one of the 16 components, without bias, which is added to what they make together.
  fileprivate func component(_ number: Int) -> LayerWeights {
    LayerWeights(name: "\(name) component \(number)") { () throws(InferenceError) in
      var folded = try self.folded()
      var weights = [Float](repeating: 0, count: folded.weights.count / 9)
      unsafe odn_winograd_weights(Int64(weights.count), folded.weights, Int32(number), &weights)
      folded.weights = weights
      folded.bias = folded.bias.map { _ in 0 }
      return folded
    }
  }
}
