import Foundation

/// The JSON header of a safetensors file.
///
/// A custom parser, because a general one keeps the last of two equal keys and accepts `1.0` or `true` as an integer;
/// the format forbids files that two programs could read differently. The grammar has only two levels, so nothing is
/// nested.
///
/// - Source: github.com/huggingface/safetensors, format section.
struct SafetensorsHeader {
  /// A tensor as declared by the header, before any number is checked.
  struct Tensor {
    var type: String
    var shape: [Int]
    var offsets: [Int]
  }

  /// Why a header is rejected.
  struct Refusal: Error {
    var reason: String
  }

  /// A student has 301 tensors of at most five axes; a header with far more would take more memory than its file.
  private static let mostMembers = 10_000
  private static let mostAxes = 16

  private(set) var metadata: [String: String] = [:]
  private(set) var tensors: [String: Tensor] = [:]
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: Data) throws(Refusal) {
    bytes = Array(text)
    var hasMetadata = false
    try object { (header, name) throws(Refusal) in
      if name == "__metadata__" {
        guard !hasMetadata else { throw Refusal(reason: "__metadata__ appears twice") }
        hasMetadata = true
        try header.readMetadata()
      } else {
        let tensor = try header.tensor(name)
        guard header.tensors.updateValue(tensor, forKey: name) == nil else {
          throw Refusal(reason: "\(name) appears twice")
        }
      }
    }
    skipSpaces()
    guard position == bytes.count else { throw refusal("something follows its end") }
  }

  private mutating func readMetadata() throws(Refusal) {
    try object { (header, key) throws(Refusal) in
      guard header.next() == UInt8(ascii: "\"") else {
        throw Refusal(reason: "the metadata entry \(key) is not a text")
      }
      guard header.metadata.updateValue(try header.string(), forKey: key) == nil else {
        throw Refusal(reason: "the metadata entry \(key) appears twice")
      }
    }
  }

  private mutating func tensor(_ name: String) throws(Refusal) -> Tensor {
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try object { (header, key) throws(Refusal) in
      switch key {
      case "dtype" where type == nil: type = try header.string()
      case "shape" where shape == nil: shape = try header.integers()
      case "data_offsets" where offsets == nil: offsets = try header.integers()
      default: throw Refusal(reason: "\(name) has the entry \(key), which is unknown or appears twice")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw Refusal(reason: "the entry of \(name) lacks dtype, shape or data_offsets")
    }
    return Tensor(type: type, shape: shape, offsets: offsets)
  }

  // MARK: JSON

  private mutating func object(_ member: (inout Self, String) throws(Refusal) -> Void) throws(Refusal) {
    try take("{")
    guard next() != UInt8(ascii: "}") else { return position += 1 }
    for _ in 0..<Self.mostMembers {
      let key = try string()
      try take(":")
      try member(&self, key)
      guard next() == UInt8(ascii: ",") else { return try take("}") }
      position += 1
    }
    throw refusal("there are more than \(Self.mostMembers) entries")
  }

  private mutating func integers() throws(Refusal) -> [Int] {
    try take("[")
    var values: [Int] = []
    guard next() != UInt8(ascii: "]") else {
      position += 1
      return values
    }
    for _ in 0..<Self.mostAxes {
      values.append(try integer())
      guard next() == UInt8(ascii: ",") else {
        try take("]")
        return values
      }
      position += 1
    }
    throw refusal("a shape has more than \(Self.mostAxes) axes")
  }

  private mutating func integer() throws(Refusal) -> Int {
    skipSpaces()
    let begin = position
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { position += 1 }
    guard let value = Int(String(decoding: bytes[begin..<position].prefix(20), as: UTF8.self)), position - begin < 20
    else {
      throw refusal("a whole number from 0 to \(Int.max) is expected")
    }
    return value
  }

  private mutating func string() throws(Refusal) -> String {
    try take("\"")
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else { throw refusal("a string is not UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(into: &content)
      case ..<0x20: throw refusal("a string has a control character")
      default: content.append(byte)
      }
    }
    throw refusal("a string does not end")
  }

  private mutating func escape(into content: inout [UInt8]) throws(Refusal) {
    guard position < bytes.count else { throw refusal("a string does not end") }
    let letter = bytes[position]
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(letter)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0c)
    case UInt8(ascii: "n"): content.append(0x0a)
    case UInt8(ascii: "r"): content.append(0x0d)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      var units = [try unit()]
      if (0xd800...0xdbff).contains(units[0]), bytes.dropFirst(position).starts(with: "\\u".utf8) {
        position += 2
        units.append(try unit())
      }
      guard let text = String(validating: units, as: UTF16.self) else { throw refusal("a text is not Unicode") }
      content += Array(text.utf8)
    default: throw refusal("a text has an unknown escape")
    }
  }

  /// Parses four hexadecimal digits.
  private mutating func unit() throws(Refusal) -> UInt16 {
    let digits = bytes.dropFirst(position).prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
      let value = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw refusal("a text has an unknown escape") }
    position += 4
    return value
  }

  /// The next byte that is not a space, without consuming it.
  private mutating func next() -> UInt8? {
    skipSpaces()
    return position < bytes.count ? bytes[position] : nil
  }

  private mutating func take(_ character: Unicode.Scalar) throws(Refusal) {
    guard next() == UInt8(ascii: character) else { throw refusal("'\(character)' is expected") }
    position += 1
  }

  private mutating func skipSpaces() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
  }

  private func refusal(_ reason: String) -> Refusal { Refusal(reason: "at byte \(position + 8): \(reason)") }
}
