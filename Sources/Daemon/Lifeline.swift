import Synchronization

/// A worker's promise to report again, by which the supervisor tells a waiting worker from a hanging one.
final class Lifeline: Sendable {
  /// The worker's name in the log.
  let name: String
  /// When it will report next, on the supervisor's clock; `nil` while it may wait indefinitely.
  private let promise = Mutex<SuspendingClock.Instant?>(nil)

  init(_ name: String) { self.name = name }

  /// It will report again within this time.
  func promise(within time: Duration, now: SuspendingClock.Instant = .now) { promise.withLock { $0 = now + time } }

  /// It waits for work, however long that takes.
  func rest() { promise.withLock { $0 = nil } }

  /// How long a promise has been overdue; `nil` if none is.
  func overdue(now: SuspendingClock.Instant = .now) -> Duration? {
    promise.withLock { promise in promise.flatMap { $0 < now ? now - $0 : nil } }
  }

  /// The problem as text.
  func complaint(overdue: Duration) -> String {
    "\(name) hangs: it should have reported \(Int(overdue / .seconds(1))) s ago"
  }
}

/// How long a piece of work may take before it counts as hanging: many times the longest so far.
struct WorkLimit {
  /// The limit is never lower than this.
  private static let least = Duration.seconds(20)
  /// The limit for the first piece, before this machine's speed is known.
  private static let first = Duration.seconds(120)
  private static let factor = 20
  private var longest: Duration?

  /// Records how long a piece of work took.
  mutating func add(_ time: Duration) { longest = max(longest ?? .zero, time) }

  var limit: Duration { longest.map { max(Self.least, $0 * Self.factor) } ?? Self.first }
}
