/// A part of a JSON text as it is written, for texts whose inner parts are handed on unread.
///
/// Finds where values begin and end and nothing else: a million bytes take some milliseconds where a parser takes half a
/// second. What is no JSON gives fewer parts, never a crash.
struct JSONSlice {
  let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The values of an object by their keys, which must have no escapes; empty for what is no object.
  var members: [String: JSONSlice] {
    guard bytes.first == UInt8(ascii: "{") else { return [:] }
    let parts = parts
    let pairs = stride(from: 0, to: parts.count - 1, by: 2).map {
      (String(parts[$0].text.dropFirst().dropLast()), parts[$0 + 1])
    }
    return Dictionary(pairs, uniquingKeysWith: { $1 })
  }

  /// The values of an array; empty for what is none.
  var elements: [JSONSlice] { bytes.first == UInt8(ascii: "[") ? parts : [] }

  /// What stands between this value's brackets, without the colons and commas.
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
