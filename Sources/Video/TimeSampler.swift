/// How many samples a second, as a fraction, so that NTSC rates are exact.
package struct SampleRate: Hashable, Sendable, CustomStringConvertible {
  package let numerator: Int
  package let denominator: Int

  /// `numerator / denominator` samples a second, as 30000/1001.
  package init(_ numerator: Int, per denominator: Int = 1) {
    precondition((1...1_000_000_000).contains(numerator) && (1...1_000_000_000).contains(denominator))
    self.numerator = numerator
    self.denominator = denominator
  }

  /// A rate in Hz, kept to six decimals; nil unless it is between 0.001 and 1000.
  package init?(hertz: Double) {
    guard hertz >= 0.001, hertz <= 1000 else { return nil }
    self.init(Int((hertz * 1_000_000).rounded()), per: 1_000_000)
  }

  package var hertz: Double { Double(numerator) / Double(denominator) }

  package var description: String { "\(hertz) Hz" }

  /// The time of tick `index` after tick 0, rounded to a nanosecond; computed anew each time, so it does not drift.
  package func offset(ofTick index: Int) -> Duration {
    let scaled = Int128(index) * 1_000_000_000 * Int128(denominator)
    let nanoseconds = (2 * scaled + Int128(numerator)) / (2 * Int128(numerator))
    return .nanoseconds(Int64(clamping: nanoseconds))
  }
}

/// Which frames become samples: each tick of the sample rate takes the frame nearest to it in time.
///
/// Tick 0 is the first frame's time. Of two frames equally near the earlier counts; a frame with the same time as the
/// one before is not looked at. A tick is settled when a frame at or after it has arrived, so the same frames give the
/// same samples, live or from a file. A clock that jumps back and a gap above the limit begin a new run of ticks.
/// Pure: times in, decisions out; at most two frames matter at a time, the newest and the one before.
///
/// - Source: methods.md 1.5.
package struct TimeSampler: Sendable {
  /// What the arrival of a frame settles.
  package struct Step: Equatable, Sendable {
    package enum Kind: Sendable {
      /// The run of ticks goes on.
      case continues
      /// A new run of ticks begins with this frame; the ticks still open are given up.
      case begins
      /// The frame has the time of the one before; forget it.
      case ignored
    }

    package var kind: Kind
    /// How many ticks take the frame before.
    package var previous: Int
    /// How many ticks after those take the new frame.
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
  ///   - rate: samples a second.
  ///   - maximumGap: frames further apart than this begin a new run, so that no window spans the gap.
  ///   - minimumFrameInterval: how close frames can follow each other. A tick up to half of it after a frame goes to
  ///     that frame at once rather than when the next one arrives. Zero waits always; for cameras of up to 120 fps
  ///     8 ms gives the same samples, earlier.
  package init(
    rate: SampleRate = SampleRate(15), maximumGap: Duration = .seconds(1), minimumFrameInterval: Duration = .zero
  ) {
    precondition(maximumGap > .zero && minimumFrameInterval >= .zero)
    self.rate = rate
    self.maximumGap = maximumGap
    self.minimumFrameInterval = minimumFrameInterval
  }

  /// The time of the next tick that is open; nil before the first frame.
  package var nextTime: Duration? { start.map { $0 + rate.offset(ofTick: nextTick) } }

  /// What a frame taken at `time` settles; changes nothing.
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

  /// Takes the next open tick as filled and returns its time; called once for each tick of a step.
  package mutating func settleTick() -> Duration {
    guard let time = nextTime else { preconditionFailure("no run of ticks has begun") }
    nextTick += 1
    return time
  }

  /// Makes the frame at `time` the newest: after the ticks of the frame before are settled, before its own are.
  package mutating func accept(_ step: Step, at time: Duration) {
    switch step.kind {
    case .ignored: return
    case .begins: (start, nextTick, interval) = (time, 0, nil)
    case .continues: interval = time - latest
    }
    latest = time
    hasPrevious = true
  }

  /// Forgets the newest frame because it proved unusable; the open ticks wait for the next one.
  package mutating func forgetPrevious() {
    hasPrevious = false
  }

  /// How many open ticks go to the newest frame when none follows.
  ///
  /// A frame stands for half the time to its neighbour, so it takes a tick as far behind it as half the last interval
  /// or half a tick, whichever is less.
  package func remainder() -> Int {
    guard let start, let interval, hasPrevious else { return 0 }
    let reach = latest + min(interval, rate.offset(ofTick: 1)) / 2
    var count = 0
    while start + rate.offset(ofTick: nextTick + count) <= reach { count += 1 }
    return count
  }

  /// Begins a new run with the next frame.
  package mutating func restart() {
    start = nil
    hasPrevious = false
    interval = nil
  }
}
