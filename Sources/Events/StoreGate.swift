import Basics
import Synchronization

/// Hands messages to the store before they are sent and waits until they are durable, though not for a stalled disk.
///
/// Once the store is late, nothing waits for it until it has caught up, so a stall delays events only once.
final class StoreGate: Sendable {
  private struct State {
    /// Calls of `keep` whose messages are not durable yet.
    var outstanding = 0
    var isLate = false
    /// Number of messages sent before they were durable.
    var early = 0
  }

  private let store: any MessageStore
  private let patience: Duration
  private let warn: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - store: receives the messages.
  ///   - patience: the longest time that messages wait for it.
  ///   - warn: called when it becomes late and when it has caught up.
  init(_ store: any MessageStore, patience: Duration = .milliseconds(500), warn: @escaping @Sendable (String) -> Void) {
    self.store = store
    self.patience = patience
    self.warn = warn
  }

  func keep(_ messages: [PublishedMessage]) {
    guard !messages.isEmpty else { return }
    let kept = MonotonicSemaphore()
    let isLate = state.withLock { state in
      state.outstanding += 1
      if state.isLate { state.early += messages.count }
      return state.isLate
    }
    store.keep(messages) { [self] in
      settle()
      kept.signal()
    }
    guard !isLate, !kept.wait(atMost: patience) else { return }
    let begins = state.withLock { state in
      guard state.outstanding > 0 else { return false }
      state.isLate = true
      state.early = messages.count
      return true
    }
    if begins { warn("the history's disk is slow; until it catches up, events are sent before they are stored") }
  }

  private func settle() {
    let early: Int? = state.withLock { state in
      state.outstanding -= 1
      guard state.isLate, state.outstanding == 0 else { return nil }
      state.isLate = false
      return state.early
    }
    if let early { warn("the history's disk is responding again; \(early) messages were sent before they were stored") }
  }
}
