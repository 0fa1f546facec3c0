import Foundation
import TestSupport
import Testing
import Video

@testable import Capture

@Suite struct `Writing media` {
  private let folder: TemporaryFolder
  private let size = FrameSize(width: 64, height: 48)

  init() throws { folder = try TemporaryFolder() }

  /// A picture whose left part is white up to a column.
  private func picture(_ column: Int) -> [UInt8] {
    (0..<size.width * size.height).flatMap { [UInt8](repeating: $0 % size.width < column ? 230 : 30, count: 3) }
  }

  private func write(_ name: String, _ format: MediaWriter.Format, _ count: Int) throws -> String {
    let path = folder.file(name)
    var writer = try MediaWriter(path: path, format: format, size: size, rate: 30)
    for index in 0..<count { try writer.add(picture(8 + 8 * index)) }
    try writer.finish()
    return path
  }

  @Test func `H.264 pictures have individual times, or follow at the frame rate`() throws {
    let path = folder.file("film.mp4")
    var writer = try MediaWriter(path: path, format: .h264(factor: 20), size: size, rate: 25)
    let times: [Duration?] = [.milliseconds(10), .milliseconds(50), nil, .milliseconds(500), .milliseconds(499), nil]
    for (index, time) in times.enumerated() { try writer.add(picture(8 * index), at: time) }
    try writer.finish()
    let (frames, _) = try allFrames(path)
    let ticks = frames.map { (($0.timestamp - frames[0].timestamp) / .seconds(1) * 360_000).rounded() }
    // Relative to the first picture: the third follows like the second; 499 ms and what follows it are a tick late.
    #expect(ticks == [0, 14_400, 28_800, 176_400, 176_401, 176_402])
    #expect(frames.allSatisfy { $0.color.matrix == .bt601 && $0.color.range == .limited && $0.format == .i420 })
  }

  @Test(arguments: ["film.avi", "film.mp4"]) func `videos are read back as they were written`(name: String) throws {
    let path = try write(name, name.hasSuffix("avi") ? .avi(quantiser: 3) : .mp4(quantiser: 3), 6)
    let (frames, _) = try allFrames(path)
    #expect(frames.count == 6)
    for (index, frame) in frames.enumerated() {
      #expect(frame.size == size)
      #expect(frame.sequence == index)
      #expect(abs(frame.timestamp / .milliseconds(1) - Double(index) * 1000 / 30) < 2)
      // Luma along the middle row shows where white ends.
      let row = frame.planes[0].offset + 24 * frame.planes[0].rowBytes
      let white = (0..<size.width).count { frame.bytes[row + $0] > 128 }
      #expect(abs(white - (8 + 8 * index)) <= 1)
    }
  }

  @Test(arguments: ["still.jpg", "moving.gif"]) func `written pictures have the format that their names promise`(
    name: String
  ) throws {
    let path = try write(name, name.hasSuffix("jpg") ? .jpeg(quantiser: 3) : .gif, name.hasSuffix("jpg") ? 1 : 3)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(bytes.starts(with: name.hasSuffix("jpg") ? [0xff, 0xd8] : Array("GIF89a".utf8)))
    #expect(try allFrames(path).frames.first?.size == size)
  }

  @Test func `the same pictures give the same file`() throws {
    let (a, b) = (try write("a.avi", .avi(quantiser: 5), 5), try write("b.avi", .avi(quantiser: 5), 5))
    #expect(try Data(contentsOf: URL(fileURLWithPath: a)) == Data(contentsOf: URL(fileURLWithPath: b)))
  }

  @Test func `an unfinished video does not appear`() throws {
    do {
      var writer = try MediaWriter(path: folder.file("half.avi"), format: .avi(quantiser: 5), size: size, rate: 30)
      try writer.add(picture(8))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func `an unwritable video path is named with the reason`() throws {
    let path = folder.file("nowhere/film.avi")
    #expect(throws: CaptureError.unwritable(path: path, reason: "No such file or directory")) {
      _ = try MediaWriter(path: path, format: .avi(quantiser: 5), size: size, rate: 30)
    }
  }
}
