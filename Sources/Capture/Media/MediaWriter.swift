import Basics
internal import CFFmpeg
internal import Glibc
package import Video

/// Writes a video file, or one picture, through libavformat and libavcodec.
///
/// The file appears under its name only when it is complete: it is written alongside, synced and renamed.
@safe package struct MediaWriter: ~Copyable {
  /// File formats, by encoder.
  package enum Format: Sendable {
    /// MPEG-4 part 2 in AVI, with a quantiser from 1 (best) to 31.
    case avi(quantiser: Int)
    /// The same in MP4.
    case mp4(quantiser: Int)
    /// H.264 in MP4, which browsers play, with a constant rate factor from 0 (lossless) to 51.
    ///
    /// Pictures may have individual times. An odd width or height is made even by repeating the last column or row. If
    /// libavcodec has no H.264 encoder, MPEG-4 part 2 is used.
    case h264(factor: Int)
    /// An animation for web pages.
    case gif
    /// A still picture.
    case jpeg(quantiser: Int)
  }

  private let path: String
  private let beside: String
  private var handle: OpaquePointer?

  /// Divisible by all usual frame rates, and by a thousand.
  private static let ticksPerSecond = 360_000
  /// The finest clock that MPEG-4 part 2 allows.
  private static let ticksPerSecondOfMPEG4 = 60_000

  /// - Parameters:
  ///   - path: the file to write; an existing file is replaced.
  ///   - format: the file format.
  ///   - size: the size of all pictures.
  ///   - rate: whole pictures per second.
  /// - Throws: `CaptureError.unwritable`.
  package init(path: String, format: Format, size: FrameSize, rate: Int) throws(CaptureError) {
    self.path = path
    let (folder, name) = Self.split(path)
    let beside = "\(folder).\(name).part"
    self.beside = beside
    if let objection = ReplacedFile.objection(to: path) { throw .unwritable(path: path, reason: objection) }
    let (container, codec, quality, ticks) =
      switch format {
      case .avi(let quantiser): ("avi", "mpeg4", quantiser, rate)
      case .mp4(let quantiser): ("mp4", "mpeg4", quantiser, rate)
      case .h264(let factor) where unsafe cffmpeg_can_encode("libx264") != 0:
        ("mp4", "libx264", factor, Self.ticksPerSecond)
      case .h264: ("mp4", "mpeg4", 4, Self.ticksPerSecondOfMPEG4)
      case .gif: ("gif", "gif", 0, rate)
      case .jpeg(let quantiser): ("image2pipe", "mjpeg", quantiser, rate)
      }
    var created: OpaquePointer?
    let code = unsafe container.withCString { (container) in
      unsafe codec.withCString { (codec) in
        var film = unsafe cffmpeg_film(
          container: container, codec: codec, width: Int32(size.width), height: Int32(size.height), rate: Int32(rate),
          ticks: Int32(ticks), quality: Int32(quality))
        return unsafe cffmpeg_create(beside, &film, &created)
      }
    }
    guard code == 0 else { throw .unwritable(path: path, reason: mediaReason(code)) }
    unsafe handle = created
  }

  deinit {
    guard let handle = unsafe handle else { return }
    unsafe cffmpeg_abandon(handle)
    unsafe unlink(beside)
  }

  /// Adds a picture of width·height·3 bytes of RGB.
  ///
  /// - Parameters:
  ///   - pixels: the picture's rows.
  ///   - time: when it is first shown, with `h264`; if omitted, and for other formats, pictures follow each other at
  ///     the frame rate. A time that is not after the previous picture's is moved to just after it.
  /// - Throws: `CaptureError.unwritable`.
  package mutating func add(_ pixels: [UInt8], at time: Duration? = nil) throws(CaptureError) {
    let nanoseconds = time?.wholeNanoseconds ?? Int64.min
    let code = unsafe pixels.withUnsafeBufferPointer { (bytes) in
      unsafe cffmpeg_add(handle, bytes.baseAddress, bytes.count, nanoseconds)
    }
    guard code >= 0 else { throw .unwritable(path: path, reason: mediaReason(code)) }
  }

  package consuming func finish() throws(CaptureError) {
    let handle = unsafe handle
    unsafe self.handle = nil
    let code = unsafe cffmpeg_finish(handle)
    guard code >= 0 else {
      unsafe unlink(beside)
      throw .unwritable(path: path, reason: mediaReason(code))
    }
    let descriptor = unsafe open(beside, O_RDWR | O_CLOEXEC)
    let isSynced = descriptor >= 0 && fsync(descriptor) == 0 && close(descriptor) == 0
    guard isSynced, unsafe rename(beside, path) == 0 else {
      let reason = reasonText(errno)
      unsafe unlink(beside)
      throw .unwritable(path: path, reason: reason)
    }
  }

  /// The folder including its slash, and the file name.
  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[...slash]), String(path[path.index(after: slash)...]))
  }
}
