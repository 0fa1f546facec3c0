/// Chooses, for each tick of a steady clock, the camera frame nearest in time.
///
/// Ticks run at the model's sample rate from the first frame on. A camera of 10, 25 or 60 frames a second, or one that
/// slows down in the dark, so gives the same samples of the same scene. Pure: times come in, choices go out.
///
/// - Source: design: frames are sampled by time, not by arrival.
package struct TimeSampler: Sendable {
  /// Which frame fills the next tick.
  package enum Choice: Hashable, Sendable {
    /// The frame before the one that just arrived.
    case previous
    /// The one that just arrived.
    case current
  }

  /// What an arriving frame settles.
  package struct Settled: Equatable, Sendable {
    /// True when sampling began anew: the first frame, a gap longer than `longestGap`, or a clock that jumped back.
    package var restarted = false
    /// One choice a tick, in the order of ticks; `previous` never follows `current`.
    package var choices: [Choice] = []
  }

  /// Samples per second.
  package let rate: Double
  /// A longer time without a frame starts anew, so that no window spans it.
  package let longestGap: Duration

  private var start = Duration.zero
  private var nextTick = 0
  private var previous: Duration?

  package init(rate: Double, longestGap: Duration = .seconds(1)) {
    self.rate = rate
    self.longestGap = longestGap
  }

  /// Time of the tick that will be filled next.
  package var nextTickTime: Duration { time(of: nextTick) }

  /// Takes a frame's time and settles every tick up to it.
  package mutating func arrive(at time: Duration) -> Settled {
    var settled = Settled()
    guard let previous, time >= previous, time - previous <= longestGap else {
      start = time
      nextTick = 1
      self.previous = time
      settled.restarted = true
      settled.choices = [.current]
      return settled
    }
    while nextTickTime <= time {
      let tick = nextTickTime
      settled.choices.append(tick - previous <= time - tick ? .previous : .current)
      nextTick += 1
    }
    self.previous = time
    return settled
  }

  /// Settles the ticks that the last frame of a file stands for: those less than half a tick after it.
  package mutating func finish() -> [Choice] {
    guard let previous else { return [] }
    var choices: [Choice] = []
    while nextTickTime - previous < .nanoseconds(Int64(0.5e9 / rate)) {
      choices.append(.current)
      nextTick += 1
    }
    return choices
  }

  /// Computed from the tick's number, so that rounding never adds up.
  private func time(of tick: Int) -> Duration {
    start + .nanoseconds(Int64((Double(tick) * 1e9 / rate).rounded()))
  }
}
