import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM: the first one asks for a checkpoint and then the end, the second one ends at once or is more
/// urgent.
///
/// `@unchecked Sendable`: the sources are created in `init` and cancelled in `deinit`, and nothing else touches them.
final class Interruption: @unchecked Sendable {
  private final class Flag: Sendable {
    let isAsked = Atomic<Bool>(false)
    let first = Mutex<ContinuousClock.Instant?>(nil)
    let isUrgent = Atomic<Bool>(false)
  }

  /// `timeout` and process managers send the same signal twice in a row, to the process and to its group.
  private static let repetition = Duration.milliseconds(500)

  private let flag = Flag()
  private let sources: [any DispatchSourceSignal]

  /// - Parameters:
  ///   - words: printed on the first signal; `nil` if something else responds.
  ///   - exits: whether the second signal ends the process; otherwise it sets `isUrgent`.
  init(
    answering words: String? = "finishing the step and writing a checkpoint; interrupt again to stop at once",
    exits: Bool = true
  ) {
    let queue = DispatchQueue(label: "signals")
    sources = [SIGINT, SIGTERM].map { number in
      // The default action would end the process before the source is notified.
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    for source in sources {
      source.setEventHandler { [flag] in
        let now = ContinuousClock.now
        let first = flag.first.withLock { first in
          defer { first = first ?? now }
          return first
        }
        guard let first else {
          flag.isAsked.store(true, ordering: .relaxed)
          if let words { complain(words) }
          return
        }
        guard now - first > Self.repetition else { return }
        // Not `exit`: other threads are still computing, and destructors would free what they use.
        if exits { _exit(130) }
        flag.isUrgent.store(true, ordering: .relaxed)
      }
      source.resume()
    }
  }

  deinit {
    for source in sources { source.cancel() }
    // Processes started later would inherit the ignored signals.
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }

  var isUrgent: Bool { flag.isUrgent.load(ordering: .relaxed) }

  var isAsked: Bool { flag.isAsked.load(ordering: .relaxed) }
}
