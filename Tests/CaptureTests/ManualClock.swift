import Capture
import Synchronization

/// A clock that only advances when somebody sleeps on it.
final class ManualClock: Sendable {
  private let time: Mutex<Duration>

  init(start: Duration) { time = Mutex(start) }

  func advance(_ duration: Duration) { time.withLock { $0 += duration } }

  var clock: FrameClock {
    FrameClock(
      now: { self.time.withLock { $0 } },
      sleep: { (duration) in self.advance(max(duration, .zero)) })
  }
}
