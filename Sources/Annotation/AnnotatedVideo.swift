package import Capture
package import Pipeline
import Video

/// A recording with what was recognised drawn on it.
///
/// Recognition dates back: what goes on in a picture is known seconds later only. So this is a second pass over the
/// recording, once the first has a result.
package struct AnnotatedVideo {
  private let result: FileRecognition.Result
  private let labels: [String]

  /// - Parameters:
  ///   - result: of the same recording.
  ///   - labels: the model's.
  package init(_ result: FileRecognition.Result, labels: [String]) {
    self.result = result
    // Once, since finding letters takes time.
    self.labels = labels.map(\.inASCII)
  }

  /// Writes every frame at its own time, in the size of the first one; without sound.
  ///
  /// The file has its name only once it is whole.
  ///
  /// - Parameters:
  ///   - source: the recording again, with times from its begin.
  ///   - rate: its frames a second, or about so many.
  ///   - path: of the MP4 file; what was there is replaced.
  ///   - progress: called after each frame with its time.
  /// - Returns: frames written.
  /// - Throws: `CaptureError` for what cannot be read or written, `AnnotationError`.
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
        // A frame that recognition had to leave out as well.
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

/// A frame's whole picture as rows of RGB pixels.
private struct DecodedPicture: ~Copyable {
  /// That of the first frame; later ones are brought to it.
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
