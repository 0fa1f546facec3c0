/// What time each frame of a live source has, on the clock of `FrameClock`: the one place that decides it.
///
/// A frame has the stamp of its camera or stream, moved by a correction that stays the same from frame to frame, so that
/// what network and buffers add in jitter does not show. A frame is never in the future: what would be after its arrival
/// is placed at its arrival, and the correction with it. Nor does it fall behind: at the end of each `span` the correction
/// gives back what even the timeliest frame was late by.
///
/// A stamp that is missing, or the same again, counts as if it had come in time. A stamp that steps back by no more than
/// `longestLag` gives the frame the time of the one before, which samplers pass over. One that leaps further counts as
/// missing, until the next one agrees with it: then the source has another clock. While stamps do not run at the speed of
/// time, arrival counts. Whatever was changed is counted.
///
/// Pure: stamps and arrivals in, times out.
struct LiveTimes: Sendable {
  /// How far a frame may lie behind its arrival; with a slow camera's interval still less than a hole.
  static let longestLag = Duration.milliseconds(700)
  /// How long the correction stays as it is.
  static let span = Duration.seconds(2)
  /// Stamps that advance by less or more than this in a second, for so many spans in a row, are no times.
  private static let honestSpeed = 0.9...1.1
  private static let spansToJudge = 3
  /// A correction by less than this is not worth counting.
  private static let notable = Duration.milliseconds(20)

  /// A frame as it came.
  private struct Arrival {
    var stamp: Duration
    var time: Duration

    /// How much longer it took from here to `other` by the clock than by the stamps.
    func excess(to other: Arrival) -> Duration { (other.time - time) - (other.stamp - stamp) }
  }

  /// Frames whose stamp was missing or wrong.
  private(set) var corrected = 0
  /// True while stamps do not run as time does, so that arrival counts.
  private(set) var goesByArrival = false

  private let isOurClock: Bool
  /// What stamps need to become times on our clock.
  private var correction: Duration?
  private var lastStamp: Duration?
  private var lastTime: Duration?
  /// The newest frame whose stamp was believed.
  private var believed: Arrival?
  /// A frame whose stamp leapt.
  private var doubted: Arrival?
  /// How late the newest believed frame was.
  private var lag = Duration.zero
  /// The first frame of the span, and the least lag since.
  private var spanBegin: Arrival?
  private var leastLag = Duration.zero
  private var slowSpans = 0
  private var fastSpans = 0
  private var honestSpans = 0

  /// - Parameter isOurClock: the stamps are times on our clock, as a driver gives them.
  init(isOurClock: Bool) {
    self.isOurClock = isOurClock
    correction = isOurClock ? .zero : nil
  }

  /// The time of the next frame; at most `arrival`, and not before the last one's.
  ///
  /// - Parameters:
  ///   - stamp: what the source says.
  ///   - arrival: when it came; not before the last one's.
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
      // One stamp alone of our own clock that is ahead of time moves nothing.
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

  /// False for a stamp that leapt; true again once two agree.
  private mutating func isBelieved(_ frame: Arrival) -> Bool {
    func agrees(_ other: Arrival) -> Bool {
      let excess = other.excess(to: frame)
      return excess <= Self.longestLag && excess >= .zero - Self.longestLag
    }
    guard let believed else {
      // The first one; on our own clock it may already be far off.
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

  /// Gives back what every frame of a span was late by, and sees whether stamps run as time does.
  private mutating func endSpan(with frame: Arrival) {
    guard let begin = spanBegin else {
      (spanBegin, leastLag) = (frame, lag)
      return
    }
    let passed = frame.time - begin.time
    guard passed >= Self.span else { return }
    // On our own clock an honest stamp is the truth, and what it lags behind is how long the frame took.
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
