import Foundation

/// Tells a blocking thread to come to an end, and lets it wait for something else meanwhile.
///
/// One condition serves both, so that a thread asleep between two tries wakes at once when the daemon stops.
/// `@unchecked Sendable`: every access to the fields holds the condition's lock.
final class StopSignal: @unchecked Sendable {
  private let condition = NSCondition()
  private var stopped = false
  private var pokes = 0

  /// True once `stop` was called.
  var isSet: Bool { condition.withLock { stopped } }

  /// Ends every wait, now and later.
  func stop() {
    condition.withLock {
      stopped = true
      condition.broadcast()
    }
  }

  /// Ends the current wait, or the next one if nobody is waiting.
  func poke() {
    condition.withLock {
      pokes += 1
      condition.broadcast()
    }
  }

  /// Waits until the time is over, `poke` or `stop`.
  func wait(for duration: Duration) {
    condition.withLock {
      let deadline = Date(timeIntervalSinceNow: duration / .seconds(1))
      while !stopped && pokes == 0 && condition.wait(until: deadline) {}
      pokes = 0
    }
  }
}
