package import Capture
package import Pipeline
import Video

/// Draws recognition results on a recording.
///
/// Activities are back-dated: what is going on in a frame is known only seconds later. So drawing is a second pass over
/// the recording, after recognition has finished.
package struct AnnotatedVideo {
  private let result: FileRecognition.Result
  private let labels: [String]

  /// - Parameters:
  ///   - result: the result for the same recording.
  ///   - labels: the model's labels.
  package init(_ result: FileRecognition.Result, labels: [String]) {
    self.result = result
    // Done once, because transliterating is slow.
    self.labels = labels.map(\.inASCII)
  }

  /// Writes every frame at its own time, at the size of the first frame, without sound.
  ///
  /// The file appears under its name only when it is complete.
  ///
  /// - Parameters:
  ///   - source: the recording again, with times from its start.
  ///   - rate: its frames per second, at least roughly.
  ///   - path: the MP4 file to write; an existing file is replaced.
  ///   - progress: called after each frame with the frame's time.
  /// - Returns: the number of frames written.
  /// - Throws: `CaptureError` for what cannot be read or written, `AnnotationError` for what cannot be drawn.
  @discardableResult
  package func write(
    _ source: consuming any FrameSource & ~Copyable, rate: Double?, to path: String,
    progress: (Duration) -> Void = { _ in }
  ) throws -> Int {
    var picture = try DecodedPicture()
    var layout: CaptionLayout?
    var writer: MediaWriter?
    var frame = Frame()
    var count = 0
    var lastReason: String?
    let wholeRate = Int(min(max(rate ?? 25, 1), 1000).rounded())

    reading: while true {
      switch try source.next(into: &frame, timeout: .seconds(1)) {
      case .ended: break reading
      case .timedOut, .notDue: continue
      case .frame: break
      }
      do {
        try picture.take(frame)
      } catch {
        // Recognition had to skip this frame too.
        lastReason = "\(error)"
        continue
      }
      if writer == nil {
        writer = try MediaWriter(path: path, format: .h264(factor: 21), size: picture.size, rate: wholeRate)
        layout = CaptionLayout(size: picture.size)
      }
      let moment = Moment(result, labels: labels, at: frame.timestamp)
      try layout?.marks(moment).draw(on: &picture.pixels, picture.size)
      try writer?.add(picture.pixels, at: frame.timestamp)
      count += 1
      progress(frame.timestamp)
    }
    guard let finished = writer.take() else { throw AnnotationError.noFrames(reason: lastReason) }
    try finished.finish()
    return count
  }
}

/// A whole decoded frame as rows of RGB pixels.
private struct DecodedPicture: ~Copyable {
  /// The first frame's size; later frames are scaled to it.
  private(set) var size = FrameSize(width: 0, height: 0)
  var pixels: [UInt8] = []
  private var decoder: FrameDecoder
  private var decoded = Frame()
  private var plan: (format: PixelFormat, size: FrameSize, orientation: Orientation, resampler: Resampler)?

  init() throws(CaptureError) { decoder = try FrameDecoder() }

  /// - Throws: `CaptureError.undecodable` or `VideoError` for a frame without a picture.
  mutating func take(_ frame: Frame) throws {
    guard frame.format == .mjpeg else { return try convert(frame) }
    try decoder.decode(frame, into: &decoded)
    try convert(decoded)
  }

  private mutating func convert(_ frame: Frame) throws(VideoError) {
    try frame.validatePlanes()
    if pixels.isEmpty {
      size = frame.uprightSize
      pixels = [UInt8](repeating: 0, count: size.width * size.height * 3)
    }
    if plan?.format != frame.format || plan?.size != frame.size || plan?.orientation != frame.orientation {
      let shown = frame.uprightSize
      let resampler = Resampler(
        frame.format, frame.size, orientation: frame.orientation,
        rectangle: PixelRectangle(x: 0, y: 0, width: shown.width, height: shown.height), output: size)
      plan = (frame.format, frame.size, frame.orientation, resampler)
    }
    try plan?.resampler.resample(frame, into: &pixels)
  }
}
