/// Samples per second as a fraction, so that NTSC rates are exact.
package struct SampleRate: Hashable, Sendable, CustomStringConvertible {
  package let numerator: Int
  package let denominator: Int

  /// `numerator / denominator` samples per second, such as 30000/1001.
  package init(_ numerator: Int, per denominator: Int = 1) {
    precondition((1...1_000_000_000).contains(numerator) && (1...1_000_000_000).contains(denominator))
    self.numerator = numerator
    self.denominator = denominator
  }

  /// A rate in Hz, rounded to six decimals; nil unless it is between 0.001 and 1000.
  package init?(hertz: Double) {
    guard hertz >= 0.001, hertz <= 1000 else { return nil }
    self.init(Int((hertz * 1_000_000).rounded()), per: 1_000_000)
  }

  package var hertz: Double { Double(numerator) / Double(denominator) }

  package var description: String { "\(hertz) Hz" }

  /// The time of tick `index` after tick 0, rounded to a nanosecond; computed directly, so it does not drift.
  package func offset(ofTick index: Int) -> Duration {
    let scaled = Int128(index) * 1_000_000_000 * Int128(denominator)
    let nanoseconds = (2 * scaled + Int128(numerator)) / (2 * Int128(numerator))
    return .nanoseconds(Int64(clamping: nanoseconds))
  }
}

/// Selects the frames that become samples: for each tick of the sample rate, the frame nearest in time.
///
/// Tick 0 is the first frame's time. Of two equally near frames, the earlier one is used; a frame with the same time as
/// the previous one is ignored. A tick is settled when a frame at or after it has arrived, so the same frames give the
/// same samples, live or from a file. If the clock jumps back, or after a gap above the limit, a new run of ticks
/// starts. Pure: times in, decisions out; only two frames matter at a time, the newest and the previous one.
///
/// - Source: methods.md 1.5.
package struct TimeSampler: Sendable {
  /// What the arrival of a frame decides.
  package struct Step: Equatable, Sendable {
    /// Whether ticks continue, start again or ignore the frame.
    package enum Kind: Sendable {
      /// The run of ticks continues.
      case continues
      /// A new run of ticks starts with this frame; open ticks are dropped.
      case begins
      /// The frame has the same time as the previous one and is ignored.
      case ignored
    }

    package var kind: Kind
    /// Number of ticks assigned to the previous frame.
    package var previous: Int
    /// Number of ticks after those assigned to the new frame.
    package var new: Int
  }

  package let rate: SampleRate
  package let maximumGap: Duration
  package let minimumFrameInterval: Duration
  private var start: Duration?
  private var nextTick = 0
  private var latest = Duration.zero
  private var hasPrevious = false
  private var interval: Duration?

  /// A sampler before its first frame.
  ///
  /// - Parameters:
  ///   - rate: samples per second.
  ///   - maximumGap: frames further apart than this start a new run, so that no window spans the gap.
  ///   - minimumFrameInterval: the smallest distance between frames. A tick up to half of it after a frame is assigned
  ///     to that frame at once instead of when the next one arrives. Zero always waits; for cameras up to 120 fps, 8 ms
  ///     gives the same samples, earlier.
  package init(
    rate: SampleRate = SampleRate(15), maximumGap: Duration = .seconds(1), minimumFrameInterval: Duration = .zero
  ) {
    precondition(maximumGap > .zero && minimumFrameInterval >= .zero)
    self.rate = rate
    self.maximumGap = maximumGap
    self.minimumFrameInterval = minimumFrameInterval
  }

  /// The time of the next open tick; nil before the first frame.
  package var nextTime: Duration? { start.map { $0 + rate.offset(ofTick: nextTick) } }

  /// What a frame at `time` would decide; changes nothing.
  package func step(to time: Duration) -> Step {
    guard let start, let open = nextTime else { return Step(kind: .begins, previous: 0, new: 1) }
    guard time != latest else { return Step(kind: .ignored, previous: 0, new: 0) }
    guard time > latest, time - latest <= maximumGap, time - open <= maximumGap else {
      return Step(kind: .begins, previous: 0, new: 1)
    }
    var step = Step(kind: .continues, previous: 0, new: 0)
    var tick = open
    while tick <= time + minimumFrameInterval / 2 {
      if hasPrevious, step.new == 0, tick - latest <= time - tick { step.previous += 1 } else { step.new += 1 }
      tick = start + rate.offset(ofTick: nextTick + step.previous + step.new)
    }
    return step
  }

  /// Marks the next open tick as filled and returns its time; call once for each tick of a step.
  package mutating func settleTick() -> Duration {
    guard let time = nextTime else { preconditionFailure("no run of ticks has begun") }
    nextTick += 1
    return time
  }

  /// Makes the frame at `time` the newest: call after settling the previous frame's ticks, before settling its own.
  package mutating func accept(_ step: Step, at time: Duration) {
    switch step.kind {
    case .ignored: return
    case .begins: (start, nextTick, interval) = (time, 0, nil)
    case .continues: interval = time - latest
    }
    latest = time
    hasPrevious = true
  }

  /// Drops the newest frame because it is unusable; its open ticks wait for the next one.
  package mutating func forgetPrevious() {
    hasPrevious = false
  }

  /// How many open ticks belong to the newest frame if none follows.
  ///
  /// A frame covers half the time to its neighbour, so it takes ticks up to half the last interval or half a tick after
  /// it, whichever is less.
  package func remainder() -> Int {
    guard let start, let interval, hasPrevious else { return 0 }
    let reach = latest + min(interval, rate.offset(ofTick: 1)) / 2
    var count = 0
    while start + rate.offset(ofTick: nextTick + count) <= reach { count += 1 }
    return count
  }

  /// Starts a new run with the next frame.
  package mutating func restart() {
    start = nil
    hasPrevious = false
    interval = nil
  }
}
