import Basics
import Foundation
import TestSupport
import Testing
import Video

@testable import Capture

@Suite struct `Streams over HTTP` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The number of frames, and the error at the end, if any.
  private func read(_ answer: Data) throws -> (frames: Int, error: CaptureError?) {
    let listener = try ServingListener(answer)
    var count = 0
    do throws(CaptureError) {
      var media = try MediaFile(.url(SourceAddress("http://127.0.0.1:\(listener.port)/a")))
      var frame = Frame()
      while try media.next(into: &frame, timeout: .seconds(5)) == .frame { count += 1 }
      return (count, nil)
    } catch {
      return (count, error)
    }
  }

  @Test(.timeLimit(.minutes(1))) func `an HTTP stream that ends too early is not complete`() throws {
    let path = folder.file("a.mkv")
    try TestMedia(pixelFormat: "gray").write((0..<100).map { randomBytes(32 * 24, seed: $0) }, to: path)
    let file = try Data(contentsOf: URL(fileURLWithPath: path))
    let head = Data("HTTP/1.1 200 OK\r\nContent-Type: video/x-matroska\r\nContent-Length: \(file.count)\r\n\r\n".utf8)
    let whole = try read(head + file)
    #expect(whole.frames == 100 && whole.error == nil)
    let half = try read(head + file.prefix(file.count / 2))
    #expect((30..<60).contains(half.frames), "\(half)")
    let error = try #require(half.error)
    #expect(error.description.hasSuffix("the connection ended before the file did"))
    #expect(error.isTransient)
  }

  /// Forty small, different JPEGs.
  private func pictures() throws -> [Data] {
    let encoder = try CameraJPEGEncoder()
    return try (0..<40).map { index in
      var picture = Frame()
      let pixels = smoothBytes(64 * 48 * 3, width: 64 * 3, phase: index)
      try encoder.encode(pixels, FrameSize(width: 64, height: 48), into: &picture)
      return Data(content(picture))
    }
  }

  private static let partsHead = Data(
    "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n".utf8)

  private func parts(type: String? = "image/jpeg") throws -> [Data] {
    try pictures().map { picture in
      let line = type.map { "Content-Type: \($0)\r\n" } ?? ""
      return Data("\(line)Content-Length: \(picture.count)\r\n\r\n".utf8) + picture + Data("\r\n".utf8)
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["image/jpeg", "image/jpg", "image/jpeg; charset=utf-8", nil])
  func `an MJPEG stream plays whatever content type its parts have`(type: String?) throws {
    let body = try parts(type: type).reduce(Data()) { $0 + Data("--frame\r\n".utf8) + $1 }
    let found = try read(Self.partsHead + body)
    #expect((35...40).contains(found.frames), "\(found)")
  }

  @Test(.timeLimit(.minutes(1))) func `an MJPEG stream plays without a boundary before the first picture`() throws {
    let parts = try parts()
    let body = parts.dropFirst().reduce(parts[0]) { $0 + Data("--frame\r\n".utf8) + $1 }
    let found = try read(Self.partsHead + body)
    #expect((35...40).contains(found.frames), "\(found)")
  }

  @Test(.timeLimit(.minutes(1))) func `consecutive JPEGs play if the server says that they are video`()
    throws
  {
    // More than is probed before playing starts.
    let body = try (0..<40).reduce(Data()) { body, _ in try pictures().reduce(body, +) }
    func head(_ type: String) -> Data { Data("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n\r\n".utf8) }
    let found = try read(head("video/x-motion-jpeg") + body)
    #expect((1500...1600).contains(found.frames), "\(found)")
    let snapshot = try read(head("image/jpeg") + pictures()[0])
    #expect(snapshot.error?.description.contains("it gives a single picture, not a video") == true, "\(snapshot)")
  }

  @Test func `a URL with an unknown host says so`() {
    let error = #expect(throws: CaptureError.self) {
      _ = try MediaFile(.url(SourceAddress("http://nosuch.invalid/x")))
    }
    #expect(error?.description.contains("its host may be unknown") == true, "\(error as Any)")
  }

  @Test func `a text file has no video`() throws {
    let path = folder.file("readme.txt")
    let text = String(repeating: "What is here\n\nNothing to see.\n", count: 200)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: CaptureError.self) { _ = try allFrames(path) }
    #expect(error?.description == "cannot read \(path): it has no video")
  }
}
