import CTorch

/// A libtorch tensor.
///
/// A reference type: two values may share memory, as libtorch's views do. Memory is freed as soon as the last reference
/// goes. Operations throw `TensorError` with libtorch's message. Use a tensor on one thread at a time.
@safe package final class Tensor {
  let handle: OpaquePointer

  /// Takes ownership of the handle returned by a call, or throws the reason why there is none.
  init(_ operation: String, _ handle: OpaquePointer?) throws(TensorError) {
    guard let handle = unsafe handle else { throw .last(in: operation) }
    unsafe self.handle = handle
  }

  deinit { unsafe ctorch_release(handle) }

  package var shape: [Int] {
    unsafe (0..<ctorch_rank(handle)).map { unsafe Int(ctorch_size(handle, $0)) }
  }

  package var count: Int { shape.reduce(1, *) }

  package var scalarType: ScalarType {
    guard let type = ScalarType(rawValue: unsafe ctorch_type_of(handle)) else {
      preconditionFailure("a tensor of a type that is never asked for")
    }
    return type
  }

  package var device: Device {
    let ordinal = unsafe ctorch_device_of(handle)
    return ordinal < 0 ? .cpu : .cuda(Int(ordinal))
  }
}

// MARK: Values in and out

extension Tensor {
  /// Copies values, row-major.
  package static func of(_ values: [Float], _ shape: [Int], on device: Device = .cpu) throws(TensorError) -> Tensor {
    try unsafe copy(values.span.bytes, .float32, shape, device)
  }

  package static func of(_ values: [Double], _ shape: [Int], on device: Device = .cpu) throws(TensorError) -> Tensor {
    try unsafe copy(values.span.bytes, .float64, shape, device)
  }

  package static func of(_ values: [Int64], _ shape: [Int], on device: Device = .cpu) throws(TensorError) -> Tensor {
    try unsafe copy(values.span.bytes, .int64, shape, device)
  }

  package static func of(_ values: [UInt8], _ shape: [Int], on device: Device = .cpu) throws(TensorError) -> Tensor {
    try unsafe copy(values.span.bytes, .uint8, shape, device)
  }

  /// Converts pixels 0...255 to floats -1...1.
  package static func pixels(_ values: [UInt8], _ shape: [Int], on device: Device = .cpu) throws(TensorError) -> Tensor
  {
    precondition(shape.reduce(1, *) == values.count, "the pixels do not fill \(shape)")
    let handle = unsafe ctorch_from_pixels(values, dimensions(shape), CInt(shape.count), device.ordinal)
    return try unsafe Tensor("from_pixels", handle)
  }

  private static func copy(_ bytes: RawSpan, _ type: ScalarType, _ shape: [Int], _ device: Device)
    throws(TensorError) -> Tensor
  {
    precondition(shape.reduce(type.size, *) == bytes.byteCount, "the values do not fill \(shape)")
    let handle = unsafe bytes.withUnsafeBytes { buffer in
      // libtorch requires an address even for no bytes.
      unsafe ctorch_from_bytes(buffer.baseAddress, type.rawValue, dimensions(shape), CInt(shape.count), device.ordinal)
    }
    return try unsafe Tensor("from_values", handle)
  }

  /// A tensor whose values are all `value`.
  package static func full(
    _ value: Double, _ shape: [Int], _ type: ScalarType = .float32, on device: Device = .cpu
  ) throws(TensorError) -> Tensor {
    try unsafe Tensor(
      "full", ctorch_full(value, type.rawValue, dimensions(shape), CInt(shape.count), device.ordinal))
  }

  /// A tensor of zeros.
  package static func zeros(_ shape: [Int], _ type: ScalarType = .float32, on device: Device = .cpu)
    throws(TensorError) -> Tensor
  { try full(0, shape, type, on: device) }

  /// All values, row-major, converted to float32.
  package func floats() throws(TensorError) -> [Float] { try read(.float32, Float(0)) }

  /// All values, row-major, converted to float64.
  package func doubles() throws(TensorError) -> [Double] { try read(.float64, Double(0)) }

  /// All values, row-major, converted to int64.
  package func integers() throws(TensorError) -> [Int64] { try read(.int64, Int64(0)) }

  /// The value of a tensor with a single element.
  package func item() throws(TensorError) -> Double {
    let values = try doubles()
    precondition(values.count == 1, "only a tensor of one value has an item")
    return values[0]
  }

  private func read<Value: BitwiseCopyable>(_ type: ScalarType, _ zero: Value) throws(TensorError) -> [Value] {
    var values = [Value](repeating: zero, count: count)
    let bytes = count * type.size
    let code = unsafe values.withUnsafeMutableBytes { unsafe ctorch_read(handle, type.rawValue, $0.baseAddress, bytes) }
    try check("read", code)
    return values
  }
}

/// A shape or list of axes in libtorch's format.
func dimensions(_ values: [Int]) -> [Int64] { values.map(Int64.init) }

/// Calls `body` with the C handles of `tensors`, which are kept alive meanwhile.
func withHandles<Result>(_ tensors: [Tensor], _ body: (UnsafePointer<OpaquePointer?>?, CInt) -> Result) -> Result {
  let handles = unsafe tensors.map { unsafe Optional($0.handle) }
  return withExtendedLifetime(tensors) {
    unsafe handles.withUnsafeBufferPointer { unsafe body($0.baseAddress, CInt($0.count)) }
  }
}
