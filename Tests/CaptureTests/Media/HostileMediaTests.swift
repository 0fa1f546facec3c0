import Basics
import Foundation
import TestSupport
import Testing
import Video

@testable import Capture

@Suite struct `Damaged and hostile media` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let kinds = [
    TestMedia(container: "matroska", codec: "ffv1", pixelFormat: "yuv420p"),
    TestMedia(container: "avi", codec: "mpeg4", pixelFormat: "yuv420p"),
    TestMedia(container: "mov", codec: "mjpeg", pixelFormat: "yuvj420p"),
    TestMedia(container: "mpegts", codec: "mpeg2video", pixelFormat: "yuv420p"),
  ]

  private func sound(_ kind: TestMedia) throws -> [UInt8] {
    let path = folder.file("sound")
    let pictures = (0..<10).map { smoothBytes(32 * 24 * 3 / 2, width: 32, phase: $0) }
    try kind.write(pictures, to: path)
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Reads to the end; an error counts as an end, but a crash or an endless file does not.
  private func survive(_ bytes: [UInt8]) throws -> Int {
    let path = folder.file("damaged")
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    var count = 0
    do throws(CaptureError) {
      var media = try MediaFile(.file(path))
      var frame = Frame()
      while try media.next(into: &frame, timeout: .seconds(1)) == .frame {
        count += 1
        #expect(frame.byteCount <= 36_000_000 * 3)
        guard count < 1000 else { break }
      }
    } catch {
      #expect(!error.isTransient)
    }
    return count
  }

  @Test(arguments: 0..<4) func `a media file truncated anywhere ends or is refused`(kind: Int) throws {
    let whole = try sound(Self.kinds[kind])
    #expect(try survive(whole) == 10)
    var most = 0
    for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 60)) {
      most = max(most, try survive(Array(whole.prefix(length))))
    }
    #expect(most <= 10)
    #expect(kind == 2 || most >= 5, "only a movie, whose index is at its end, may show nothing when truncated")
  }

  @Test(arguments: 0..<4) func `a media file with bytes changed anywhere never crashes or hangs the reader`(kind: Int)
    throws
  {
    let whole = try sound(Self.kinds[kind])
    var random = SplitMix64(seed: UInt64(kind))
    for _ in 0..<60 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      #expect(try survive(bytes) < 1000)
    }
  }

  @Test func `faulty pictures are skipped and counted`() throws {
    let path = folder.file("faulty.avi")
    try TestMedia(container: "avi", codec: "png", pixelFormat: "rgb24")
      .write((0..<10).map { smoothBytes(32 * 24 * 3, width: 96, phase: $0) }, to: path)
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let middle = bytes.count / 2
    for at in middle..<middle + 40 { bytes[at] = 0xFF }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let (frames, counters) = try allFrames(path)
    #expect((1...2).contains(counters.corrupt))
    #expect(frames.count + counters.corrupt == 10)
  }

  @Test func `a picture of a billion pixels is refused`() throws {
    let path = folder.file("huge.y4m")
    try Data("YUV4MPEG2 W32000 H32000 F25:1\nFRAME\n".utf8 + [UInt8](repeating: 0, count: 1000))
      .write(to: URL(fileURLWithPath: path))
    #expect(throws: CaptureError.self) { _ = try allFrames(path) }
  }
}
