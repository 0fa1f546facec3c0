import Foundation

/// The time of day used for retention.
///
/// Deleted messages cannot be recovered, so a clock that jumps ahead is only trusted after it has stayed there for a
/// day of monotonic time; until then, time continues from where it was. A clock that goes back is trusted at once.
struct SettledClock: Sendable {
  private static let day = Duration.seconds(86_400)
  /// How much a clock may be corrected between two calls.
  private static let tolerance = Duration.seconds(60)

  private var believed: (monotonic: Duration, wall: Date)
  private var leaptAt: Duration?

  /// - Parameters:
  ///   - now: the time on both clocks.
  ///   - newest: when an earlier run is last known to have sent a message.
  init(_ now: (monotonic: Duration, wall: Date), newest: Date?) {
    believed = (now.monotonic, min(now.wall, newest ?? now.wall))
  }

  /// The time of day to use.
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
