import Video

/// A sampler with its ring, combined as in the pipeline: frames in, windows out.
///
struct SampleStream: Sendable {
  /// Samples between two windows.
  let hop: Int
  private(set) var sampler: FrameSampler
  private(set) var ring: FrameRing

  /// A stream before its first frame, with windows of `frames` samples, one every `hop` samples.
  init(
    _ preprocessing: ClipPreprocessing, frames: Int = 64, hop: Int = 8, sampler: TimeSampler = TimeSampler()
  ) {
    precondition(hop > 0)
    self.hop = hop
    self.sampler = FrameSampler(preprocessing, sampler: sampler)
    ring = FrameRing(capacity: frames, size: preprocessing.size)
  }

  /// The result of one frame.
  struct Progress: Equatable, Sendable {
    package var samples = 0
    package var windows = 0
  }

  /// Takes the next frame like `FrameSampler.push`, and returns the result.
  ///
  /// `window` is called once for each window that is due, with the ring that contains it, and copies the window; if it
  /// throws, the push ends.
  mutating func push<Failure: Error>(
    _ frame: inout Frame, decode: FrameSampler.Decode, window: (borrowing FrameRing) throws(Failure) -> Void
  ) throws(Failure) -> Progress {
    var progress = Progress()
    try sampler.push(&frame, decode: decode) { (sample, picture) throws(Failure) in
      try ring.append(sample, picture, hop, &progress, window)
    }
    return progress
  }

  /// Processes what the last frame still requires at the end of the stream; the next frame starts a new one.
  mutating func finish<Failure: Error>(
    decode: FrameSampler.Decode, window: (borrowing FrameRing) throws(Failure) -> Void
  ) throws(Failure) -> Progress {
    var progress = Progress()
    try sampler.finish(decode: decode) { (sample, picture) throws(Failure) in
      try ring.append(sample, picture, hop, &progress, window)
    }
    return progress
  }

  /// Empties the ring and restarts with the next frame, as after the camera was lost.
  mutating func restart() {
    sampler.restart()
    ring.removeAll()
  }
}

extension FrameRing {
  fileprivate mutating func append<Failure: Error>(
    _ sample: Sample, _ picture: [UInt8], _ hop: Int, _ progress: inout SampleStream.Progress,
    _ window: (borrowing FrameRing) throws(Failure) -> Void
  ) throws(Failure) {
    append(sample, picture: picture)
    progress.samples += 1
    guard isWindowDue(hop: hop) else { return }
    progress.windows += 1
    try window(self)
  }
}
