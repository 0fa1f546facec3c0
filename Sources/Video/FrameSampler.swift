/// Turns frames into samples: selects by time, and decodes and preprocesses only the selected frames.
///
/// The newest frame is kept by swapping storage with the caller's, so nothing is copied. It contains no ring: the
/// caller appends each sample to one.
package struct FrameSampler: Sendable {
  /// Counters since the sampler was created.
  package struct Counters: Equatable, Sendable {
    package var frames = 0
    package var samples = 0
    /// Samples that show the same frame as the previous one.
    package var repeated = 0
    /// Frames missing from the source's own count, and `unusable` ones.
    package var lost = 0
    /// Selected frames that could not be decoded or converted; other frames took their ticks.
    package var unusable = 0
    /// How often a run restarted after a gap or a jump of the clock.
    package var restarts = 0

    package init() {}
  }

  /// Decodes a frame of format `mjpeg` into planes.
  package typealias Decode = (_ jpeg: Frame, _ picture: inout Frame) throws -> Void

  package private(set) var counters = Counters()
  /// Why the last unusable frame could not be used.
  package private(set) var lastFailure: (any Error)?
  private var sampler: TimeSampler
  private var preprocessor: FramePreprocessor
  /// `nil` for working pictures, where motion is measured within each person's square.
  private var motion: MotionMeter?
  private var held = Frame()
  private var heldLost = 0
  /// True if `picture` shows the held frame.
  private var isHeldReady = false
  private var hasHeldSample = false
  private var picture: [UInt8] = []
  /// Size of the newest sample.
  package private(set) var pictureSize = FrameSize(width: 0, height: 0)
  private var decoded = Frame()
  private var lastSequence: Int?
  private var beginsRun = true

  /// A sampler before its first frame.
  ///
  /// - Parameters:
  ///   - picture: the kind of samples to make.
  ///   - mounting: how the camera is mounted.
  ///   - sampler: selects frames by time.
  package init(_ picture: SamplePicture, mounting: Orientation = .upright, sampler: TimeSampler = TimeSampler()) {
    self.sampler = sampler
    preprocessor = FramePreprocessor(picture, mounting: mounting)
    if case .clip(let clip) = picture { motion = MotionMeter(size: clip.size) }
  }

  package init(_ preprocessing: ClipPreprocessing, sampler: TimeSampler = TimeSampler()) {
    self.init(.clip(preprocessing), sampler: sampler)
  }

  /// Takes the next frame and emits the samples it determines, oldest first.
  ///
  /// `frame` is returned with other storage, that of a frame no longer needed. A frame that cannot be decoded or
  /// converted is counted and skipped, as if it had not arrived.
  ///
  /// `emit` receives each sample with its rows of RGB pixels, of `pictureSize`; if it throws, the push ends.
  package mutating func push<Failure: Error>(
    _ frame: inout Frame, decode: Decode, emit: (Sample, [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    counters.frames += 1
    if let last = lastSequence, frame.sequence > last + 1 { counters.lost += frame.sequence - last - 1 }
    lastSequence = frame.sequence
    var step = sampler.step(to: frame.timestamp)
    if step.previous > 0, !prepareHeld(decode) { step = sampler.step(to: frame.timestamp) }
    try emitHeld(step.previous, emit)
    guard step.kind != .ignored else { return }
    let isReady = step.new > 0 && prepare(&frame, decode)
    guard isReady || step.new == 0 else { return }
    if step.kind == .begins { beginRun() }
    sampler.accept(step, at: frame.timestamp)
    swap(&held, &frame)
    (heldLost, isHeldReady, hasHeldSample) = (counters.lost, isReady, false)
    try emitHeld(step.new, emit)
  }

  /// Emits the remaining samples when no more frames follow: ticks shortly after the last frame.
  ///
  /// The next frame starts a new run.
  package mutating func finish<Failure: Error>(
    decode: Decode, emit: (Sample, [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    let remainder = sampler.remainder()
    if remainder > 0, prepareHeld(decode) { try emitHeld(remainder, emit) }
    restart()
  }

  /// Starts a new run with the next frame, for example after the camera was reopened; frame numbers restart too.
  package mutating func restart() {
    sampler.restart()
    isHeldReady = false
    lastSequence = nil
  }

  private mutating func beginRun() {
    if counters.samples > 0 { counters.restarts += 1 }
    beginsRun = true
    motion?.reset()
  }

  private mutating func prepareHeld(_ decode: Decode) -> Bool {
    if isHeldReady { return true }
    var frame = Frame()
    swap(&frame, &held)
    isHeldReady = prepare(&frame, decode)
    swap(&frame, &held)
    if !isHeldReady { sampler.forgetPrevious() }
    return isHeldReady
  }

  private mutating func prepare(_ frame: inout Frame, _ decode: Decode) -> Bool {
    do {
      if frame.format == .mjpeg {
        try decode(frame, &decoded)
        pictureSize = try preprocessor.process(&decoded, into: &picture)
      } else {
        pictureSize = try preprocessor.process(&frame, into: &picture)
      }
      return true
    } catch {
      lastFailure = error
      counters.unusable += 1
      counters.lost += 1
      return false
    }
  }

  private mutating func emitHeld<Failure: Error>(
    _ ticks: Int, _ emit: (Sample, [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    for _ in 0..<ticks {
      let sample = Sample(
        index: counters.samples, time: sampler.settleTick(), frameTime: held.timestamp, sequence: held.sequence,
        beginsRun: beginsRun, isRepeat: hasHeldSample, lostBefore: heldLost,
        motion: hasHeldSample ? 0 : motion?.difference(of: picture) ?? 0)
      counters.samples += 1
      counters.repeated += hasHeldSample ? 1 : 0
      (hasHeldSample, beginsRun) = (true, false)
      try emit(sample, picture)
    }
  }
}
