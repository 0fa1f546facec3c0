package import Foundation

/// An instant on both clocks: monotonic time for durations, wall time for times of day.
package struct Moment: Equatable, Sendable {
  package var monotonic: Duration
  package var wall: Date

  package init(monotonic: Duration, wall: Date) {
    self.monotonic = monotonic
    self.wall = wall
  }

  /// Wall time of another monotonic time, if no clock is set in between.
  package func wall(of other: Duration) -> Date { wall.addingTimeInterval((other - monotonic) / .seconds(1)) }

  /// Monotonic time of another wall time, if no clock is set in between.
  package func monotonic(of other: Date) -> Duration { monotonic + .seconds(other.timeIntervalSince(wall)) }
}

extension Duration {
  /// Before everything that can be compared with it.
  static let longAgo = Duration.seconds(-1_000_000_000_000)
}
