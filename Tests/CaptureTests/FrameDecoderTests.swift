import Basics
import CTurboJPEG
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
    try CameraJPEGEncoder().encode(pixels, size, into: &frame)
    (frame.timestamp, frame.sequence) = (.seconds(3), 17)
    return frame
  }

  @Test func `a JPEG decodes to full-range planes with its time and number`() throws {
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
  func `a JPEG is decoded no smaller than needed`(wanted: FrameSize, expected: FrameSize) throws {
    var decoder = try FrameDecoder()
    var picture = Frame()
    try decoder.decode(try jpeg(), into: &picture, scale: .covering(wanted))
    #expect(picture.size == expected)
    let step = 64 / expected.width
    for x in 0..<expected.width {
      #expect(abs(Int(picture.bytes[expected.width + x]) - (x * step * 4 + (step - 1) * 2)) <= 6)
    }
  }

  @Test func `a truncated JPEG is refused, or shown and counted if less than a quarter is missing`() throws {
    var decoder = try FrameDecoder()
    let whole = try jpeg()
    var (picture, expected) = (Frame(), Frame())
    try decoder.decode(whole, into: &expected)
    var (refused, shown) = (0, 0)
    for length in stride(from: 0, to: whole.byteCount - 40, by: 5) {
      for end in [[], [0xFF, 0xD9] as [UInt8]] {
        var cut = whole
        cut.bytes = Array(whole.bytes.prefix(length)) + end
        cut.byteCount = cut.bytes.count
        let before = decoder.damagedCount
        do throws(CaptureError) {
          try decoder.decode(cut, into: &picture)
          shown += 1
          #expect(decoder.damagedCount == before + 1)
          #expect(picture.bytes[..<(64 * 24)] == expected.bytes[..<(64 * 24)])
        } catch {
          refused += 1
        }
      }
    }
    #expect(refused > 20 && shown > 10)
  }

  @Test func `a JPEG without its end marker, or with bytes around it, counts as whole`() throws {
    var decoder = try FrameDecoder()
    let whole = try jpeg()
    var (picture, expected) = (Frame(), Frame())
    try decoder.decode(whole, into: &expected)
    let bytes = content(whole)
    let stray: [UInt8] = [0xFF, 0xD8, 0x00, 0x31, 0xFF, 0xD9, 0x07]
    let endless = Array(bytes.dropLast(2))
    var variants: [[UInt8]] = [endless]
    variants.append(bytes + stray)
    variants.append(endless + [UInt8](repeating: 0, count: 4))
    variants.append([UInt8](arrayLiteral: 0, 0, 7) + bytes + bytes)
    for variant in variants {
      var frame = whole
      (frame.bytes, frame.byteCount) = (variant, variant.count)
      try decoder.decode(frame, into: &picture)
      #expect(content(picture) == content(expected))
    }
    #expect(decoder.damagedCount == 0)
  }

  /// A grey picture of 32x32 as made by small webcams: no Huffman tables, a restart marker after every block.
  private func webcamPicture(stray: [UInt8]) -> Frame {
    var bytes: [UInt8] = [0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0]
    bytes += [UInt8](repeating: 16, count: 64)
    bytes += [0xFF, 0xC0, 0, 11, 8, 0, 32, 0, 32, 1, 1, 0x11, 0, 0xFF, 0xDD, 0, 4, 0, 1]
    bytes += [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]
    for block in 0..<16 {
      // DC difference 7 of category 3 (100 111), end of block (1010), padding: level 128 + 7 * 16 / 8.
      bytes += [0x9E, 0xBF]
      if block == 5 { bytes += stray }
      bytes += [0xFF, block < 15 ? 0xD0 + UInt8(block % 8) : 0xD9]
    }
    var frame = Frame()
    frame.layOut(.mjpeg, FrameSize(width: 32, height: 32), color: ColorDescription(matrix: .bt601, range: .full))
    (frame.bytes, frame.byteCount) = (bytes, bytes.count)
    return frame
  }

  @Test func `stray bytes before a restart marker do no harm`() throws {
    var decoder = try FrameDecoder()
    var picture = Frame()
    for stray in [[], [0x00, 0x11], [0x01, 0x02, 0x03]] as [[UInt8]] {
      try decoder.decode(webcamPicture(stray: stray), into: &picture)
      #expect(picture.format == .grey && picture.size == FrameSize(width: 32, height: 32))
      #expect(content(picture) == [UInt8](repeating: 142, count: 32 * 32))
    }
    #expect(decoder.damagedCount == 0)
  }

  @Test(arguments: [TJSAMP_440, TJSAMP_411]) func `rare chroma samplings are decoded to RGB`(sampling: TJSAMP) throws {
    var pixels: [UInt8] = []
    for index in 0..<64 * 48 {
      let ramp = UInt8(index % 64 * 4)
      pixels += [ramp, 100, 255 - ramp]
    }
    var frame = Frame()
    try CameraJPEGEncoder().encode(pixels, size, sampling, into: &frame)
    var decoder = try FrameDecoder()
    var picture = Frame()
    try decoder.decode(frame, into: &picture)
    #expect(picture.format == .rgb24)
    let apart = zip(content(picture), pixels).map { abs(Int($0) - Int($1)) }
    #expect(apart.reduce(0, +) < 8 * apart.count)
  }

  @Test func `an intact JPEG after a damaged one is decoded`() throws {
    var decoder = try FrameDecoder()
    let whole = try jpeg()
    var picture = Frame()
    for length in stride(from: 4, to: whole.byteCount - 2, by: 13) {
      var cut = whole
      cut.byteCount = length
      do throws(CaptureError) { try decoder.decode(cut, into: &picture) } catch {}
      try decoder.decode(whole, into: &picture)
    }
  }

  @Test func `zeros after the end of a JPEG do no harm`() throws {
    var decoder = try FrameDecoder()
    var padded = try jpeg()
    padded.bytes.replaceSubrange(padded.byteCount..., with: [UInt8](repeating: 0, count: 64))
    padded.byteCount += 64
    var picture = Frame()
    try decoder.decode(padded, into: &picture)
    #expect(picture.size == size)
  }

  @Test func `a JPEG without Huffman tables, as in AVI files, uses the standard ones`() throws {
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

  @Test func `altered bytes never crash the decoder, nor make it allocate without limit`() throws {
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
    #expect(refused > 20 && refused + decoder.damagedCount > 50)
  }
}
