package import Foundation

/// How a tensor's values are stored; always little-endian.
package enum ElementType: String, Hashable, Sendable, CaseIterable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes per value.
  package var size: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16: 2
    case .uint8, .bool: 1
    }
  }

  /// Converts `bytes` to float32.
  ///
  /// - Precondition: the count is a multiple of `size`.
  package func floats(_ bytes: Data) -> [Float] {
    precondition(bytes.count % size == 0)
    let count = bytes.count / size
    return unsafe bytes.withUnsafeBytes { buffer in
      func converted<Stored>(_ convert: (Stored) -> Float) -> [Float] {
        unsafe [Float](unsafeUninitializedCapacity: count) { target, written in
          for index in 0..<count {
            unsafe target[index] = convert(
              buffer.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self))
          }
          written = count
        }
      }
      return switch self {
      case .float64: converted { (value: Double) in Float(value) }
      case .float32: converted { (value: Float) in value }
      case .float16: converted { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
      case .bfloat16: converted { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
      case .int64: converted { (value: Int64) in Float(value) }
      case .int32: converted { (value: Int32) in Float(value) }
      case .uint8, .bool: converted { (value: UInt8) in Float(value) }
      }
    }
  }

  /// Converts `values` to this type, rounding to nearest, ties to even.
  ///
  /// - Precondition: it is a floating-point type.
  package func bytes(_ values: [Float]) -> Data {
    switch self {
    case .float32: Self.stored(values)
    case .float16: Self.stored(values.map { Float16($0).bitPattern })
    case .bfloat16: Self.stored(values.map(Self.bfloat16))
    case .float64: Self.stored(values.map { Double($0) })
    case .int64, .int32, .uint8, .bool: preconditionFailure("weights are not stored as \(rawValue)")
    }
  }

  private static func bfloat16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    // Rounding up a NaN's payload could turn it into infinity.
    if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
  }

  private static func stored<Value: BitwiseCopyable>(_ values: [Value]) -> Data {
    unsafe values.withUnsafeBytes { unsafe Data($0) }
  }
}
