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
  package init(_ options: StreamOptions, decodesExactly: Bool = false) throws(CaptureError) {
    stream = options.makeStream()
    decoder = try ChosenFrameDecoder(options.preprocessing, isExact: decodesExactly)
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
    _ source: inout any FrameSource & ~Copyable, timeout: Duration, windowDue: (borrowing FrameRing) -> Void
  ) throws(CaptureError) -> Step {
    switch try source.next(into: &frame, timeout: timeout) {
    case .timedOut: return .timedOut
    case .ended:
      let before = stream.sampler.counters.unusable
      _ = stream.finish(decode: decoder.decode, window: windowDue)
      return .ended(skipped: failure(since: before))
    case .frame:
      let (time, before) = (frame.timestamp, stream.sampler.counters.unusable)
      _ = stream.push(&frame, decode: decoder.decode, window: windowDue)
      return .frame(time: time, skipped: failure(since: before))
    }
  }

  /// Why a frame could not be used, if more could not than `before`.
  private func failure(since before: Int) -> (any Error)? {
    stream.sampler.counters.unusable > before ? stream.sampler.lastFailure : nil
  }

  /// Forgets the samples: what comes next has nothing to do with what came before.
  package mutating func restart() { stream.restart() }
}

/// Decodes the JPEG frames that became samples; a class, since the stream calls it while it is being changed itself.
private final class ChosenFrameDecoder {
  private var decoder: FrameDecoder
  private let preprocessing: ClipPreprocessing
  private let isExact: Bool

  init(_ preprocessing: ClipPreprocessing, isExact: Bool) throws(CaptureError) {
    decoder = try FrameDecoder()
    self.preprocessing = preprocessing
    self.isExact = isExact
  }

  func decode(_ frame: Frame, into target: inout Frame) throws {
    let scale: FrameDecoder.Scale = isExact ? .exact : .covering(preprocessing.minimumDecodedSize(of: frame.size))
    try decoder.decode(frame, into: &target, scale: scale)
  }
}
