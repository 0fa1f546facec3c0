import Video

/// A sampler with its ring, as the pipeline puts them together: frames in, windows out.
///
struct SampleStream: Sendable {
  /// Samples from one window to the next.
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

  /// What one frame brought.
  struct Progress: Equatable, Sendable {
    package var samples = 0
    package var windows = 0
  }

  /// Takes the next frame as `FrameSampler.push` does, and tells what it brought.
  ///
  /// `window` is called once for each window that is due, with the ring that holds it, and copies the window; what it
  /// throws ends the push.
  mutating func push<Failure: Error>(
    _ frame: inout Frame, decode: FrameSampler.Decode, window: (borrowing FrameRing) throws(Failure) -> Void
  ) throws(Failure) -> Progress {
    var progress = Progress()
    try sampler.push(&frame, decode: decode) { (sample, picture) throws(Failure) in
      try ring.append(sample, picture, hop, &progress, window)
    }
    return progress
  }

  /// Settles what the last frame still owes at the end of the stream; the next frame begins anew.
  mutating func finish<Failure: Error>(
    decode: FrameSampler.Decode, window: (borrowing FrameRing) throws(Failure) -> Void
  ) throws(Failure) -> Progress {
    var progress = Progress()
    try sampler.finish(decode: decode) { (sample, picture) throws(Failure) in
      try ring.append(sample, picture, hop, &progress, window)
    }
    return progress
  }

  /// Empties the ring and begins anew with the next frame, as after the camera went away.
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
