import Basics
import Testing
import Video

@testable import Capture

@Suite struct `Notations for sources` {
  /// A source without frames, as another room might add it.
  private struct Made: AddedSource {
    static let name = "made"
    let text: String
    let length: Duration? = nil
    let rate = 25.0

    init(parsing text: Substring) throws(CaptureError) {
      guard !text.isEmpty else { throw .badSource("made:", reason: "it is empty") }
      self.text = String(text)
    }

    func open(pace: MediaFile.Pace, clock: FrameClock) throws(CaptureError) -> any FrameSource & ~Copyable {
      throw .disconnected(source: "made:\(text)", reason: "\(pace)")
    }
  }

  @Test(arguments: [
    ("/dev/video0", CameraName.path("/dev/video0")),
    ("/dev/v4l/by-id/usb-X-video-index0", .path("/dev/v4l/by-id/usb-X-video-index0")),
    ("by-id:usb-X-video-index0", .path("/dev/v4l/by-id/usb-X-video-index0")),
    ("by-path:pci-0-video-index0", .path("/dev/v4l/by-path/pci-0-video-index0")),
    ("serial:A1B2", .serial("A1B2")),
  ])
  func `each notation for a camera is understood`(text: String, expected: CameraName) throws {
    guard case .camera(let name) = try SourceDescription(parsing: text) else {
      Issue.record("\(text) is not a camera")
      return
    }
    #expect(name == expected)
  }

  @Test(arguments: [
    ("film.mp4", MediaFile.Location.file("film.mp4")),
    ("file:film.mp4", .file("film.mp4")),
    ("file:///tmp/film.mp4", .file("/tmp/film.mp4")),
    ("serial:", .file("serial:")),
    ("made:7", .file("made:7")),
    ("rtsp://host/live", .url("rtsp://host/live")),
    ("HTTP://host/a.mp4", .url("HTTP://host/a.mp4")),
  ])
  func `each notation for a file or stream is understood`(text: String, expected: MediaFile.Location) throws {
    guard case .media(let location) = try SourceDescription(parsing: text) else {
      Issue.record("\(text) is not a file or stream")
      return
    }
    #expect(location == expected)
  }

  @Test func `an added kind of source is parsed and opened by its own type`() throws {
    let description = try SourceDescription(parsing: "made:7", adding: [Made.self])
    guard case .added(let source) = description else {
      Issue.record("it is \(description)")
      return
    }
    #expect((source as? Made)?.text == "7" && source.rate == 25)
    var options = SourceOptions()
    options.media.pace = .realTime
    let error = #expect(throws: CaptureError.self) { _ = try description.open(options) }
    #expect(error == .disconnected(source: "made:7", reason: "realTime"))
    #expect(throws: CaptureError.badSource("made:", reason: "it is empty")) {
      _ = try SourceDescription(parsing: "made:", adding: [Made.self])
    }
    guard case .media = try SourceDescription(parsing: "made", adding: [Made.self]) else {
      Issue.record("a name without a colon is a file name")
      return
    }
  }

  @Test(arguments: [
    ("", "'' is not a video source: it is empty or contains a zero byte"),
    ("file:", "'file:' is not a video source: there is no path after 'file:'"),
    (
      "ftp://u:secret@host/a",
      "'ftp://host/…' is not a video source: streams can use rtsp, rtsps, http, https, rtp, udp, not 'ftp'"
    ),
  ])
  func `an invalid source says what is wrong`(text: String, message: String) {
    let error = #expect(throws: CaptureError.self) { _ = try SourceDescription(parsing: text) }
    #expect(error?.description == message)
    #expect(error?.isTransient == false)
  }

  @Test func `passwords do not appear in descriptions of sources`() {
    #expect("\(MediaFile.Location.url("rtsp://user:p@ss@host/a?b=c"))" == "rtsp://host/…")
    for text in ["rtsp://admin:s3cr#et@127.0.0.1:9/s", "ftp://admin:s3cret@host/s", "rtsp:/admin:s3cret@host/s"] {
      let error = #expect(throws: CaptureError.self) { _ = try SourceDescription(parsing: text) }
      #expect(error?.description.contains("s3cr") == false)
      #expect(error?.description.contains("%23") == text.contains("#"))
    }
  }

  @Test(arguments: ["/dev/shm/a.mp4", "/dev/stdin", "/dev/fd/5"]) func `files in /dev are not mistaken for cameras`(
    text: String
  )
    throws
  {
    guard case .media(.file(let path)) = try SourceDescription(parsing: text) else {
      Issue.record("\(text) is not a file")
      return
    }
    #expect(path == text)
  }
}
