import Foundation

/// The files in a zip archive as written by `torch.save`: stored, not compressed, possibly zip64.
///
/// Supports only what those archives use; anything else is rejected by name.
struct ZipArchive {
  /// The location of a file's bytes.
  struct Entry: Hashable {
    var range: Range<Int>
  }

  let entries: [String: Entry]
  private let bytes: Data

  /// True if the file starts like a zip archive.
  static func recognizes(_ bytes: Data) -> Bool { bytes.integer(UInt32.self, at: 0) == 0x0403_4b50 }

  init(_ file: MappedFile) throws(ModelFileError) {
    let bytes = file.bytes
    func malformed(_ reason: String) -> ModelFileError { .malformed(path: file.path, reason: "zip archive: \(reason)") }
    let directory = try Self.directory(bytes, malformed)
    // An entry takes at least 46 bytes, so a false count is noticed before anything is allocated for it.
    guard directory.count <= bytes.count / 46 else { throw malformed("it claims \(directory.count) files") }
    var entries: [String: Entry] = [:]
    var position = directory.offset
    for _ in 0..<directory.count {
      guard bytes.integer(UInt32.self, at: position) == 0x0201_4b50,
        let flags = bytes.integer(UInt16.self, at: position + 8),
        let method = bytes.integer(UInt16.self, at: position + 10),
        let compressed = bytes.integer(UInt32.self, at: position + 20),
        let plain = bytes.integer(UInt32.self, at: position + 24),
        let nameLength = bytes.integer(UInt16.self, at: position + 28),
        let extraLength = bytes.integer(UInt16.self, at: position + 30),
        let commentLength = bytes.integer(UInt16.self, at: position + 32),
        let headerOffset = bytes.integer(UInt32.self, at: position + 42),
        let nameBytes = bytes.part(position + 46, Int(nameLength)),
        let extra = bytes.part(position + 46 + Int(nameLength), Int(extraLength))
      else { throw malformed("its directory is truncated or damaged") }
      guard let name = String(validating: nameBytes, as: UTF8.self) else { throw malformed("a name is not UTF-8") }
      guard method == 0 else {
        throw malformed(
          "\(name) is compressed; unpack the archive (unzip), and pack what has a data.pkl again with zip -0 -r")
      }
      guard flags & 1 == 0 else { throw malformed("\(name) is encrypted") }
      let wide = Self.zip64(extra, plain: plain, compressed: compressed, offset: headerOffset)
      guard let wide, wide.plain == wide.compressed else { throw malformed("the sizes of \(name) do not agree") }
      guard bytes.integer(UInt32.self, at: wide.offset) == 0x0403_4b50,
        let localName = bytes.integer(UInt16.self, at: wide.offset + 26),
        let localExtra = bytes.integer(UInt16.self, at: wide.offset + 28),
        bytes.part(wide.offset + 30, Int(localName)) == nameBytes
      else { throw malformed("\(name) has no header, or a different name in it") }
      let begin = wide.offset + 30 + Int(localName) + Int(localExtra)
      guard bytes.part(begin, wide.plain) != nil else { throw malformed("\(name) reaches past the end") }
      guard entries.updateValue(Entry(range: begin..<begin + wide.plain), forKey: name) == nil else {
        throw malformed("\(name) appears twice")
      }
      position += 46 + Int(nameLength) + Int(extraLength) + Int(commentLength)
    }
    self.entries = entries
    self.bytes = bytes
  }

  func bytes(of entry: Entry) -> Data {
    bytes[bytes.startIndex + entry.range.lowerBound..<bytes.startIndex + entry.range.upperBound]
  }

  /// Finds the central directory, searching from the end of the file.
  private static func directory(_ bytes: Data, _ malformed: (String) -> ModelFileError) throws(ModelFileError) -> (
    offset: Int, count: Int
  ) {
    let lowest = max(0, bytes.count - 22 - 65535)
    var end = bytes.count - 22
    while end >= lowest, bytes.integer(UInt32.self, at: end) != 0x0605_4b50 { end -= 1 }
    guard end >= lowest, let count = bytes.integer(UInt16.self, at: end + 10),
      let offset = bytes.integer(UInt32.self, at: end + 16)
    else { throw malformed("it has no directory; the file is truncated") }
    guard count == 0xffff || offset == 0xffff_ffff else { return (Int(offset), Int(count)) }
    guard bytes.integer(UInt32.self, at: end - 20) == 0x0706_4b50,
      let record = bytes.integer(UInt64.self, at: end - 12).flatMap(Int.init(exactly:)),
      bytes.integer(UInt32.self, at: record) == 0x0606_4b50,
      let wideCount = bytes.integer(UInt64.self, at: record + 32).flatMap(Int.init(exactly:)),
      let wideOffset = bytes.integer(UInt64.self, at: record + 48).flatMap(Int.init(exactly:))
    else { throw malformed("its zip64 directory is damaged") }
    return (wideOffset, wideCount)
  }

  /// Sizes and offset, from the zip64 extra field if the short ones are all ones.
  private static func zip64(_ extra: Data, plain: UInt32, compressed: UInt32, offset: UInt32) -> (
    plain: Int, compressed: Int, offset: Int
  )? {
    var field: Data?
    var position = 0
    while let id = extra.integer(UInt16.self, at: position), let size = extra.integer(UInt16.self, at: position + 2) {
      if id == 1 { field = extra.part(position + 4, Int(size)) }
      position += 4 + Int(size)
    }
    var next = 0
    func wide(_ short: UInt32) -> Int? {
      guard short == 0xffff_ffff else { return Int(short) }
      defer { next += 8 }
      return field?.integer(UInt64.self, at: next).flatMap(Int.init(exactly:))
    }
    guard let plain = wide(plain), let compressed = wide(compressed), let offset = wide(offset),
      offset <= Int.max / 2
    else { return nil }
    return (plain, compressed, offset)
  }
}
