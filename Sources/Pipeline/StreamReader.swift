package import Capture
package import Video

/// Takes frames from a source and puts them into a sample stream, decoding the chosen JPEG frames.
///
/// The one loop body of the daemon's capture threads and of file recognition.
package struct StreamReader: ~Copyable {
  package private(set) var stream: SampleStream
  private let decoder: ChosenFrameDecoder
  private var frame = Frame()

  /// - Parameters:
  ///   - options: sampling and preparation.
  ///   - decodesExactly: decodes JPEG at full size, as in training, though a reduced size would do.
  /// - Throws: `CaptureError` when libjpeg-turbo cannot start.
  package init(_ options: SampleStream.Options, decodesExactly: Bool = false) throws(CaptureError) {
    stream = SampleStream(options)
    decoder = try ChosenFrameDecoder(isExact: decodesExactly)
  }

  /// How one step ended.
  package enum Step: Sendable {
    /// A frame was taken; the error is why an earlier one could not be used.
    case frame(time: Duration, skipped: (any Error)?)
    case timedOut
    case ended(skipped: (any Error)?)
  }

  /// Waits for one frame and samples it.
  ///
  /// - Throws: what the source throws; the stream then waits for the next source.
  package mutating func step(
    _ source: inout any FrameSource & ~Copyable, timeout: Duration, windowDue: (FrameRing) -> Void
  ) throws(CaptureError) -> Step {
    switch try source.next(into: &frame, timeout: timeout) {
    case .timedOut: return .timedOut
    case .ended:
      let skipped = stream.finish(decode: decoder.decode, windowDue: windowDue)
      return .ended(skipped: skipped)
    case .frame:
      let time = frame.timestamp
      let skipped = stream.push(&frame, decode: decoder.decode, windowDue: windowDue)
      return .frame(time: time, skipped: skipped)
    }
  }

  /// Forgets the samples: what comes next has nothing to do with what came before.
  package mutating func restart() { stream.restart() }
}

/// Decodes the JPEG frames that became samples; a class, since the stream calls it while it is being changed itself.
private final class ChosenFrameDecoder {
  private var decoder: FrameDecoder
  private let isExact: Bool

  init(isExact: Bool) throws(CaptureError) {
    decoder = try FrameDecoder()
    self.isExact = isExact
  }

  func decode(_ frame: Frame, covering smallest: FrameSize, into target: inout Frame) throws {
    try decoder.decode(frame, into: &target, scale: isExact ? .exact : .covering(smallest))
  }
}
