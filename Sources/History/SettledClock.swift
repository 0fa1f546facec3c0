import Foundation

/// The time of day as retention believes it.
///
/// What is removed does not come back, so a clock that leaps ahead is believed only once it has stayed there for a day of
/// monotonic time; meanwhile time goes on from where it was. A clock that goes back is believed at once.
struct SettledClock: Sendable {
  private static let day = Duration.seconds(86_400)
  /// What a clock may be corrected by from one look to the next.
  private static let tolerance = Duration.seconds(60)

  private var believed: (monotonic: Duration, wall: Date)
  private var leaptAt: Duration?

  /// - Parameters:
  ///   - now: both clocks.
  ///   - newest: when something last was known to be said, by an earlier run.
  init(_ now: (monotonic: Duration, wall: Date), newest: Date?) {
    believed = (now.monotonic, min(now.wall, newest ?? now.wall))
  }

  /// The time of day to go by.
  mutating func time(_ now: (monotonic: Duration, wall: Date)) -> Date {
    let expected = believed.wall.addingTimeInterval((now.monotonic - believed.monotonic) / .seconds(1))
    if now.wall > expected.addingTimeInterval(Self.tolerance / .seconds(1)) {
      let since = leaptAt ?? now.monotonic
      leaptAt = since
      guard now.monotonic - since >= Self.day else { return expected }
    }
    (believed, leaptAt) = (now, nil)
    return now.wall
  }
}
