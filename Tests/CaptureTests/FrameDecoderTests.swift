import Basics
import Foundation
import Testing
import Video

@testable import Capture

@Suite struct `Decoding JPEG` {
  let size = FrameSize(width: 64, height: 48)

  /// A grey ramp from left to right, as a camera would send it.
  private func jpeg() throws -> Frame {
    let pixels = (0..<64 * 48).flatMap { [UInt8](repeating: UInt8($0 % 64 * 4), count: 3) }
    var frame = Frame()
    try JPEGEncoder().encode(pixels, size, into: &frame)
    (frame.timestamp, frame.sequence) = (.seconds(3), 17)
    return frame
  }

  @Test func `a picture comes out as planes of full range with its time and number`() throws {
    var decoder = try FrameDecoder()
    var picture = Frame()
    try decoder.decode(try jpeg(), into: &picture)
    #expect(picture.format == .i422 && picture.size == size)
    #expect(picture.color == ColorDescription(matrix: .bt601, range: .full))
    #expect(picture.timestamp == .seconds(3) && picture.sequence == 17)
    #expect(picture.planes.map(\.rowBytes) == [64, 32, 32])
    for y in 0..<48 {
      for x in 0..<64 { #expect(abs(Int(picture.bytes[y * 64 + x]) - x * 4) <= 4) }
    }
    #expect(picture.bytes[(64 * 48)..<picture.byteCount].allSatisfy { abs(Int($0) - 128) <= 2 })
  }

  @Test(arguments: [
    (FrameSize(width: 32, height: 24), FrameSize(width: 32, height: 24)),
    (FrameSize(width: 33, height: 1), FrameSize(width: 64, height: 48)),
    (FrameSize(width: 16, height: 12), FrameSize(width: 16, height: 12)),
    (FrameSize(width: 1, height: 1), FrameSize(width: 8, height: 6)),
    (FrameSize(width: 640, height: 480), FrameSize(width: 64, height: 48)),
  ])
  func `it is decoded no smaller than needed`(wanted: FrameSize, expected: FrameSize) throws {
    var decoder = try FrameDecoder()
    var picture = Frame()
    try decoder.decode(try jpeg(), into: &picture, scale: .covering(wanted))
    #expect(picture.size == expected)
    let step = 64 / expected.width
    for x in 0..<expected.width {
      #expect(abs(Int(picture.bytes[expected.width + x]) - (x * step * 4 + (step - 1) * 2)) <= 6)
    }
  }

  @Test func `a picture cut off anywhere is refused, also with an end put behind the cut`() throws {
    var decoder = try FrameDecoder()
    let whole = try jpeg()
    var picture = Frame()
    for length in stride(from: 0, to: whole.byteCount - 2, by: 9) {
      var cut = whole
      cut.byteCount = length
      #expect(throws: CaptureError.self) { try decoder.decode(cut, into: &picture) }
      guard length > 20 else { continue }
      (cut.bytes[length - 2], cut.bytes[length - 1]) = (0xFF, 0xD9)
      // Cut in the last few bytes of the scan, the missing bits may be no more than padding.
      guard length < whole.byteCount - 24 else { continue }
      #expect(throws: CaptureError.self) { try decoder.decode(cut, into: &picture) }
    }
  }

  @Test func `a sound picture after a damaged one is decoded`() throws {
    var decoder = try FrameDecoder()
    let whole = try jpeg()
    var picture = Frame()
    for length in stride(from: 4, to: whole.byteCount - 2, by: 13) {
      var cut = whole
      cut.byteCount = length
      (cut.bytes[length - 2], cut.bytes[length - 1]) = (0xFF, 0xD9)
      do throws(CaptureError) { try decoder.decode(cut, into: &picture) } catch {}
      try decoder.decode(whole, into: &picture)
    }
  }

  @Test func `zeros behind the end do no harm`() throws {
    var decoder = try FrameDecoder()
    var padded = try jpeg()
    padded.bytes.replaceSubrange(padded.byteCount..., with: [UInt8](repeating: 0, count: 64))
    padded.byteCount += 64
    var picture = Frame()
    try decoder.decode(padded, into: &picture)
    #expect(picture.size == size)
  }

  @Test func `without Huffman tables, as in AVI files, the standard ones are used`() throws {
    let whole = try jpeg()
    var decoder = try FrameDecoder()
    var (expected, picture) = (Frame(), Frame())
    try decoder.decode(whole, into: &expected)
    var bytes = Array(content(whole).prefix(2))
    var at = 2
    // Segments up to the scan: marker, length, content.
    while whole.bytes[at + 1] != 0xDA {
      let end = at + 2 + Int(whole.bytes[at + 2]) << 8 + Int(whole.bytes[at + 3])
      if whole.bytes[at + 1] != 0xC4 { bytes += whole.bytes[at..<end] }
      at = end
    }
    bytes += whole.bytes[at..<whole.byteCount]
    #expect(bytes.count < whole.byteCount - 100)
    var stripped = whole
    (stripped.bytes, stripped.byteCount) = (bytes, bytes.count)
    try decoder.decode(stripped, into: &picture)
    #expect(content(picture) == content(expected))
  }

  @Test func `changed bytes never crash it, nor make it allocate without bounds`() throws {
    var decoder = try FrameDecoder()
    let whole = try jpeg()
    var random = SplitMix64(seed: 3)
    var picture = Frame()
    var refused = 0
    for _ in 0..<400 {
      var changed = whole
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        changed.bytes[Int.random(in: 2..<whole.byteCount - 2, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      do throws(CaptureError) { try decoder.decode(changed, into: &picture) } catch { refused += 1 }
      #expect(picture.bytes.count <= 8192 * 8192 * 3)
    }
    #expect(refused > 50)
  }
}
