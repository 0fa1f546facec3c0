import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM: the first asks for a checkpoint and an end, the second ends at once or asks more urgently.
///
/// Sendable: the sources are made in `init` and cancelled in `deinit`, and nothing else touches them.
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
  ///   - words: what the first signal is answered with; `nil` where something else answers.
  ///   - exits: whether the second signal ends the process; `isUrgent` says otherwise that it has come.
  init(
    answering words: String? = "finishing the step and writing a checkpoint; once more ends at once",
    exits: Bool = true
  ) {
    let queue = DispatchQueue(label: "signals")
    sources = [SIGINT, SIGTERM].map { number in
      // The default would end the process before the source sees it.
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
        // Not `exit`: other threads go on computing, and destructors would take away what they work with.
        if exits { _exit(130) }
        flag.isUrgent.store(true, ordering: .relaxed)
      }
      source.resume()
    }
  }

  deinit {
    for source in sources { source.cancel() }
    // Processes started later would inherit that signals are ignored.
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }

  var isUrgent: Bool { flag.isUrgent.load(ordering: .relaxed) }

  var isAsked: Bool { flag.isAsked.load(ordering: .relaxed) }
}
