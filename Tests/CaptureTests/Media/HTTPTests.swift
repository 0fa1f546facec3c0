import Basics
import Foundation
import Testing
import Video

@testable import Capture

@Suite struct `Streams over HTTP` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The frames until the end, and what the end was if it was an error.
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

  @Test(.timeLimit(.minutes(1))) func `that end before they should have are not whole`() throws {
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

  @Test(.timeLimit(.minutes(1)), arguments: ["image/jpeg", "image/jpg", "image/jpeg; charset=utf-8", nil])
  func `of pictures play whatever type their parts have`(type: String?) throws {
    let encoder = try JPEGEncoder()
    var body = Data()
    for index in 0..<40 {
      var picture = Frame()
      let pixels = smoothBytes(64 * 48 * 3, width: 64 * 3, phase: index)
      try encoder.encode(pixels, FrameSize(width: 64, height: 48), into: &picture)
      body += Data("--frame\r\n".utf8)
      if let type { body += Data("Content-Type: \(type)\r\n".utf8) }
      body += Data("Content-Length: \(picture.byteCount)\r\n\r\n".utf8) + Data(content(picture)) + Data("\r\n".utf8)
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
    let found = try read(Data(head.utf8) + body)
    #expect((35...40).contains(found.frames), "\(found)")
  }

  @Test func `from a host that nobody knows say so`() {
    let error = #expect(throws: CaptureError.self) {
      _ = try MediaFile(.url(SourceAddress("http://nosuch.invalid/x")))
    }
    #expect(error?.description.contains("its host may be unknown") == true, "\(error as Any)")
  }

  @Test func `text is no video`() throws {
    let path = folder.file("readme.txt")
    let text = String(repeating: "What is here\n\nNothing to see.\n", count: 200)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: CaptureError.self) { _ = try allFrames(path) }
    #expect(error?.description == "cannot read \(path): it has no video")
  }
}
