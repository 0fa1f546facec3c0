/// A message of protocol buffers under construction.
///
/// ONNX export writes a dozen message types with some forty fields; generated code for the whole ONNX schema and its
/// run-time library would be thousands of lines for these few dozen.
///
/// - Source: protobuf.dev/programming-guides/encoding.
struct ProtobufMessage {
  private(set) var bytes: [UInt8] = []

  private enum WireType: UInt64 {
    case varint = 0
    case lengthDelimited = 2
  }

  mutating func add(_ field: Int, _ value: Int) {
    tag(field, .varint)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

  mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, message.bytes) }

  private mutating func add(_ field: Int, _ content: [UInt8]) {
    begin(field, length: content.count)
    bytes += content
  }

  /// Begins a field of `length` bytes that the caller writes behind this message.
  mutating func begin(_ field: Int, length: Int) {
    tag(field, .lengthDelimited)
    varint(UInt64(length))
  }

  private mutating func tag(_ field: Int, _ type: WireType) { varint(UInt64(field) << 3 | type.rawValue) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
