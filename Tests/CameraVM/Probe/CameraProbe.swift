import ArgumentParser
import Basics
import CTestMedia
import Capture
import FoundationEssentials
import Synthesis
import Video

/// Captures frames from a source and prints one line of JSON for each, for the tests in the virtual machine.
@main struct CameraProbe: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "camera-probe")

  @Argument var source: String
  @Option var format: String?
  @Option var size: String?
  @Option var rate: Double?
  @Option var frames = 5
  /// Gives up after this many seconds.
  @Option var seconds = 20.0
  /// Skips this many frames at the start.
  @Option var skip = 0
  /// Writes every frame this many times, as a camera with a higher rate would show it.
  @Option var each = 1
  /// Writes every frame's bytes, those of RGB as yuyv, to a new file.
  @Option var raw: String?
  /// Writes every frame, which must be yuyv or RGB, to a new lossless AVI file.
  @Option var film: String?
  /// Adds a hash that distinguishes contents, which takes time.
  @Flag var hashes = false

  func run() throws {
    var options = SourceOptions()
    if let format {
      guard let known = V4L2Options.Format(setting: format) else { throw ValidationError("no format '\(format)'") }
      options.camera.format = known
    }
    if let size {
      let sides = size.split(separator: "x").compactMap { Int($0) }
      guard sides.count == 2 else { throw ValidationError("'\(size)' is no size") }
      options.camera.size = FrameSize(width: sides[0], height: sides[1])
    }
    options.camera.rate = rate
    do throws(CaptureError) {
      let counters = try capture(options)
      print(#"{"delivered":\#(counters.delivered),"lost":\#(counters.lost),"corrupt":\#(counters.corrupt)}"#)
    } catch {
      print(#"{"error":"\#(error)","transient":\#(error.isTransient)}"#)
      throw ExitCode(69)
    }
  }

  private func capture(_ options: SourceOptions) throws(CaptureError) -> CaptureCounters {
    var camera = try SourceDescription(parsing: source, adding: [SyntheticSource.self, Pattern.self]).open(options)
    let end = FrameClock.monotonic.now() + .seconds(seconds)
    var frame = Frame()
    var bytes: [UInt8] = []
    var (count, skipped) = (0, 0)
    while count < frames, FrameClock.monotonic.now() < end {
      let arrival = try camera.next(into: &frame, timeout: .milliseconds(200))
      if arrival == .ended { break }
      guard arrival == .frame else { continue }
      guard skipped == skip else {
        skipped += 1
        continue
      }
      if raw != nil || film != nil, frame.format == .rgb24 { frame = frame.yuyv }
      count += 1
      let milliseconds = Int(frame.timestamp.inSeconds * 1000)
      print(
        #"{"format":"\#(frame.format.rawValue)","size":"\#(frame.size)","sequence":\#(frame.sequence),"#
          + #""milliseconds":\#(milliseconds),"bytes":\#(frame.byteCount)\#(hashes ? hash(frame) : "")}"#)
      if raw != nil || film != nil {
        for _ in 0..<each { bytes += frame.bytes.prefix(frame.byteCount) }
      }
    }
    if let film { try write(bytes, of: frame, count * each, to: film) }
    if let raw, !FileManager.default.createFile(atPath: raw, contents: Data(bytes)) {
      throw .unreadable(source: raw, reason: "it cannot be written", isTransient: false)
    }
    return camera.counters
  }

  private func write(_ bytes: [UInt8], of frame: Frame, _ count: Int, to path: String) throws(CaptureError) {
    let size = bytes.count / max(1, count)
    let code = unsafe "avi".withCString { container in
      unsafe "rawvideo".withCString { codec in
        unsafe "yuyv422".withCString { format in
          var description = unsafe ctestmedia_description(
            container: container, codec: codec, pixel_format: format, width: Int32(frame.size.width),
            height: Int32(frame.size.height), rate: Int32((rate ?? 30).rounded()), matrix: 0, full_range: -1,
            rotation: 0, mirrored: 0, key_pictures_mirrored: 0)
          var writer: OpaquePointer?
          var code = unsafe ctestmedia_open(path, &description, &writer)
          for index in 0..<count where code == 0 {
            let picture = Array(bytes[index * size..<(index + 1) * size])
            code = unsafe ctestmedia_write(writer, picture, size, Int64(Double(index) * 1000 / (rate ?? 30)))
          }
          return unsafe writer == nil ? code : min(code, ctestmedia_close(writer))
        }
      }
    }
    if code != 0 { throw .unreadable(source: path, reason: "it cannot be written (\(code))", isTransient: false) }
  }

  /// Over a frame's words of eight bytes.
  private func hash(_ frame: Frame) -> String {
    var hash: UInt64 = SplitMix64.increment
    unsafe frame.bytes.withUnsafeBytes { (bytes) in
      for at in stride(from: 0, to: frame.byteCount - 7, by: 8) {
        hash = SplitMix64.scattered(hash ^ (unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
      }
    }
    return #","hash":"\#(String(hash, radix: 16))""#
  }
}
