import COneDNN
import Networks

/// One oneDNN operation with the weights it owns.
///
/// Running allocates nothing; `bind` fixes where it reads and writes.
@safe final class Kernel {
  let layer: String
  /// For the shim's functions that run several; valid while this object exists.
  let operation: OpaquePointer
  private var constants: [AlignedMemory] = []
  /// Keeps another kernel's weights alive.
  private var shared: Kernel?

  /// - Parameters:
  ///   - layer: the endpoint it belongs to, for messages.
  ///   - create: calls the shim to create the operation.
  /// - Throws: `InferenceError.slowKernel` if oneDNN would use its reference code.
  private init(
    _ layer: String, creating create: (UnsafeMutablePointer<OpaquePointer?>) -> UnsafePointer<CChar>?
  ) throws(InferenceError) {
    var made: OpaquePointer?
    if let reason = unsafe create(&made) {
      throw .kernel(layer: layer, reason: unsafe String(cString: reason))
    }
    guard let operation = unsafe made else { throw .kernel(layer: layer, reason: "oneDNN made nothing") }
    let implementation = unsafe String(cString: odn_implementation(operation))
    guard !implementation.hasPrefix("ref") else {
      unsafe odn_destroy(operation)
      throw .slowKernel(layer: layer, implementation: implementation)
    }
    self.layer = layer
    unsafe self.operation = unsafe operation
  }

  deinit { unsafe odn_destroy(operation) }

  /// oneDNN's name for the kernel, for example `brgconv:avx512_core_bf16`.
  var implementation: String { unsafe String(cString: odn_implementation(operation)) }

  /// Working memory needed while running.
  var scratchBytes: Int { unsafe odn_bytes(operation, Slot.scratchpad.number) }

  /// Bytes of weights it owns.
  var constantBytes: Int { constants.reduce(0) { $0 + $1.byteCount } }

  /// Binds a slot of the operation to `memory`.
  func bind(_ slot: Slot, to memory: UnsafeMutableRawPointer) throws(InferenceError) {
    try unsafe check(unsafe odn_bind(operation, slot.number, memory))
  }

  /// Converts weights to the kernel's layout and keeps them.
  ///
  /// - Parameters:
  ///   - weights: in the order out, in, time, height, width.
  ///   - scales: a factor for each output channel's weights.
  ///   - bias: one per output channel, added before the convolution's `scales`.
  /// - Throws: `InferenceError` if memory runs out or oneDNN refuses.
  func load(weights: [Float], scales: [Float], bias: [Float]) throws(InferenceError) {
    let packed = try AlignedMemory(byteCount: unsafe odn_bytes(operation, Slot.weights.number))
    try unsafe check(unsafe odn_pack_weights(operation, weights, scales, packed.base))
    try unsafe bind(.weights, to: packed.base)
    let offsets = try AlignedMemory(byteCount: unsafe odn_bytes(operation, Slot.bias.number))
    unsafe odn_pack_bias(operation, bias, offsets.base.bindMemory(to: Float.self, capacity: bias.count))
    try unsafe bind(.bias, to: offsets.base)
    constants = [packed, offsets]
  }

  /// Keeps a bias for a matrix product.
  func load(bias: [Float]) throws(InferenceError) {
    let offsets = try AlignedMemory(byteCount: bias.count * MemoryLayout<Float>.stride)
    unsafe offsets.base.initializeMemory(as: Float.self, from: bias, count: bias.count)
    try unsafe bind(.bias, to: offsets.base)
    constants = [offsets]
  }

  /// True if both kernels use the same layout for weights.
  func readsWeights(like other: Kernel) -> Bool {
    unsafe odn_same_layout(operation, other.operation, Slot.weights.number) != 0
  }

  /// Uses the weights of `other`, which has the same layout.
  func share(_ other: Kernel) throws(InferenceError) {
    try unsafe bind(.weights, to: other.constants[0].base)
    try unsafe bind(.bias, to: other.constants[1].base)
    shared = other
  }

  func run() throws(InferenceError) { try unsafe check(unsafe odn_run(operation)) }

  private func check(_ reason: UnsafePointer<CChar>?) throws(InferenceError) {
    if let reason = unsafe reason { throw .kernel(layer: layer, reason: unsafe String(cString: reason)) }
  }

  /// The memory slots of an operation.
  enum Slot {
    case source, weights, bias, destination, scratchpad

    fileprivate var number: Int32 {
      let slot =
        switch self {
        case .source: ODN_SOURCE
        case .weights: ODN_WEIGHTS
        case .bias: ODN_BIAS
        case .destination: ODN_DESTINATION
        case .scratchpad: ODN_SCRATCHPAD
        }
      return Int32(slot)
    }
  }
}

extension Kernel {
  /// A convolution; supply its weights with `load`.
  ///
  /// `scales` has a factor for each output channel's sums.
  static func convolution(
    _ layer: String, from source: Tensor, to destination: Tensor, _ window: odn_window, finish: odn_finish,
    scales: [Float]? = nil
  ) throws(InferenceError) -> Kernel {
    var (from, to, window) = (source.description, destination.description, window)
    return try unsafe Kernel(layer) { unsafe odn_convolution(&from, &to, &window, finish, scales, $0) }
  }

  /// The maximum over a window; padding is ignored, which after a ReLU equals zero padding.
  static func maxPool(
    _ layer: String, from source: Tensor, to destination: Tensor, _ window: odn_window
  ) throws(InferenceError) -> Kernel {
    var (from, to, window) = (source.description, destination.description, window)
    return try unsafe Kernel(layer) { unsafe odn_max_pool(&from, &to, &window, $0) }
  }

  /// The mean over a window without padding.
  static func averagePool(
    _ layer: String, from source: Tensor, to destination: Tensor, window: Extent
  ) throws(InferenceError) -> Kernel {
    var (from, to, window) = (source.description, destination.description, odn_window(window))
    return try unsafe Kernel(layer) { unsafe odn_average_pool(&from, &to, &window, $0) }
  }

  /// [rows, inner] times [inner, columns] in float32; `transposed` means that the right side is stored as [columns,
  /// inner].
  ///
  /// With `hasBias` each column's bias is added, with `adds` the destination's previous values.
  static func product(
    _ layer: String, rows: Int, inner: Int, columns: Int, transposed: Bool, hasBias: Bool = false, adds: Bool = false
  ) throws(InferenceError) -> Kernel {
    var product = odn_product(
      rows: Int64(rows), inner: Int64(inner), columns: Int64(columns), transposed: transposed ? 1 : 0,
      has_bias: hasBias ? 1 : 0, adds: adds ? 1 : 0)
    return try unsafe Kernel(layer) { unsafe odn_matrix_product(&product, $0) }
  }

  /// Softmax of every row of a float32 matrix.
  static func softmax(_ layer: String, rows: Int, columns: Int) throws(InferenceError) -> Kernel {
    try unsafe Kernel(layer) { unsafe odn_softmax(Int64(rows), Int64(columns), $0) }
  }
}
