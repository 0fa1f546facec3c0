import Capture
import Foundation
import Pipeline
import TestSupport
import Testing
import Video

@testable import Annotation

struct AnnotatedVideoTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ path: String) throws -> [Frame] {
    var file = try MediaFile(.file(path))
    var frames: [Frame] = []
    var frame = Frame()
    while try file.next(into: &frame, timeout: .seconds(1)) == .frame { frames.append(frame) }
    return frames
  }

  private var somebody: FileRecognition.Result {
    madeResult([
      madePerson(
        1, boxes: [(0, PictureBox(x: 0.1, y: 0.1, width: 0.5, height: 0.8))], windows: [(0, [0.3, 0.7])],
        activities: [(1, 0, 2)])
    ])
  }

  @Test func `an annotated video's frames keep the source's times`() throws {
    // Irregular, at 24, 25, 30, 29.97 and 60 per second, and a millisecond.
    let steps: [Duration] = [
      .nanoseconds(41_666_667), .milliseconds(40), .nanoseconds(33_333_333), .nanoseconds(33_366_667),
      .nanoseconds(16_666_667), .milliseconds(1), .seconds(2),
    ]
    var times = [Duration.zero]
    for step in steps + steps { times.append(times[times.count - 1] + step) }
    let path = folder.file("out.mp4")
    let count = try AnnotatedVideo(somebody, labels: ["A", "B"])
      .write(MadeSource(times: times), rate: 25, to: path)
    #expect(count == times.count)
    let read = try read(path).map(\.timestamp)
    #expect(read.count == times.count)
    for (one, other) in zip(read, times) {
      // The file's clock has 360000 ticks per second.
      #expect(abs((one - other) / .microseconds(1)) < 1.5, "\(one), \(other)")
    }
  }

  @Test func `an annotated video's frames with the same time follow one another`() throws {
    let path = folder.file("out.mp4")
    let times = [0, 40, 40, 40, 80].map { Duration.milliseconds($0) }
    try AnnotatedVideo(somebody, labels: ["A", "B"]).write(MadeSource(times: times), rate: 25, to: path)
    let read = try read(path).map(\.timestamp)
    #expect(read.count == 5)
    #expect(zip(read, read.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test(arguments: [(1, 1), (2, 2), (3, 2), (2, 3), (33, 25), (161, 121), (320, 240)])
  func `odd sizes become even by one more column or row`(width: Int, height: Int) throws {
    let path = folder.file("out.mp4")
    let size = FrameSize(width: width, height: height)
    try AnnotatedVideo(madeResult([]), labels: [])
      .write(MadeSource(times: [.zero, .milliseconds(40)], size: size), rate: 25, to: path)
    let frames = try read(path)
    #expect(frames.count == 2)
    for frame in frames {
      #expect(frame.size == FrameSize(width: width + width % 2, height: height + height % 2))
      #expect(frame.format == .i420)
      // Full-range grey 100 in limited range, including the added column and row.
      for y in 0..<frame.size.height {
        let row = frame.planes[0].offset + y * frame.planes[0].rowBytes
        #expect(frame.bytes[row..<row + frame.size.width].allSatisfy { abs(Int($0) - 102) <= 3 })
      }
    }
  }

  @Test func `annotated videos show boxes while somebody is there`() throws {
    let path = folder.file("out.mp4")
    var result = somebody
    result.people?[0].until = .seconds(1)
    let size = FrameSize(width: 160, height: 120)
    try AnnotatedVideo(result, labels: ["A", "B"])
      .write(MadeSource(times: [.zero, .seconds(0.5), .seconds(2)], size: size), rate: 2, to: path)
    let frames = try read(path)
    func isPlain(_ frame: Frame) -> Bool {
      frame.bytes[0..<160 * 120].allSatisfy { abs(Int($0) - 102) <= 4 }
    }
    #expect(frames.map(isPlain) == [false, false, true])
  }

  @Test func `a failing source leaves no file, and an existing file is kept`() throws {
    let path = folder.file("out.mp4")
    try Data("old".utf8).write(to: URL(fileURLWithPath: path))
    let failure = CaptureError.unreadable(source: "x", reason: "gone", isTransient: false)
    #expect(throws: failure) {
      try AnnotatedVideo(somebody, labels: ["A", "B"])
        .write(MadeSource(times: [.zero, .seconds(1)], failure: failure), rate: 25, to: path)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
    #expect(try folder.names == ["out.mp4"])
  }

  @Test func `the error for an annotated video in a missing folder names it`() throws {
    let path = folder.file("nowhere/out.mp4")
    #expect(throws: CaptureError.unwritable(path: path, reason: "No such file or directory")) {
      try AnnotatedVideo(somebody, labels: ["A", "B"]).write(MadeSource(times: [.zero]), rate: 25, to: path)
    }
  }

  @Test func `a source without frames is an error and leaves no file`() throws {
    #expect(throws: AnnotationError.noFrames(reason: nil)) {
      try AnnotatedVideo(somebody, labels: []).write(MadeSource(times: []), rate: nil, to: folder.file("out.mp4"))
    }
    #expect(try folder.names.isEmpty)
  }
}
