internal import CFFmpeg
internal import Glibc
package import Video

/// Writes a video file, or one picture, through libavformat and libavcodec.
///
/// The file has its name only when it is whole: it is written beside, synced and renamed.
@safe package struct MediaWriter: ~Copyable {
  /// A kind of file, by its encoder.
  package enum Format: Sendable {
    /// MPEG-4 part 2 in AVI, of a quantiser from 1 (best) to 31.
    case avi(quantiser: Int)
    /// The same in MP4.
    case mp4(quantiser: Int)
    /// A moving picture for web pages.
    case gif
    /// A still.
    case jpeg(quantiser: Int)
  }

  private let path: String
  private let beside: String
  private var handle: OpaquePointer?

  /// - Parameters:
  ///   - path: of the file; what was there is replaced.
  ///   - format: what kind.
  ///   - size: of all pictures.
  ///   - rate: whole pictures a second.
  /// - Throws: `CaptureError.unwritable`.
  package init(path: String, format: Format, size: FrameSize, rate: Int) throws(CaptureError) {
    self.path = path
    let (folder, name) = Self.split(path)
    let beside = "\(folder).\(name).part"
    self.beside = beside
    let (container, codec, quality) =
      switch format {
      case .avi(let quantiser): ("avi", "mpeg4", quantiser)
      case .mp4(let quantiser): ("mp4", "mpeg4", quantiser)
      case .gif: ("gif", "gif", 0)
      case .jpeg(let quantiser): ("image2pipe", "mjpeg", quantiser)
      }
    var created: OpaquePointer?
    let code = unsafe container.withCString { (container) in
      unsafe codec.withCString { (codec) in
        var film = unsafe cffmpeg_film(
          container: container, codec: codec, width: Int32(size.width), height: Int32(size.height), rate: Int32(rate),
          quality: Int32(quality))
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
  package mutating func add(_ pixels: [UInt8]) throws(CaptureError) {
    let code = unsafe pixels.withUnsafeBufferPointer { (bytes) in
      unsafe cffmpeg_add(handle, bytes.baseAddress, bytes.count)
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

  /// The folder with its slash, and the name in it.
  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[...slash]), String(path[path.index(after: slash)...]))
  }
}
