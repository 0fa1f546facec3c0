/// Decides what time each frame of a live source has, on the clock of `FrameClock`; nothing else does.
///
/// A frame's time is the timestamp of its camera or stream plus a correction that stays the same from frame to frame,
/// so that jitter from network and buffers does not show. A frame is never in the future: one that would be is placed
/// at its arrival, and the correction changes with it. Nor does it fall behind: at the end of each `span`, the
/// correction is changed by as much as even the timeliest frame was late.
///
/// A timestamp that is missing, or repeated, counts as if it had arrived on time. If a timestamp steps back by at most
/// `longestLag`, the frame gets the previous frame's time, and samplers skip it. One that jumps further counts as
/// missing until the next one agrees with it: then the source's clock was changed. While timestamps do not advance at
/// the speed of time, frames are timed by arrival. Every corrected frame is counted.
///
/// Pure: timestamps and arrivals in, times out.
struct LiveTimes: Sendable {
  /// How far a frame may lie before its arrival; even with a slow camera's interval added, this is still shorter than a
  /// gap.
  static let longestLag = Duration.milliseconds(700)
  /// How long the correction is left unchanged.
  static let span = Duration.seconds(2)
  /// Timestamps whose speed lies outside this range for several spans in a row are not used as times.
  private static let honestSpeed = 0.9...1.1
  private static let spansToJudge = 3
  /// A smaller correction is not counted.
  private static let notable = Duration.milliseconds(20)

  /// A frame's timestamp and arrival.
  private struct Arrival {
    var stamp: Duration
    var time: Duration

    /// How much more time passed until `other` by the clock than by the timestamps.
    func excess(to other: Arrival) -> Duration { (other.time - time) - (other.stamp - stamp) }
  }

  /// Frames whose timestamp was missing or wrong.
  private(set) var corrected = 0
  /// True while timestamps do not advance at the speed of time, so that frames are timed by arrival.
  private(set) var goesByArrival = false

  private let isOurClock: Bool
  /// What to add to timestamps to get times on our clock.
  private var correction: Duration?
  private var lastStamp: Duration?
  private var lastTime: Duration?
  /// The newest frame whose timestamp was accepted.
  private var believed: Arrival?
  /// A frame whose timestamp jumped.
  private var doubted: Arrival?
  /// How late the newest accepted frame was.
  private var lag = Duration.zero
  /// The span's first frame, and the least lag since.
  private var spanBegin: Arrival?
  private var leastLag = Duration.zero
  private var slowSpans = 0
  private var fastSpans = 0
  private var honestSpans = 0

  /// - Parameter isOurClock: whether the timestamps are already on our clock, as a driver's are.
  init(isOurClock: Bool) {
    self.isOurClock = isOurClock
    correction = isOurClock ? .zero : nil
  }

  /// The time of the next frame: at most `arrival`, and not before the previous frame's time.
  ///
  /// - Parameters:
  ///   - stamp: the source's timestamp.
  ///   - arrival: when it arrived; not before the previous arrival.
  /// - Returns: its time.
  mutating func time(ofStamp stamp: Duration?, arrival: Duration) -> Duration {
    let placed = place(stamp, arrival)
    let time = min(arrival, lastTime.map { max($0, placed) } ?? placed)
    lastTime = time
    return time
  }

  private mutating func place(_ stamp: Duration?, _ arrival: Duration) -> Duration {
    guard let stamp, stamp != lastStamp else {
      if lastStamp != nil { corrected += 1 }
      return arrival - lag
    }
    lastStamp = stamp
    let frame = Arrival(stamp: stamp, time: arrival)
    guard isBelieved(frame) else {
      corrected += 1
      return arrival - lag
    }
    let wasDoubted = doubted != nil
    let previous = believed
    believed = frame
    doubted = nil
    if goesByArrival {
      endSpan(with: frame)
      return arrival
    }
    let offset = correction ?? arrival - stamp
    let time = stamp + offset
    if isOurClock, time - arrival > Self.notable, !wasDoubted {
      // A single timestamp ahead of time on our own clock changes no correction.
      corrected += 1
      (believed, doubted) = (previous, frame)
      return arrival - lag
    }
    if let lastTime, time < lastTime, lastTime - time <= Self.longestLag, arrival - lastTime <= Self.longestLag {
      corrected += 1
      return lastTime
    }
    if time > arrival || arrival - time > Self.longestLag {
      if time - arrival > Self.notable || time < arrival { corrected += 1 }
      correction = arrival - stamp
    } else {
      correction = offset
    }
    lag = max(arrival - time, .zero) > Self.longestLag ? .zero : max(arrival - time, .zero)
    leastLag = min(leastLag, lag)
    endSpan(with: frame)
    return arrival - lag
  }

  /// False for a timestamp that jumped; true again once two agree.
  private mutating func isBelieved(_ frame: Arrival) -> Bool {
    func agrees(_ other: Arrival) -> Bool {
      let excess = other.excess(to: frame)
      return excess <= Self.longestLag && excess >= .zero - Self.longestLag
    }
    guard let believed else {
      // The first one; even on our own clock it may be far off.
      guard let correction else { return true }
      let late = frame.time - (frame.stamp + correction)
      guard late < .zero || late > Self.longestLag, doubted.map(agrees) != true else { return true }
      doubted = frame
      return false
    }
    if agrees(believed) { return true }
    guard let other = doubted, agrees(other) else {
      doubted = frame
      return false
    }
    correction = frame.time - frame.stamp
    spanBegin = nil
    return true
  }

  /// Reduces the correction by the lag of every frame in the span, and checks whether timestamps advance at the speed
  /// of time.
  private mutating func endSpan(with frame: Arrival) {
    guard let begin = spanBegin else {
      (spanBegin, leastLag) = (frame, lag)
      return
    }
    let passed = frame.time - begin.time
    guard passed >= Self.span else { return }
    // On our own clock a correct timestamp is the truth, and its lag is the time the frame took to arrive.
    let surplus = isOurClock ? min(leastLag, .zero - (correction ?? .zero)) : leastLag
    if surplus > .zero {
      if surplus > Self.notable { corrected += 1 }
      correction = correction.map { $0 + surplus }
      lag -= surplus
    }
    let speed = (frame.stamp - begin.stamp) / passed
    slowSpans = speed < Self.honestSpeed.lowerBound ? slowSpans + 1 : 0
    fastSpans = speed > Self.honestSpeed.upperBound ? fastSpans + 1 : 0
    honestSpans = slowSpans + fastSpans == 0 ? honestSpans + 1 : 0
    if max(slowSpans, fastSpans) == Self.spansToJudge {
      goesByArrival = true
      corrected += 1
      lag = .zero
    } else if goesByArrival, honestSpans >= Self.spansToJudge {
      goesByArrival = false
      correction = frame.time - frame.stamp
    }
    (spanBegin, leastLag) = (frame, lag)
  }
}
