package import Foundation

/// A moment on both clocks: monotonic time for durations, wall time for times of day.
package struct Moment: Equatable, Sendable {
  package var monotonic: Duration
  package var wall: Date

  package init(monotonic: Duration, wall: Date) {
    self.monotonic = monotonic
    self.wall = wall
  }

  /// The wall time for another monotonic time, assuming the clock is not set in between.
  package func wall(of other: Duration) -> Date { wall.addingTimeInterval((other - monotonic) / .seconds(1)) }

  /// The monotonic time for another wall time, assuming the clock is not set in between.
  package func monotonic(of other: Date) -> Duration { monotonic + .seconds(other.timeIntervalSince(wall)) }
}

extension Duration {
  /// Earlier than anything it is compared with.
  static let longAgo = Duration.seconds(-1_000_000_000_000)
}
