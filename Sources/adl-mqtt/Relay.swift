import Bridge
import CMosquitto
import Events
import Foundation
import Glibc
import Synchronization

/// Where the daemon's side and the broker's side meet.
final class Relay: Sendable {
  /// What both sides share, under the lock.
  struct State: Sendable {
    /// `nil` until the node's name is known.
    var translator: Translator?
    var outbox: Outbox
    /// Set once if the daemon's name differs from the one in the topics.
    var otherNode: String?
    var isStopping = false
    /// When each side was last active; `nil` while it may wait for a long time.
    var signs: [Side: ContinuousClock.Instant?] = [:]
  }

  /// Which connection a thread serves.
  enum Side: Sendable { case daemon, broker }

  private let state: Mutex<State>
  /// Readable when there may be work for the broker's side.
  let wakeUp: CInt

  init(queue: Int) {
    state = Mutex(State(outbox: Outbox(most: queue)))
    wakeUp = eventfd(0, CInt(EFD_NONBLOCK) | CInt(EFD_CLOEXEC))
    precondition(wakeUp >= 0, "no descriptor is left for an eventfd")
  }

  deinit { close(wakeUp) }

  func withState<Value: Sendable>(_ body: (inout sending State) -> Value) -> Value { state.withLock { body(&$0) } }

  /// Updates what is known about the daemon, and passes on the resulting publications.
  func translate(_ change: (inout Translator) -> [Publication]) {
    state.withLock { state in
      guard var translator = state.translator.take() else { return }
      state.outbox.put(change(&translator))
      state.translator = translator
    }
    wake()
  }

  func wake() { eventfd_write(wakeUp, 1) }

  /// Resets `wakeUp`.
  func drainWakeUp() {
    var count: eventfd_t = 0
    _ = unsafe eventfd_read(wakeUp, &count)
  }

  var isStopping: Bool { state.withLock { $0.isStopping } }

  func stop() {
    state.withLock { $0.isStopping = true }
    wake()
  }

  /// A side reports that it is active, or that it may now wait for a long time.
  func sign(_ side: Side, mayWait: Bool = false) {
    state.withLock { $0.signs[side] = mayWait ? .some(nil) : .now }
  }

  /// Whether both sides were active within this time.
  func isAlive(within time: Duration) -> Bool {
    let now = ContinuousClock.now
    return state.withLock { state in state.signs.values.allSatisfy { $0.map { now - $0 < time } ?? true } }
  }
}
