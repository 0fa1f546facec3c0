import Synchronization

/// A worker's word that it will be heard of again: how the supervisor tells one that waits from one that hangs.
final class Lifeline: Sendable {
  /// What it is called in the log.
  let name: String
  /// By when it will be heard of again, on the clock that the supervisor reads; `nil` while it may wait for ever.
  private let promise = Mutex<SuspendingClock.Instant?>(nil)

  init(_ name: String) { self.name = name }

  /// It will be heard of again within that time.
  func promise(within time: Duration, now: SuspendingClock.Instant = .now) { promise.withLock { $0 = now + time } }

  /// It waits for work, however long that takes.
  func rest() { promise.withLock { $0 = nil } }

  /// How long a promise has been broken; `nil` while none is.
  func overdue(now: SuspendingClock.Instant = .now) -> Duration? {
    promise.withLock { promise in promise.flatMap { $0 < now ? now - $0 : nil } }
  }

  /// What is wrong, in words.
  func complaint(overdue: Duration) -> String {
    "\(name) hangs: it should have been heard of \(Int(overdue / .seconds(1))) s ago"
  }
}

/// How long work of one kind may take before it counts as hanging: many times what it took so far.
struct WorkLimit {
  /// What is always allowed.
  private static let least = Duration.seconds(20)
  /// What the first piece may take, before anybody knows how fast this machine is.
  private static let first = Duration.seconds(120)
  private static let factor = 20
  private var longest: Duration?

  /// Takes how long a piece of work took.
  mutating func add(_ time: Duration) { longest = max(longest ?? .zero, time) }

  var limit: Duration { longest.map { max(Self.least, $0 * Self.factor) } ?? Self.first }
}
