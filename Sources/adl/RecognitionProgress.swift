import Foundation
import Basics

/// Shows how far a pass over a long recording is, how fast it runs, and how long it will take.
///
/// Only shown on a terminal, and only once the work has taken two seconds.
struct RecognitionProgress {
  private static let patience = Duration.seconds(2)

  private let task: String
  private let duration: Duration?
  private let began: ContinuousClock.Instant
  private var line: ProgressLine

  /// - Parameters:
  ///   - task: what is being done, such as "recognizing".
  ///   - duration: the recording's duration; `nil` if unknown.
  ///   - line: where the progress is shown.
  ///   - began: when the pass started.
  init(
    _ task: String, duration: Duration?, line: ProgressLine = ProgressLine(), began: ContinuousClock.Instant = .now
  ) {
    self.task = task
    self.duration = duration
    self.line = line
    self.began = began
  }

  /// The pass has reached this time of the recording.
  mutating func reached(_ time: Duration, now: ContinuousClock.Instant = .now) {
    let elapsed = now - began
    guard line.style != .log, elapsed > Self.patience else { return }
    let share = duration.flatMap { $0 > .zero ? min(1, max(0, time / $0)) : nil }
    let task = task
    line.show(share: share, now: now) {
      var parts = [task, clock(time), String(format: "%.1f x real time", time / elapsed)]
      if let share {
        parts.insert("\(Int(share * 100)) %", at: 1)
        if share > 0 {
          parts.append("\(ProgressLine.clock(elapsed / .seconds(1) * (1 - share) / share)) left")
        }
      }
      return parts
    }
  }

  /// Removes the line.
  mutating func finish() { line.clear() }
}
