internal import Basics
internal import CFFmpeg
internal import Glibc
internal import Video

/// Owns the state of libavformat and libavcodec: reads pictures from a file, a stream or packets.
@safe struct MediaReader: ~Copyable {
  enum Outcome: Equatable {
    /// A picture, with the stream's own time if it has one.
    case picture(Duration?)
    case ended
    /// The decoder has delivered everything it was given and needs another packet.
    case hungry
  }

  let information: MediaInformation
  /// True if times are arrival times on CLOCK_MONOTONIC, because the stream has none.
  let stampsByArrival: Bool
  /// True for streams that arrive in segments of several seconds.
  let isSegmented: Bool
  /// How long the read waited for the newest picture.
  private(set) var waited = Duration.zero
  private let name: String
  private let isStream: Bool
  private let stallTimeout: Duration
  /// Kept alive while reading.
  private let interruption: ReadInterruption?
  private let handle: OpaquePointer

  init(_ location: MediaFile.Location, _ options: MediaFile.Options) throws(CaptureError) {
    let (address, isStream): (String, Bool)
    switch location {
    case .file(let path):
      try checkRegularFile(path)
      (address, isStream) = (path, false)
    case .url(let url): (address, isStream) = (url.forOpening, true)
    }
    let name = "\(location)"
    var opened: OpaquePointer?
    // libav's deadlines are on the real monotonic clock, whatever clock paces the frames.
    let deadline = FrameClock.monotonic.now() + options.openTimeout
    var tooLarge: [Int32] = [0, 0]
    let code = unsafe cffmpeg_open(
      address, isStream ? 0 : 1, options.transport.code, CInt(max(1, options.decoderThreads)),
      deadline.wholeNanoseconds, &tooLarge, options.interruption?.handle, &opened)
    guard code == 0, let handle = unsafe opened else {
      if isStream, cffmpeg_is_refused_transport(code) != 0, let other = options.transport.advice {
        throw .unreadable(
          source: name,
          reason:
            "the camera refuses RTSP over \(options.transport.rawValue); set cameras[].transport to \(other) or auto",
          isTransient: true)
      }
      throw openError(code, name: name, isStream: isStream, seconds: options.openTimeout.inSeconds, tooLarge)
    }
    var about = cffmpeg_information()
    unsafe cffmpeg_describe(handle, &about)
    guard !isStream || about.is_picture == 0 else {
      unsafe cffmpeg_close(handle)
      throw .unreadable(
        source: name, reason: "it gives a single picture, not a video; name the camera's MJPEG or RTSP stream",
        isTransient: true)
    }
    self.name = name
    self.isStream = isStream
    interruption = options.interruption
    stallTimeout = options.stallTimeout
    stampsByArrival = about.by_arrival != 0
    isSegmented = about.is_segmented != 0
    information = MediaInformation(about)
    unsafe self.handle = handle
  }

  /// A decoder for H.264 packets delivered by a camera.
  init(h264From device: String) throws(CaptureError) {
    var opened: OpaquePointer?
    let code = unsafe cffmpeg_open_h264(1, &opened)
    guard code == 0, let handle = unsafe opened else {
      throw .unreadable(source: device, reason: "no H.264 decoder: \(mediaReason(code))", isTransient: false)
    }
    information = MediaInformation(size: FrameSize(width: 0, height: 0))
    stampsByArrival = false
    isSegmented = false
    name = device
    isStream = true
    interruption = nil
    stallTimeout = .zero
    unsafe self.handle = handle
  }

  deinit { unsafe cffmpeg_close(handle) }

  /// Faulty packets and pictures so far, whether skipped or not.
  var corruptCount: Int { Int(unsafe cffmpeg_corrupt_count(handle)) }

  /// Why no picture at all could be decoded, if known.
  var reasonForNothing: String? {
    var size: [Int32] = [0, 0]
    return unsafe cffmpeg_why_nothing(handle, &size) == 0 ? nil : tooLargeReason(size)
  }

  /// Decodes the next picture as stored, with its orientation; the caller sets `timestamp` and `sequence`.
  mutating func next(into frame: inout Frame) throws(CaptureError) -> Outcome {
    var picture = cffmpeg_picture()
    let deadline = isStream ? (FrameClock.monotonic.now() + stallTimeout).wholeNanoseconds : .max
    let code = unsafe cffmpeg_next(handle, deadline, &picture)
    switch code {
    case CInt(CFFMPEG_PICTURE): break
    case CInt(CFFMPEG_HUNGRY): return .hungry
    case CInt(CFFMPEG_ENDED): return .ended
    default: throw readError(code)
    }
    let size = FrameSize(width: Int(picture.width), height: Int(picture.height))
    frame.layOut(pixelFormat(picture.layout), size, color: colorDescription(picture))
    frame.orientation = Orientation(picture.orientation)
    let byteCount = frame.byteCount
    let expected = unsafe cffmpeg_picture_size(handle)
    precondition(byteCount == expected, "planes are laid out differently from libavutil's")
    let copied = unsafe frame.bytes.withUnsafeMutableBufferPointer { (bytes) in
      unsafe cffmpeg_copy_picture(handle, bytes.baseAddress, byteCount)
    }
    guard copied == 0 else { throw readError(copied) }
    waited = .nanoseconds(picture.waited_ns)
    return .picture(picture.time_ns == Int64.min ? nil : .nanoseconds(picture.time_ns))
  }

