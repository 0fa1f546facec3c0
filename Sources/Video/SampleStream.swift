/// Frames in, windows out: sampling by time, preparation and the ring of one camera or file.
///
/// Only frames that a tick chose are decoded and prepared. The caller owns the thread and decides what happens to a
/// window, so the daemon and file recognition share every step.
package struct SampleStream: Sendable {
  /// How a stream is sampled and cut.
  package struct Options: Hashable, Sendable {
    /// Samples per second.
    package var rate: Double
    /// Samples of a window.
    package var frames: Int
    /// Samples from one window to the next.
    package var hop: Int
    package var preprocessing: ClipPreprocessing.Options

    package init(rate: Double = 15, frames: Int = 64, hop: Int = 8, preprocessing: ClipPreprocessing.Options) {
      self.rate = rate
      self.frames = frames
      self.hop = hop
      self.preprocessing = preprocessing
    }
  }

  /// What happened to the frames so far.
  package struct Counters: Equatable, Sendable {
    package var frames = 0
    package var samples = 0
    /// Samples made from the same frame as the one before.
    package var repeated = 0
    /// Frames the source lost.
    package var dropped = 0
    /// Chosen frames that could not be decoded or prepared.
    package var unusable = 0
    /// Times that sampling began anew, the first included.
    package var restarts = 0
    /// Windows that came due.
    package var windows = 0

    package init() {}
  }

  package let options: Options
  package private(set) var ring: FrameRing
  package private(set) var counters = Counters()

  private var sampler: TimeSampler
  private var preprocessing: ClipPreprocessing
  /// The frame before the one that arrives; its storage goes back to the source by swapping.
  private var held = Frame()
  /// True when the ring's newest sample was made from `held`.
  private var heldIsNewest = false
  private var decoded = Frame()
  /// Frames lost since the newest sample.
  private var lost = 0
  /// Samples since sampling began anew.
  private var run = 0

  package init(_ options: Options) {
    self.options = options
    sampler = TimeSampler(rate: options.rate)
    preprocessing = ClipPreprocessing(options.preprocessing)
    ring = FrameRing(capacity: options.frames, sampleByteCount: preprocessing.sampleByteCount)
  }

  /// An empty window of this stream's shape.
  package func makeWindow() -> ClipWindow {
    ClipWindow(frames: options.frames, sampleByteCount: preprocessing.sampleByteCount)
  }

  /// Takes a frame, and hands out each window that comes due.
  ///
  /// - Parameters:
  ///   - frame: the new frame; comes back with older storage for the source to fill.
  ///   - decode: makes planes of a JPEG frame, at any scale not below the given size.
  ///   - windowDue: called with the ring each time a window is complete, every `hop` samples.
  /// - Returns: the error of the last frame that had to be skipped, if any; the stream goes on.
  package mutating func push(
    _ frame: inout Frame, decode: (Frame, FrameSize, inout Frame) throws -> Void, windowDue: (FrameRing) -> Void
  ) -> (any Error)? {
    counters.frames += 1
    let settled = sampler.arrive(at: frame.timestamp)
    if settled.restarted {
      restart()
    } else {
      let missing = max(0, frame.sequence - held.sequence - 1)
      lost += missing
      counters.dropped += missing
    }
    var failure: (any Error)?
    // A frame that was chosen before it arrived is `previous`; the swap in between makes both the held one.
    for choice in settled.choices where choice == .previous { failure = addHeld(decode, windowDue) ?? failure }
    swap(&held, &frame)
    heldIsNewest = false
    for choice in settled.choices where choice == .current { failure = addHeld(decode, windowDue) ?? failure }
    return failure
  }

  /// Settles what the last frame stands for when a file has ended.
  package mutating func finish(
    decode: (Frame, FrameSize, inout Frame) throws -> Void, windowDue: (FrameRing) -> Void
  ) -> (any Error)? {
    var failure: (any Error)?
    for _ in sampler.finish() { failure = addHeld(decode, windowDue) ?? failure }
    return failure
  }

  /// Forgets the samples, so that no window spans what came before and what comes next.
  package mutating func restart() {
    ring.removeAll()
    heldIsNewest = false
    lost = 0
    run = 0
    counters.restarts += 1
  }

  private mutating func addHeld(
    _ decode: (Frame, FrameSize, inout Frame) throws -> Void, _ windowDue: (FrameRing) -> Void
  ) -> (any Error)? {
    var failure: (any Error)?
    var mark = SampleMark(
      index: counters.samples, time: held.timestamp, isRepeated: heldIsNewest, dropped: lost, motion: 0)
    if heldIsNewest {
      ring.appendRepeat(mark)
    } else {
      do {
        if held.format == .mjpeg {
          try decode(held, preprocessing.smallestUsefulSize(of: held.size), &decoded)
          try prepare(decoded, mark)
        } else {
          try prepare(held, mark)
        }
        heldIsNewest = true
      } catch {
        failure = error
        counters.unusable += 1
        // The tick still has to be filled; without any picture yet, sampling waits for the next frame.
        guard ring.count > 0 else { return failure }
        mark.isRepeated = true
        ring.appendRepeat(mark)
      }
    }
    ring.setMotionOfNewest(ring.newestDifference())
    lost = 0
    run += 1
    counters.samples += 1
    counters.repeated += mark.isRepeated ? 1 : 0
    if run >= options.frames, (run - options.frames) % options.hop == 0 {
      counters.windows += 1
      windowDue(ring)
    }
    return failure
  }

  private mutating func prepare(_ picture: Frame, _ mark: SampleMark) throws(VideoError) {
    try ring.append(mark) { (sample) throws(VideoError) in try preprocessing.prepare(picture, into: &sample) }
  }
}
