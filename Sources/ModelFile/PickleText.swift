import Foundation

/// A text or bytes of a pickle, left in the file.
///
/// Protocol 0 writes them as lines with escapes, later protocols verbatim after their length.
struct PickleText {
  /// Longer texts cannot be names; a name may be requested again and again.
  static let longestName = 1024

  private let opcode: UInt8
  private let raw: Data
  /// Offset of the next opcode.
  let end: Int

  /// - Parameters:
  ///   - bytes: the file.
  ///   - position: the offset of the opcode.
  ///   - longest: the number of bytes within which a line must end.
  init?(_ bytes: Data, at position: Int, longest: Int = .max) {
    guard let opcode = bytes.integer(UInt8.self, at: position) else { return nil }
    self.opcode = opcode
    if opcode == UInt8(ascii: "S") || opcode == UInt8(ascii: "V") {
      let rest = bytes[(bytes.startIndex + position + 1)...].prefix(longest)
      guard let newline = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      raw = rest[..<newline]
      end = newline - bytes.startIndex + 1
      return
    }
    let length: Int?
    let begin: Int
    switch opcode {
    case UInt8(ascii: "U"), UInt8(ascii: "C"), 0x8c:
      (length, begin) = (bytes.integer(UInt8.self, at: position + 1).map(Int.init), position + 2)
    case UInt8(ascii: "X"), UInt8(ascii: "T"), UInt8(ascii: "B"):
      (length, begin) = (bytes.integer(UInt32.self, at: position + 1).map(Int.init), position + 5)
    case 0x8d, 0x8e, 0x96:
      (length, begin) = (bytes.integer(UInt64.self, at: position + 1).flatMap(Int.init(exactly:)), position + 9)
    default: return nil
    }
    guard let length, let part = bytes.part(begin, length) else { return nil }
    raw = part
    end = begin + length
  }

  /// The text, if it can be a name.
  var name: String? {
    guard raw.count <= Self.longestName else { return nil }
    switch opcode {
    case UInt8(ascii: "S"): return unquoted.flatMap { String(validating: $0, as: UTF8.self) }
    case UInt8(ascii: "V"): return latin.flatMap { String(validating: $0, as: UTF8.self) }
    default: return String(validating: raw, as: UTF8.self)
    }
  }

  /// The bytes: Python 3's, or those of a Python 2 text.
  var content: Data? { opcode == UInt8(ascii: "S") ? unquoted : raw }

  /// The bytes for the text's characters in Latin-1; `nil` if it has other characters.
  ///
  /// Up to protocol 2, this is how Python 3 writes bytes.
  var latin: Data? {
    guard opcode != UInt8(ascii: "V") else { return unescaped(raw, hexadecimals: [UInt8(ascii: "u"): 4]) }
    var bytes = Data(capacity: raw.count)
    var iterator = raw.makeIterator()
    while let first = iterator.next() {
      if first < 0x80 {
        bytes.append(first)
      } else {
        guard first & 0xfe == 0xc2, let second = iterator.next(), second & 0xc0 == 0x80 else { return nil }
        bytes.append(first << 6 | second & 0x3f)
      }
    }
    return bytes
  }

  /// Bytes of memory that `content` takes: none if they stay in the file.
  var cost: Int { opcode == UInt8(ascii: "S") ? raw.count : 0 }

  /// The text quoted by Python 2's `repr`.
  private var unquoted: Data? {
    let text = raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw
    guard text.count >= 2, text.first == text.last, text.first == UInt8(ascii: "'") || text.first == UInt8(ascii: "\"")
    else { return nil }
    return unescaped(text.dropFirst().dropLast(), hexadecimals: [UInt8(ascii: "x"): 2])
  }

  private func unescaped(_ text: Data, hexadecimals: [UInt8: Int]) -> Data? {
    guard text.contains(UInt8(ascii: "\\")) else { return text }
    let simple: [UInt8: UInt8] = [
      UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "\\"): 92, UInt8(ascii: "'"): 39,
      UInt8(ascii: "\""): 34,
    ]
    var bytes = Data(capacity: text.count)
    var position = text.startIndex
    while position < text.endIndex {
      let byte = text[position]
      position += 1
      guard byte == UInt8(ascii: "\\"), position < text.endIndex else {
        bytes.append(byte)
        continue
      }
      let kind = text[position]
      if let digits = hexadecimals[kind] {
        let end = position + 1 + digits
        guard end <= text.endIndex,
          let code = UInt8(String(decoding: text[(position + 1)..<end], as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(code)
        position = end
      } else if hexadecimals[UInt8(ascii: "x")] != nil, let plain = simple[kind] {
        bytes.append(plain)
        position += 1
      } else {
        // Raw escapes in protocol 0 only include \u.
        bytes.append(byte)
      }
    }
    return bytes
  }
}
