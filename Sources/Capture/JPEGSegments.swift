internal import Video

/// Where the JPEG lies in the bytes a camera delivered; `nil` if there is none.
///
/// Some cameras put a few bytes in front of it. Bytes after it do not matter: decoders stop at the end marker, or at
/// the last byte if there is none.
func jpegBytes(_ bytes: borrowing Span<UInt8>) -> Range<Int>? {
  let furthest = 64
  for start in 0..<max(0, min(furthest, bytes.count - 3))
  where bytes[start] == 0xFF && bytes[start + 1] == 0xD8 && bytes[start + 2] == 0xFF {
    return start..<bytes.count
  }
  return nil
}

/// True if the data ends with an end marker, apart from the zeros some cameras pad with.
func hasEndMarker(_ bytes: borrowing Span<UInt8>) -> Bool {
  var end = bytes.count
  while end > 2, bytes[end - 1] == 0 { end -= 1 }
  return end >= 2 && bytes[end - 2] == 0xFF && bytes[end - 1] == 0xD9
}

/// The orientation in a JPEG's EXIF data; `nil` if it is not a JPEG.
///
/// - Source: CIPA DC-008 (EXIF 2.3), 4.5.4 and 4.6.4.
func jpegOrientation(_ bytes: borrowing Span<UInt8>) -> Orientation? {
  guard let jpeg = jpegBytes(bytes) else { return nil }
  var at = jpeg.lowerBound + 2
  // Segments before the image data: marker, length, content.
  while at + 4 <= bytes.count, bytes[at] == 0xFF, bytes[at + 1] != 0xDA {
    let end = at + 2 + Int(bytes[at + 2]) << 8 + Int(bytes[at + 3])
    guard end > at + 3, end <= bytes.count else { return .upright }
    if bytes[at + 1] == 0xE1, let found = orientation(exif: bytes.extracting(at + 4..<end)) { return found }
    at = end
  }
  return .upright
}

/// The orientation in the first directory of an EXIF segment.
private func orientation(exif bytes: borrowing Span<UInt8>) -> Orientation? {
  let (name, order) = ([UInt8]("Exif\0\0".utf8), 6)
  guard bytes.count >= order + 8, name.indices.allSatisfy({ bytes[$0] == name[$0] }) else { return nil }
  let isLittle = bytes[order] == UInt8(ascii: "I")
  func number(_ at: Int, _ count: Int) -> Int? {
    guard at >= 0, at + count <= bytes.count else { return nil }
    return (0..<count).reduce(0) { $0 << 8 | Int(bytes[at + (isLittle ? count - 1 - $1 : $1)]) }
  }
  guard let directory = number(order + 4, 4), let entries = number(order + directory, 2) else { return nil }
  for index in 0..<entries {
    let entry = order + directory + 2 + 12 * index
    guard let tag = number(entry, 2) else { return nil }
    if tag == 0x0112 { return number(entry + 8, 2).flatMap { Orientation(exif: $0) } }
  }
  return nil
}
