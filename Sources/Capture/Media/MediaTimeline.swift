/// What time each frame of a file has: media time from zero, and in real time where that lies on a clock.
///
/// A time that steps back by no more than `shortStep` becomes that of the frame before, which samplers pass over; a longer
/// step back, or one of more than `longestStep` ahead, is a break, over which time goes on at the usual rate; a single such
/// stamp breaks nothing. Frames with the stamp of the one before come at the usual rate.
struct MediaTimeline {
  /// What is late by more than this is placed anew; less than a hole, so that a slow machine sees no holes.
  static let tolerance = Duration.milliseconds(500)
  /// A longer step from one frame to the next is taken for a break in the stream's clock.
  static let longestStep = Duration.seconds(3600)

  /// A step back by no more than this is a stamp gone wrong; more is another clock.
  static let shortStep = Duration.seconds(1)

  /// The usual time from one frame to the next, for frames without a time.
  private let interval: Duration
  /// Stream time of media time zero.
  private var origin: Duration?
  /// Of before the newest break, for one frame: that break may have been a single stamp gone wrong.
  private var originBefore: Duration?
  private var lastStamp: Duration?
  private var last: Duration?
  private var lastPlaced: Duration?
  /// Clock time of media time zero.
  private var anchor: Duration?

  init(rate: Double?) {
    interval = .seconds(1 / min(max(rate ?? 25, 0.1), 1000))
  }

  /// The media time of the next frame; never before that of the frame ahead of it.
  mutating func mediaTime(of streamTime: Duration?) -> Duration {
    let expected = last.map { $0 + interval } ?? .zero
    // The same stamp again says nothing.
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

  /// The next frame begins the media again; time goes on.
  mutating func beginAgain() {
    origin = nil
    originBefore = nil
    lastStamp = nil
  }

  /// The time on the clock at which a frame is due, the first one now.
  mutating func place(_ mediaTime: Duration, now: Duration) -> Duration {
    var placed = (anchor ?? now - mediaTime) + mediaTime
    if now - placed > Self.tolerance { placed = now }
    if let lastPlaced { placed = max(placed, lastPlaced) }
    anchor = placed - mediaTime
    lastPlaced = placed
    return placed
  }
}
