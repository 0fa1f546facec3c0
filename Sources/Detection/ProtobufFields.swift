/// Why a message cannot be read.
struct ProtobufDamage: Error, Equatable {
  var reason: String

  init(_ reason: String) { self.reason = reason }
}

/// The fields of one protocol buffers message, read in order and never beyond its end.
///
/// Refers to a range of the file's bytes, so that weights are not copied.
struct ProtobufFields {
  /// A field's value, by wire type; bytes are a range of the file.
  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(Range<Int>)
  }

  private let file: [UInt8]
  private var position: Int
  private let end: Int

  /// The fields of the message in `range` of `file`.
  init(_ file: [UInt8], _ range: Range<Int>) {
    self.file = file
    (position, end) = (range.lowerBound, range.upperBound)
  }

  var isAtEnd: Bool { position == end }

  /// The next field; `nil` at the end of the message.
  mutating func next() throws(ProtobufDamage) -> (number: Int, value: Value)? {
    guard position < end else { return nil }
    let tag = try varint()
    guard (1...536_870_911).contains(tag >> 3) else { throw ProtobufDamage("a field has number \(tag >> 3)") }
    let number = Int(tag >> 3)
    switch tag & 7 {
    case 0: return (number, .varint(try varint()))
    case 1: return (number, .fixed64(try fixed(8)))
    case 2:
      let count = try varint()
      guard count <= UInt64(end - position) else { throw ProtobufDamage("it ends in the middle of a field") }
      let start = position
      position += Int(count)
      return (number, .bytes(start..<position))
    case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw ProtobufDamage("a field has wire type \(tag & 7)")
    }
  }

  mutating func varint() throws(ProtobufDamage) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard position < end else { throw ProtobufDamage("it ends in the middle of a number") }
      let byte = file[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw ProtobufDamage("a number is longer than ten bytes")
  }

  mutating func fixed(_ size: Int) throws(ProtobufDamage) -> UInt64 {
    guard end - position >= size else { throw ProtobufDamage("it ends in the middle of a number") }
    defer { position += size }
    return file[position..<position + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension ProtobufFields.Value {
  func range(_ what: String) throws(ProtobufDamage) -> Range<Int> {
    guard case .bytes(let range) = self else { throw ProtobufDamage("\(what) is not a message or text") }
    return range
  }

  func integer(_ what: String) throws(ProtobufDamage) -> Int {
    guard case .varint(let value) = self else { throw ProtobufDamage("\(what) is not a whole number") }
    return Int(Int64(bitPattern: value))
  }

  /// A short text, such as a name.
  func text(_ what: String, in file: [UInt8]) throws(ProtobufDamage) -> String {
    let range = try range(what)
    guard range.count <= 500, let text = String(validating: file[range], as: UTF8.self), !text.contains("\0") else {
      throw ProtobufDamage("\(what) is not text")
    }
    return text
  }

  /// A repeated whole number, packed or one per field.
  func append(_ what: String, in file: [UInt8], to numbers: inout [Int], limit: Int) throws(ProtobufDamage) {
    switch self {
    case .varint(let value): numbers.append(Int(Int64(bitPattern: value)))
    case .bytes(let range):
      var fields = ProtobufFields(file, range)
      while !fields.isAtEnd, numbers.count <= limit { numbers.append(Int(Int64(bitPattern: try fields.varint()))) }
    default: throw ProtobufDamage("\(what) does not contain whole numbers")
    }
    guard numbers.count <= limit else { throw ProtobufDamage("\(what) contains more than \(limit) numbers") }
  }

  /// A repeated float, packed or one per field.
  func append(_ what: String, in file: [UInt8], to numbers: inout [Float], limit: Int) throws(ProtobufDamage) {
    switch self {
    case .fixed32(let bits): numbers.append(Float(bitPattern: bits))
    case .bytes(let range):
      var fields = ProtobufFields(file, range)
      while !fields.isAtEnd, numbers.count <= limit {
        numbers.append(Float(bitPattern: UInt32(truncatingIfNeeded: try fields.fixed(4))))
      }
    default: throw ProtobufDamage("\(what) does not contain floats")
    }
    guard numbers.count <= limit else { throw ProtobufDamage("\(what) contains more than \(limit) numbers") }
  }
}
