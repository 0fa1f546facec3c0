/// A protocol buffers message under construction.
///
/// ONNX export writes a dozen message types with some forty fields, TensorBoard's event files four; generated code for
/// the whole schemas plus its runtime library would be thousands of lines for these few dozen.
///
/// - Source: protobuf.dev/programming-guides/encoding.
package struct ProtobufMessage {
  package private(set) var bytes: [UInt8] = []

  private enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
  }

  package init() {}

  package mutating func add(_ field: Int, _ value: Int) {
    tag(field, .varint)
    varint(UInt64(bitPattern: Int64(value)))
  }

  package mutating func add(_ field: Int, _ value: Double) {
    tag(field, .fixed64)
    fixed(value.bitPattern)
  }

  package mutating func add(_ field: Int, _ value: Float) {
    tag(field, .fixed32)
    fixed(value.bitPattern)
  }

  package mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

  package mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, message.bytes) }

  private mutating func add(_ field: Int, _ content: [UInt8]) {
    begin(field, length: content.count)
    bytes += content
  }

  /// Starts a field of `length` bytes, which the caller writes after this message.
  mutating func begin(_ field: Int, length: Int) {
    tag(field, .lengthDelimited)
    varint(UInt64(length))
  }

  private mutating func tag(_ field: Int, _ type: WireType) { varint(UInt64(field) << 3 | type.rawValue) }

  private mutating func fixed(_ pattern: some FixedWidthInteger) {
    for byte in 0..<pattern.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: pattern >> (8 * byte))) }
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
