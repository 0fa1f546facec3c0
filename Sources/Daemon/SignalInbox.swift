import Foundation
import Synchronization

/// The process's signals, kept until somebody asks for them.
///
/// One for the lifetime of the process, so that no signal is lost between two runs of the daemon.
package final class SignalInbox: Sendable {
  private struct State {
    var pending: [CInt] = []
    var waiting: CheckedContinuation<CInt?, Never>?
  }

  private let state = Mutex(State())

  /// Immutable; released with the inbox.
  nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

  /// From now on these signals arrive here instead of ending the process.
  package init(trapping signals: [CInt]) {
    let queue = DispatchQueue(label: "signals")
    let registering = DispatchGroup()
    let sources = signals.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
    unsafe self.sources = sources
    for (signal, source) in zip(signals, sources) {
      source.setEventHandler { [weak self] in self?.take(signal) }
      registering.enter()
      source.setRegistrationHandler { registering.leave() }
      source.resume()
    }
    // Until the sources are registered, a signal would still end the process.
    registering.wait()
  }

  /// Adds a signal, as if the process had received it.
  func take(_ signal: CInt) {
    let waiting = state.withLock { state in
      defer { state.waiting = nil }
      if state.waiting == nil { state.pending.append(signal) }
      return state.waiting
    }
    waiting?.resume(returning: signal)
  }

  /// Discards all pending signals of one kind.
  func discard(_ signal: CInt) { state.withLock { $0.pending.removeAll { $0 == signal } } }

  /// Waits for the next signal; `nil` if the task is cancelled.
  ///
  /// Only one task may wait at a time.
  func next() async -> CInt? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: CInt?? = state.withLock { state in
          precondition(state.waiting == nil, "two tasks are waiting for signals")
          if !state.pending.isEmpty { return .some(state.pending.removeFirst()) }
          if Task.isCancelled { return .some(nil) }
          state.waiting = continuation
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      state.withLock { state in
        defer { state.waiting = nil }
        return state.waiting
      }?.resume(returning: nil)
    }
  }
}
