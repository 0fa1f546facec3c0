/// The fields of a protocol buffers message, for checking what the exporter wrote.
struct ProtobufReader {
  enum Field: Equatable {
    case varint(UInt64)
    case fixed32(UInt32)
    case bytes(ArraySlice<UInt8>)
  }

  private(set) var fields: [(number: Int, value: Field)] = []

  /// `nil` if the bytes are not a message.
  init?(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard let byte = rest.popFirst() else { return nil }
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
      }
      return nil
    }
    while !rest.isEmpty {
      guard let tag = varint() else { return nil }
      switch tag & 7 {
      case 0:
        guard let value = varint() else { return nil }
        fields.append((Int(tag >> 3), .varint(value)))
      case 2:
        guard let count = varint().map({ Int($0) }), count <= rest.count else { return nil }
        fields.append((Int(tag >> 3), .bytes(rest.prefix(count))))
        rest = rest.dropFirst(count)
      case 5:
        guard rest.count >= 4 else { return nil }
        fields.append((Int(tag >> 3), .fixed32(rest.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) })))
        rest = rest.dropFirst(4)
      default: return nil
      }
    }
  }

  func integers(_ number: Int) -> [Int] {
    fields.compactMap { field in
      guard field.number == number, case .varint(let value) = field.value else { return nil }
      return Int(Int64(bitPattern: value))
    }
  }

  func texts(_ number: Int) -> [String] { content(number).map { String(decoding: $0, as: UTF8.self) } }

  func messages(_ number: Int) -> [ProtobufReader] { content(number).compactMap(ProtobufReader.init) }

  func content(_ number: Int) -> [ArraySlice<UInt8>] {
    fields.compactMap { field in
      guard field.number == number, case .bytes(let bytes) = field.value else { return nil }
      return bytes
    }
  }
}
