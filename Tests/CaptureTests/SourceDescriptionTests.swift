import Testing
import Video

@testable import Capture

@Suite struct `Names of sources` {
  @Test(arguments: [
    ("/dev/video0", SourceDescription.camera(.path("/dev/video0"))),
    ("/dev/v4l/by-id/usb-X-video-index0", .camera(.path("/dev/v4l/by-id/usb-X-video-index0"))),
    ("by-id:usb-X-video-index0", .camera(.path("/dev/v4l/by-id/usb-X-video-index0"))),
    ("by-path:pci-0-video-index0", .camera(.path("/dev/v4l/by-path/pci-0-video-index0"))),
    ("serial:A1B2", .camera(.serial("A1B2"))),
    ("film.mp4", .media(.file("film.mp4"))),
    ("file:film.mp4", .media(.file("film.mp4"))),
    ("file:///tmp/film.mp4", .media(.file("/tmp/film.mp4"))),
    ("serial:", .media(.file("serial:"))),
    ("rtsp://host/live", .media(.url("rtsp://host/live"))),
    ("HTTP://host/a.mp4", .media(.url("HTTP://host/a.mp4"))),
  ])
  func `each spelling names its kind of source`(text: String, expected: SourceDescription) throws {
    #expect(try SourceDescription(parsing: text) == expected)
  }

  @Test func `a synthetic source takes its options from the text`() throws {
    let text =
      "synthetic:7?rate=25&size=320x240&format=yuyv&pace=fastest&length=12.5&script=walk:5,sit:2.5&lost=9"
      + "&corrupt=11&jitter=0.01&stall=3+2&disconnect=60"
    var expected = SyntheticCamera.Options()
    expected.scene = SyntheticScene(seed: 7, script: [.init(.walk, .seconds(5)), .init(.sit, .milliseconds(2500))])
    (expected.rate, expected.size) = (25, FrameSize(width: 320, height: 240))
    (expected.format, expected.pace, expected.length) = (.yuyv, .fastest, .milliseconds(12_500))
    (expected.faults.lostEvery, expected.faults.corruptEvery) = (9, 11)
    (expected.faults.jitter, expected.faults.disconnect) = (.milliseconds(10), .seconds(60))
    expected.faults.stall = .seconds(3)..<(.seconds(5))
    #expect(try SourceDescription(parsing: text) == .synthetic(expected))
  }

  @Test(arguments: [
    ("", "'' is not a source of frames: it is empty or has a zero byte; change cameras[].source"),
    ("file:", "'file:' is not a source of frames: no path stands after 'file:'; change cameras[].source"),
    (
      "ftp://u:secret@host/a",
      "'ftp://host/a' is not a source of frames: streams are read by rtsp, rtsps, http, https, rtp, udp, not 'ftp'; "
        + "change cameras[].source"
    ),
    (
      "synthetic:x",
      "'synthetic:x' is not a source of frames: 'x' is not a seed, a whole number; change cameras[].source"
    ),
    (
      "synthetic:1?size=63x48",
      "'synthetic:1?size=63x48' is not a source of frames: '63x48' is no value for 'size'; change cameras[].source"
    ),
    (
      "synthetic:1?speed=3",
      "'synthetic:1?speed=3' is not a source of frames: there is no option 'speed'; change cameras[].source"
    ),
  ])
  func `a bad name says what is wrong`(text: String, message: String) {
    let error = #expect(throws: CaptureError.self) { _ = try SourceDescription(parsing: text) }
    #expect(error?.description == message)
    #expect(error?.isTransient == false)
  }

  @Test(arguments: [
    "rate=0", "rate=1001", "rate=x", "size=0x0", "size=99999x2", "format=i444", "pace=slow", "length=-1", "length=nan",
    "script=run:3", "script=walk", "script=walk:0", "script=", "lost=-2", "stall=3", "jitter=1e99", "rate", "=",
    "rate=",
  ])
  func `synthetic options out of bounds are refused`(option: String) {
    #expect(throws: CaptureError.self) { _ = try SourceDescription(parsing: "synthetic:1?\(option)") }
  }

  @Test func `passwords stay out of texts`() {
    #expect("\(MediaFile.Location.url("rtsp://user:p@ss@host/a?b=c@d"))" == "rtsp://host/a?b=c@d")
    #expect("\(MediaFile.Location.url("rtsp://host/a@b"))" == "rtsp://host/a@b")
  }
}
