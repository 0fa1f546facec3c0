/// Decides the time of each frame of a file: media time from zero, and in real time its place on a clock.
///
/// If a time steps back by at most `shortStep`, it becomes the previous frame's time, and samplers skip the frame. A
/// longer step back, or one of more than `longestStep` ahead, is a break, across which time continues at the usual
/// rate; a single such timestamp has no lasting effect. Frames that repeat the previous timestamp are spaced at the
/// usual rate.
struct MediaTimeline {
  /// A frame later than this resets the schedule; it is shorter than a gap, so a slow machine sees no gaps.
  static let tolerance = Duration.milliseconds(500)
  /// A longer step between two frames counts as a break in the stream's clock.
  static let longestStep = Duration.seconds(3600)

  /// A smaller step back is a wrong timestamp; a larger one is another clock.
  static let shortStep = Duration.seconds(1)

  /// The usual time between two frames, for frames without a time.
  private let interval: Duration
  /// The stream time of media time zero.
  private var origin: Duration?
  /// The origin before the newest break, kept for one frame in case the break was a single wrong timestamp.
  private var originBefore: Duration?
  private var lastStamp: Duration?
  private var last: Duration?
  private var lastPlaced: Duration?
  /// The clock time of media time zero.
  private var anchor: Duration?

  init(rate: Double?) {
    interval = .seconds(1 / min(max(rate ?? 25, 0.1), 1000))
  }

  /// The media time of the next frame; never before the previous frame's.
  mutating func mediaTime(of streamTime: Duration?) -> Duration {
    let expected = last.map { $0 + interval } ?? .zero
    // A repeated timestamp carries no information.
    guard let streamTime, streamTime != lastStamp else {
      last = expected
      return expected
    }
    lastStamp = streamTime
    let before = originBefore
    originBefore = nil
    var time = expected
    if let origin, let last {
      time = streamTime - origin
      if time < last, last - time <= Self.shortStep { return last }
      if let before, abs((streamTime - before - expected) / .seconds(1)) <= Self.shortStep / .seconds(1) {
        time = max(last, streamTime - before)
      } else if time < last || time > last + Self.longestStep {
        originBefore = origin
        time = expected
      }
    }
    origin = streamTime - time
    last = time
    return time
  }

  /// The next frame starts the media over; time continues.
  mutating func beginAgain() {
    origin = nil
    originBefore = nil
    lastStamp = nil
  }

  /// The clock time at which a frame is due; the first frame is due now.
  mutating func place(_ mediaTime: Duration, now: Duration) -> Duration {
    var placed = (anchor ?? now - mediaTime) + mediaTime
    if now - placed > Self.tolerance { placed = now }
    if let lastPlaced { placed = max(placed, lastPlaced) }
    anchor = placed - mediaTime
    lastPlaced = placed
    return placed
  }
}
