import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM: the first asks for a checkpoint and an end, the second ends at once.
///
/// Sendable: the sources are made in `init` and cancelled in `deinit`, and nothing else touches them.
final class Interruption: @unchecked Sendable {
  private final class Flag: Sendable {
    let isAsked = Atomic<Bool>(false)
    let first = Mutex<ContinuousClock.Instant?>(nil)
  }

  /// `timeout` and process managers send the same signal twice in a row, to the process and to its group.
  private static let repetition = Duration.milliseconds(500)

  private let flag = Flag()
  private let sources: [any DispatchSourceSignal]

  /// - Parameter words: what the first signal is answered with; `nil` where another process answers.
  init(answering words: String? = "finishing the step and writing a checkpoint; once more ends at once") {
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
        if let first {
          // Not `exit`: the other threads go on computing, and destructors would take away what they work with.
          if now - first > Self.repetition { _exit(130) }
          return
        }
        flag.isAsked.store(true, ordering: .relaxed)
        if let words { complain(words) }
      }
      source.resume()
    }
  }

  deinit {
    for source in sources { source.cancel() }
    // Processes started later would inherit that signals are ignored.
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }

  var isAsked: Bool { flag.isAsked.load(ordering: .relaxed) }
}
