/// A part of a JSON text, for texts whose inner parts are passed on without parsing.
///
/// It only finds where values start and end: a million bytes take a few milliseconds, a parser half a second. Invalid
/// JSON gives fewer parts, never a crash.
struct JSONSlice {
  let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// An object's values by key; keys must not contain escapes; empty if it is not an object.
  var members: [String: JSONSlice] {
    guard bytes.first == UInt8(ascii: "{") else { return [:] }
    let parts = parts
    let pairs = stride(from: 0, to: parts.count - 1, by: 2).map {
      (String(parts[$0].text.dropFirst().dropLast()), parts[$0 + 1])
    }
    return Dictionary(pairs, uniquingKeysWith: { $1 })
  }

  /// An array's values; empty if it is not an array.
  var elements: [JSONSlice] { bytes.first == UInt8(ascii: "[") ? parts : [] }

  /// The parts between this value's brackets, without colons and commas.
  private var parts: [JSONSlice] {
    var parts: [JSONSlice] = []
    var begin: Int?
    var depth = 0
    var isString = false
    var isEscaped = false
    func end(_ index: Int) {
      if let first = begin { parts.append(JSONSlice(bytes[first..<index])) }
      begin = nil
    }
    for index in bytes.indices.dropFirst().dropLast() {
      let byte = bytes[index]
      if isString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): if depth == 0 { end(index) }
      case UInt8(ascii: ","), UInt8(ascii: ":"): if depth == 0 { end(index) }
      default:
        if begin == nil { begin = index }
        if byte == UInt8(ascii: "\"") { isString = true }
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { depth += 1 }
        if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { depth -= 1 }
      }
    }
    end(bytes.endIndex - (bytes.isEmpty ? 0 : 1))
    return parts
  }
}
