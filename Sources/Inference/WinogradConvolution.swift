import COneDNN
import Networks

/// A 3x3 layer (over height and width, any kernel in time) by Winograd's F(2x2, 3x3): 2.25 times fewer products.
///
/// Each 2x2 block of outputs is computed from a 4x4 block of inputs through 16 transformed components. Each component
/// is a convolution in time only, which oneDNN computes at its usual rate; the transforms in between only add. A pass
/// covers a few frames and rows of blocks, so that transformed data stays in the cache of one thread.
///
/// - Source: Lavin & Gray, Fast Algorithms for Convolutional Neural Networks (2016).
@safe final class WinogradConvolution {
  let scratchBytes: Int

  private var layer: odn_winograd
  /// The 16 components for each thread.
  private let kernels: [Kernel]
  private let operations: [OpaquePointer?]
  private let threadBytes: Int
  private let bias: [Float]
  private var scratch: UnsafeMutableRawPointer?
  private var working: [UnsafeMutableRawPointer?] = unsafe []
  private var source: UnsafeRawPointer?
  private var destination: UnsafeMutableRawPointer?

  /// True if this is faster: enough channels on both sides to pay for the transforms.
  static func suits(_ layer: Convolution3D) -> Bool {
    layer.kernel.height == 3 && layer.kernel.width == 3 && layer.stride == Extent(1) && layer.inputs >= leastChannels
      && layer.inputs % 8 == 0 && layer.outputs % 8 == 0 && max(layer.inputs, layer.outputs) <= 4096
  }

  private static let leastChannels = 32
  /// Most bytes that a pass of one thread transforms: a few passes fit the last-level cache.
  private static let passBytes = 6 << 20

  /// - Parameters:
  ///   - name: the endpoint, for messages.
  ///   - layer: the layer to compute.
  ///   - source: the frames to read.
  ///   - front: number of zero frames before them.
  ///   - destination: the frames to write.
  ///   - folded: the layer's weights.
  ///   - packed: packed weights, including those of the layer's other parts.
  ///   - threads: the number of threads that compute.
  /// - Throws: `InferenceError` if memory runs out or oneDNN refuses.
  init(
    _ name: String, _ layer: Convolution3D, from source: Tensor, front: Int, to destination: Tensor,
    _ folded: LayerWeights, _ packed: PackedWeights, threads: Int
  ) throws(InferenceError) {
    let extent = destination.shape.extent
    let columns = (extent.width + 1) / 2
    let halo = layer.kernel.frames - 1
    // If components were whole pages apart, neighbouring ones would compete for the same cache sets.
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

    // Each thread runs its own passes, so a product uses one thread.
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

  /// Among the passes that `fit`, the one that keeps all threads busy and transforms the least twice.
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
        // A frame that is only transformed costs about a tenth of one whose products are also computed.
        let cost = Double(turns * rows) * (Double(frames) + 0.1 * Double(halo)) + 0.05 * Double(turns)
        if cost < bestCost { (best, bestCost) = ((frames, rows), cost) }
      }
    }
    return best
  }

  /// The kernel's name; all sixteen are the same.
  var implementation: String { "winograd " + kernels[0].implementation }

  /// Sets where it reads, writes and works; `scratch` has `scratchBytes`.
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
  /// The weights of one of the 16 components, without bias, which is added to their combined result.
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
