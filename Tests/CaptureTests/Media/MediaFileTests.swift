import Basics
import Foundation
import TestSupport
import Testing
import Video

@testable import Capture

/// A frame's own bytes, without the remains of an earlier, larger one.
func content(_ frame: Frame) -> [UInt8] { Array(frame.bytes.prefix(frame.byteCount)) }

/// Every frame of a source that ends.
func allFrames(_ path: String, _ options: MediaFile.Options = MediaFile.Options()) throws -> (
  frames: [Frame], counters: CaptureCounters
) {
  var media = try MediaFile(.file(path), options: options)
  var frames: [Frame] = []
  var frame = Frame()
  while try media.next(into: &frame, timeout: .seconds(5)) == .frame { frames.append(frame) }
  return (frames, media.counters)
}

@Suite struct `Media files` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    ("yuv420p", PixelFormat.i420, 1.5), ("yuv422p", .i422, 2), ("yuv444p", .i444, 3), ("gray", .grey, 1),
  ])
  func `planes of a lossless file are read byte for byte`(name: String, format: PixelFormat, bytesPerPixel: Double)
    throws
  {
    for size in [FrameSize(width: 32, height: 24), FrameSize(width: 98, height: 34)] {
      let pictures = (0..<4).map {
        randomBytes(Int(Double(size.width * size.height) * bytesPerPixel), seed: UInt64($0 + size.width))
      }
      let path = folder.file("\(name)-\(size).mkv")
      try TestMedia(pixelFormat: name, size: size).write(pictures, to: path)
      let (frames, counters) = try allFrames(path)
      #expect(frames.map(content) == pictures)
      #expect(frames.allSatisfy { $0.format == format && $0.size == size })
      #expect(frames.map(\.sequence) == [0, 1, 2, 3])
      #expect(counters.delivered == 4 && counters.corrupt == 0 && counters.lost == 0)
    }
  }

  @Test func `chroma planes of odd sizes are rounded up`() throws {
    let size = FrameSize(width: 33, height: 25)
    let picture = randomBytes(33 * 25 + 2 * 17 * 13, seed: 3)
    let path = folder.file("odd.mkv")
    try TestMedia(pixelFormat: "yuv420p", size: size).write([picture], to: path)
    let frame = try #require(try allFrames(path).frames.first)
    #expect(content(frame) == picture)
    #expect(frame.planes.map(\.offset) == [0, 825, 825 + 221])
    #expect(frame.planes.map(\.rowBytes) == [33, 17, 17])
  }

  @Test(arguments: ["bgr24", "rgb24", "bgr0", "bgra", "gbrp", "yuyv422", "uyvy422", "nv12"])
  func `packed pixels of a raw file are read unchanged`(name: String) throws {
    let (width, height) = (16, 10)
    let bitsPerPixel = ["bgr24": 24, "rgb24": 24, "bgr0": 32, "bgra": 32, "gbrp": 24, "nv12": 12][name] ?? 16
    let count = width * height * bitsPerPixel / 8
    let picture = randomBytes(count, seed: 11)
    let path = folder.file("\(name).nut")
    try TestMedia(container: "nut", codec: "rawvideo", pixelFormat: name, size: FrameSize(width: width, height: height))
      .write([picture], to: path)
    let frame = try #require(try allFrames(path).frames.first)
    let expected: [UInt8] =
      switch name {
      case "bgr0", "bgra":
        stride(from: 0, to: count, by: 4).flatMap { [picture[$0 + 2], picture[$0 + 1], picture[$0]] }
      case "gbrp": (0..<width * height).flatMap { [picture[$0 + 320], picture[$0], picture[$0 + 160]] }
      default: picture
      }
    #expect(content(frame) == expected)
  }

  @Test func `depth beyond eight bits and alpha are dropped`() throws {
    let size = FrameSize(width: 16, height: 16)
    let picture = (0..<16 * 16 * 3 / 2).flatMap { (index) -> [UInt8] in
      let value = UInt16(64 + index % 800)
      return [UInt8(value & 255), UInt8(value >> 8)]
    }
    let path = folder.file("deep.mkv")
    try TestMedia(pixelFormat: "yuv420p10le", size: size).write([picture], to: path)
    let frame = try #require(try allFrames(path).frames.first)
    #expect(frame.format == .i420)
    for (index, byte) in content(frame).enumerated() {
      let exact = Double(64 + index % 800) / 4
      #expect(abs(Double(byte) - exact) <= 1)
    }
  }

  @Test(arguments: [
    (0, -1, 480, ColorDescription(matrix: .bt601, range: .limited)),
    (0, -1, 720, ColorDescription(matrix: .bt709, range: .limited)),
    (601, 0, 720, ColorDescription(matrix: .bt601, range: .limited)),
    (709, 1, 480, ColorDescription(matrix: .bt709, range: .full)),
  ])
  func `colour is as the file declares, or follows from the height`(
    matrix: Int, range: Int, height: Int, expected: ColorDescription
  ) throws {
    let size = FrameSize(width: 16, height: height)
    let path = folder.file("colour.mkv")
    try TestMedia(pixelFormat: "yuv420p", size: size, matrix: matrix, fullRange: range)
      .write([[UInt8](repeating: 90, count: 24 * height)], to: path)
    let frame = try #require(try allFrames(path).frames.first)
    #expect(frame.color == expected)
  }

  @Test func `motion JPEG is full range`() throws {
    let path = folder.file("m.avi")
    try TestMedia(container: "avi", codec: "mjpeg", pixelFormat: "yuvj420p")
      .write([smoothBytes(32 * 24 * 3 / 2, width: 32, phase: 0)], to: path)
    let frame = try #require(try allFrames(path).frames.first)
    #expect(frame.format == .i420)
    #expect(frame.color == ColorDescription(matrix: .bt601, range: .full))
  }

  @Test func `media time starts at the first frame, also at a variable rate`() throws {
    let times = [1000, 1040, 1055, 1300, 1310]
    let pictures = times.map { _ in [UInt8](repeating: 7, count: 32 * 24) }
    let path = folder.file("vfr.mkv")
    try TestMedia(pixelFormat: "gray").write(pictures, milliseconds: times, to: path)
    let frames = try allFrames(path).frames
    #expect(frames.map(\.timestamp) == [0, 40, 55, 300, 310].map { .milliseconds($0) })
  }

  @Test func `media information includes size, duration, frame count and rate`() throws {
    let path = folder.file("i.avi")
    let picture = [UInt8](repeating: 40, count: 32 * 24 * 3 / 2)
    try TestMedia(container: "avi", codec: "mpeg4", pixelFormat: "yuv420p", rate: 20)
      .write([[UInt8]](repeating: picture, count: 30), to: path)
    let media = try MediaFile(.file(path))
    #expect(media.information.size == FrameSize(width: 32, height: 24))
    #expect(media.information.rate == 20)
    #expect(media.information.duration == .milliseconds(1500))
    #expect(media.information.frameCount == 30)
  }

  @Test(arguments: [0, 90, 180, 270, 35, -50], [false, true])
  func `frames carry the container's rotation and mirroring`(degrees: Int, isMirrored: Bool) throws {
    let size = FrameSize(width: 16, height: 8)
    let path = folder.file("turned.mov")
    try TestMedia(
      container: "mov", codec: "png", pixelFormat: "rgb24", size: size, rotation: degrees, isMirrored: isMirrored
    )
    .write([randomBytes(16 * 8 * 3, seed: 1)], to: path)
    let quarters = Int((Double(degrees) / 90).rounded())
    let expected = Orientation(quarterTurns: quarters).followed(by: Orientation(isMirrored: isMirrored))
    let frame = try #require(try allFrames(path).frames.first)
    #expect(frame.size == size && frame.orientation == expected)
    #expect(try MediaFile(.file(path)).information.size == frame.uprightSize)
  }

  @Test func `an H.264 picture's orientation holds until the next key picture`() throws {
    let path = folder.file("noted.mkv")
    let size = FrameSize(width: 64, height: 48)
    let pictures = (0..<12).map { smoothBytes(64 * 48 * 3 / 2, width: 64, phase: $0) }
    try TestMedia(codec: "libx264", pixelFormat: "yuv420p", size: size, notesMirroring: true).write(pictures, to: path)
    let frames = try allFrames(path).frames
    #expect(frames.count == 12)
    #expect(frames.allSatisfy { $0.orientation == Orientation(isMirrored: true) })
  }

  @Test(arguments: 1...8) func `a photograph's orientation is read from its EXIF data`(number: Int) throws {
    let path = folder.file("photo.jpg")
    var jpeg = Frame()
    try CameraJPEGEncoder().encode(randomBytes(32 * 16 * 3, seed: 2), FrameSize(width: 32, height: 16), into: &jpeg)
    jpeg.insertEXIF(orientation: UInt8(number))
    try Data(content(jpeg)).write(to: URL(fileURLWithPath: path))
    #expect(try allFrames(path).frames.map(\.orientation) == [Orientation(exif: number)])
  }

  @Test func `a looped file continues in time and sequence`() throws {
    let path = folder.file("loop.mkv")
    let pictures = (0..<3).map { [UInt8](repeating: UInt8($0), count: 32 * 24) }
    try TestMedia(pixelFormat: "gray", rate: 20).write(pictures, to: path)
    var options = MediaFile.Options()
    options.loops = true
    var media = try MediaFile(.file(path), options: options)
    var frame = Frame()
    for index in 0..<10 {
      #expect(try media.next(into: &frame, timeout: .zero) == .frame)
      #expect(frame.bytes[0] == UInt8(index % 3))
      #expect(frame.timestamp == .milliseconds(50 * index))
      #expect(frame.sequence == index)
    }
  }

  @Test func `in real time, frames wait until they are due`() throws {
    let path = folder.file("paced.mkv")
    try TestMedia(pixelFormat: "gray", rate: 10)
      .write((0..<3).map { [UInt8](repeating: UInt8($0), count: 32 * 24) }, to: path)
    let time = ManualClock(start: .seconds(100))
    var options = MediaFile.Options()
    options.pace = .realTime
    var media = try MediaFile(.file(path), options: options, clock: time.clock)
    var frame = Frame()
    #expect(try media.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.timestamp == .seconds(100))
    #expect(try media.next(into: &frame, timeout: .milliseconds(30)) == .notDue)
    #expect(time.clock.now() == .milliseconds(100_030))
    #expect(frame.bytes[0] == 0)
    #expect(try media.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.bytes[0] == 1)
    #expect(time.clock.now() == .milliseconds(100_100))
    #expect(frame.timestamp == .milliseconds(100_100))
    time.advance(.seconds(9))
    #expect(try media.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.timestamp == .milliseconds(109_100), "a frame that is far too late restarts the timing")
    #expect(try media.next(into: &frame, timeout: .seconds(1)) == .ended)
  }

  @Test func `an unreadable media file is refused with the reason`() throws {
    let text = folder.file("notes.txt")
    try Data("not a video".utf8).write(to: URL(fileURLWithPath: text))
    #expect(
      throws: CaptureError.unreadable(
        source: text, reason: "Invalid data found when processing input", isTransient: false)
    ) { _ = try allFrames(text) }
    #expect(
      throws: CaptureError.unreadable(
        source: folder.path, reason: "it is not a regular file", isTransient: false)
    ) { _ = try allFrames(folder.path) }
    let missing = folder.file("missing.mp4")
    let error = #expect(throws: CaptureError.self) { _ = try allFrames(missing) }
    #expect(error?.description == "cannot read \(missing): No such file or directory")
  }

  @Test func `sound without pictures, with or without a cover, has no video`() throws {
    let sound = folder.file("sound.wav")
    var bytes = [UInt8]("RIFF".utf8)
    bytes += [52, 0, 0, 0]
    bytes += "WAVEfmt ".utf8
    bytes += [16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x80, 0x3E, 0, 0, 2, 0, 16, 0]
    bytes += "data".utf8
    bytes += [16, 0, 0, 0]
    bytes += [UInt8](repeating: 0, count: 16)
    try Data(bytes).write(to: URL(fileURLWithPath: sound))
    #expect(throws: CaptureError.unreadable(source: sound, reason: "it has no video", isTransient: false)) {
      _ = try allFrames(sound)
    }

    let covered = folder.file("song.mp3")
    var jpeg = Frame()
    try CameraJPEGEncoder().encode(randomBytes(32 * 16 * 3, seed: 2), FrameSize(width: 32, height: 16), into: &jpeg)
    var picture: [UInt8] = [0]
    picture += "image/jpeg".utf8
    picture += [0, 3, 0]
    picture += content(jpeg)
    // ID3's sizes have seven bits per byte, those of its parts eight.
    func big(_ number: Int, _ bits: Int) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: (number >> (bits * (3 - $0))) & ((1 << bits) - 1)) }
    }
    var song = [UInt8]("ID3".utf8)
    song += [3, 0, 0]
    song += big(picture.count + 10, 7)
    song += "APIC".utf8
    song += big(picture.count, 8)
    song += [0, 0]
    song += picture
    for _ in 0..<20 {
      song += [0xFF, 0xFB, 0x90, 0]
      song += [UInt8](repeating: 0, count: 413)
    }
    try Data(song).write(to: URL(fileURLWithPath: covered))
    #expect(throws: CaptureError.unreadable(source: covered, reason: "it has no video", isTransient: false)) {
      _ = try allFrames(covered)
    }
  }

  @Test func `a picture that is too large is refused with its size and the limit`() throws {
    let photo = folder.file("map.ppm")
    try Data("P6 9000 9000 255\n".utf8 + [UInt8](repeating: 7, count: 9000 * 9000 * 3))
      .write(to: URL(fileURLWithPath: photo))
    let film = folder.file("huge.y4m")
    try Data("YUV4MPEG2 W9000 H9000 F25:1\nFRAME\n".utf8 + [UInt8](repeating: 0, count: 1000))
      .write(to: URL(fileURLWithPath: film))
    for path in [photo, film] {
      let error = #expect(throws: CaptureError.self) { _ = try allFrames(path) }
      #expect(
        error?.description
          == "cannot read \(path): its pictures are 9000x9000; at most 35651584 pixels are decoded, such as 8192x4352")
    }
  }

  @Test func `a server that never answers is given up and may be retried`() throws {
    let listener = try SilentListener()
    var options = MediaFile.Options()
    options.openTimeout = .milliseconds(200)
    let error = #expect(throws: CaptureError.self) {
      _ = try MediaFile(.url(SourceAddress("http://user:secret@127.0.0.1:\(listener.port)/a.mp4")), options: options)
    }
    #expect(
      error?.description
        == "cannot read http://127.0.0.1:\(listener.port)/…: it did not open within 0.2 s")
    #expect(error?.isTransient == true)
  }

  @Test(.timeLimit(.minutes(1))) func `a wait for a server can be ended from another thread`() throws {
    let listener = try SilentListener()
    var options = MediaFile.Options()
    options.openTimeout = .seconds(3600)
    let interruption = ReadInterruption()
    options.interruption = interruption
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.3)
      interruption.interrupt()
    }
    let begin = ContinuousClock.now
    #expect(throws: CaptureError.self) {
      _ = try MediaFile(.url(SourceAddress("rtsp://127.0.0.1:\(listener.port)/a")), options: options)
    }
    #expect(ContinuousClock.now - begin < .seconds(5))
  }

  @Test func `a playlist file cannot reach the network, nor can a path select another protocol`() throws {
    let list = folder.file("list.m3u8")
    try Data("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://127.0.0.1:9/a.ts\n".utf8).write(
      to: URL(fileURLWithPath: list))
    var options = MediaFile.Options()
    options.openTimeout = .milliseconds(200)
    #expect(throws: CaptureError.self) { _ = try allFrames(list, options) }
    #expect(throws: CaptureError.self) { _ = try allFrames("concat:/etc/hostname") }
  }
}
