internal import Glibc

/// The clock that frames are timed by: the current time, and a way to wait.
///
/// Cameras stamp frames with CLOCK_MONOTONIC, so files and rendered people in real time do too. It differs from Swift's
/// `ContinuousClock`, which keeps running while the machine sleeps. Tests pass their own clock.
package struct FrameClock: Sendable {
  package var now: @Sendable () -> Duration
  /// Waits this long; returns at once for zero or less.
  package var sleep: @Sendable (Duration) -> Void

  package init(now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) -> Void) {
    self.now = now
    self.sleep = sleep
  }

  /// CLOCK_MONOTONIC.
  package static let monotonic = FrameClock(
    now: {
      var time = timespec()
      unsafe clock_gettime(CLOCK_MONOTONIC, &time)
      return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    },
    sleep: { (duration) in
      guard duration > .zero else { return }
      let (seconds, attoseconds) = duration.components
      var wanted = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
      var left = timespec()
      while unsafe clock_nanosleep(CLOCK_MONOTONIC, 0, &wanted, &left) == EINTR { wanted = left }
    })
}

extension Duration {
  /// Whole nanoseconds, clamped to what an `Int64` can hold.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflows ? (seconds < 0 ? .min : .max) : product + attoseconds / 1_000_000_000
  }

  /// Seconds as a fraction, for messages and rates.
  package var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
