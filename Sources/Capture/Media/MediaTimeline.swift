/// What time each frame of a file has: media time from zero, and in real time where that lies on a clock.
///
/// A time that steps back by no more than `shortStep` becomes that of the frame before, which samplers pass over; a longer
/// step back, or one of more than `longestStep` ahead, is a break, over which time goes on at the usual rate.
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
    var time = expected
    if let streamTime, let origin {
      time = streamTime - origin
      if let last, time < last, last - time <= Self.shortStep { return last }
      if let last, time < last || time > last + Self.longestStep { time = expected }
    }
    if let streamTime { origin = streamTime - time }
    last = time
    return time
  }

  /// The next frame begins the media again; time goes on.
  mutating func beginAgain() {
    origin = nil
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