  /// Hands a packet to an H.264 decoder; `time` is returned with its picture.
  mutating func send(_ packet: Span<UInt8>, time: Duration) throws(CaptureError) {
    let code = unsafe packet.withUnsafeBufferPointer { (bytes) in
      unsafe cffmpeg_send(handle, bytes.baseAddress, bytes.count, time.wholeNanoseconds)
    }
    guard code == 0 else { throw readError(code) }
  }

  private func readError(_ code: CInt) -> CaptureError {
    if cffmpeg_is_timeout(code) != 0 { return .stalled(source: name, seconds: stallTimeout.inSeconds) }
    if isStream { return .disconnected(source: name, reason: mediaReason(code)) }
    return .unreadable(source: name, reason: mediaReason(code), isTransient: false)
  }
}

extension SourceAddress {
  /// The full text, with the scheme in lower case as libavformat expects.
  fileprivate var forOpening: String {
    guard let scheme, let end = revealed.firstRange(of: "://")?.lowerBound else { return revealed }
    return scheme + revealed[end...]
  }
}

extension MediaFile.Transport {
  fileprivate var code: CInt {
    switch self {
    case .auto: CInt(CFFMPEG_TRANSPORT_AUTO)
    case .tcp: CInt(CFFMPEG_TRANSPORT_TCP)
    case .udp: CInt(CFFMPEG_TRANSPORT_UDP)
    }
  }

  /// What to set instead if the camera refuses this transport.
  fileprivate var advice: String? {
    switch self {
    case .auto: nil
    case .tcp: "udp"
    case .udp: "tcp"
    }
  }
}

private func openError(_ code: CInt, name: String, isStream: Bool, seconds: Double, _ tooLarge: [Int32])
  -> CaptureError
{
  let reason =
    switch Int(code) {
    case Int(CFFMPEG_NO_VIDEO): "it has no video"
    case Int(CFFMPEG_TOO_LARGE): tooLargeReason(tooLarge)
    case -Int(EIO) where isStream:
      "no connection: its host may be unknown, it may speak another protocol, or it redirects endlessly; "
        + "look at cameras[].source"
    default: cffmpeg_is_timeout(code) != 0 ? "it did not open within \(seconds) s" : mediaReason(code)
    }
  return .unreadable(source: name, reason: reason, isTransient: isStream)
}

private func tooLargeReason(_ size: [Int32]) -> String {
  "its pictures are \(size[0])x\(size[1]); at most \(CFFMPEG_MAX_PIXELS) pixels are decoded, such as 8192x4352"
}

/// Refuses directories, devices and named pipes, which could be read endlessly.
private func checkRegularFile(_ path: String) throws(CaptureError) {
  var status = stat()
  guard unsafe stat(path, &status) == 0 else {
    throw .unreadable(source: path, reason: reasonText(errno), isTransient: false)
  }
  guard status.st_mode & S_IFMT == S_IFREG else {
    throw .unreadable(source: path, reason: "it is not a regular file", isTransient: false)
  }
}

/// The library's own message for a code.
func mediaReason(_ code: CInt) -> String {
  unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { (buffer) in
    guard let base = buffer.baseAddress else { return "error \(code)" }
    unsafe cffmpeg_error_text(code, base, buffer.count)
    return unsafe String(cString: base)
  }
}

private func pixelFormat(_ layout: Int32) -> PixelFormat {
  switch Int(layout) {
  case Int(CFFMPEG_I420): .i420
  case Int(CFFMPEG_I422): .i422
  case Int(CFFMPEG_I444): .i444
  case Int(CFFMPEG_NV12): .nv12
  case Int(CFFMPEG_YUYV): .yuyv
  case Int(CFFMPEG_UYVY): .uyvy
  case Int(CFFMPEG_RGB24): .rgb24
  case Int(CFFMPEG_BGR24): .bgr24
  default: .grey
  }
}

/// The stream's colour description; if undeclared, BT.709 from 720 rows on and BT.601 below, as players do.
private func colorDescription(_ picture: cffmpeg_picture) -> ColorDescription {
  let matrix: ColorDescription.Matrix =
    switch picture.matrix {
    case 601: .bt601
    case 709: .bt709
    default: picture.height >= 720 ? .bt709 : .bt601
    }
  return ColorDescription(matrix: matrix, range: picture.full_range != 0 ? .full : .limited)
}

extension MediaInformation {
  fileprivate init(_ about: cffmpeg_information) {
    size = Orientation(about.orientation).size(of: FrameSize(width: Int(about.width), height: Int(about.height)))
    duration = about.duration_ns > 0 ? .nanoseconds(about.duration_ns) : nil
    frameCount = about.frame_count > 0 ? Int(about.frame_count) : nil
    rate = about.rate > 0 ? about.rate : nil
  }
}

extension Orientation {
  fileprivate init(_ said: cffmpeg_orientation) {
    self.init(column: (said.right_x, said.right_y), row: (said.down_x, said.down_y))
  }
}
