internal import Glibc

/// The clock of frames: what time it is, and how to wait.
///
/// Cameras stamp frames with CLOCK_MONOTONIC, so files and rendered people in real time do as well; it is not the
/// clock of Swift's `ContinuousClock`, which goes on while the machine sleeps. Tests pass a clock of their own.
package struct FrameClock: Sendable {
  package var now: @Sendable () -> Duration
  /// Waits this long; does nothing for zero or less.
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
  /// Whole nanoseconds, at most what an `Int64` holds.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflows ? (seconds < 0 ? .min : .max) : product + attoseconds / 1_000_000_000
  }

  /// Seconds as a fraction, for texts and rates.
  package var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
