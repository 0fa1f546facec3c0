import Foundation
package import Basics

/// Shows a training run's progress in a `ProgressLine`.
package struct TrainingProgress {
  /// A finished step.
  package struct Step: Sendable {
    /// Counted from 1.
    package var epoch: Int
    package var epochs: Int
    /// Within the epoch, from 1.
    package var step: Int
    package var stepsPerEpoch: Int
    /// Loss terms in display order.
    package var losses: [(name: String, value: Double)]
    package var clips: Int
    package var seconds: Double
    /// Of these seconds, those spent waiting for data.
    package var waitSeconds: Double

    package init(
      epoch: Int, epochs: Int, step: Int, stepsPerEpoch: Int, losses: [(name: String, value: Double)], clips: Int,
      seconds: Double, waitSeconds: Double
    ) {
      (self.epoch, self.epochs, self.step, self.stepsPerEpoch) = (epoch, epochs, step, stepsPerEpoch)
      (self.losses, self.clips, self.seconds, self.waitSeconds) = (losses, clips, seconds, waitSeconds)
    }
  }

  /// Seconds after which an earlier measurement has a weight of 1/e.
  private static let memory = 60.0

  private var line: ProgressLine
  private var recent = (steps: 0.0, clips: 0.0, seconds: 0.0, waitSeconds: 0.0)

  package init(_ line: ProgressLine = ProgressLine()) { self.line = line }

  /// Records a step, and shows it if the last line is old enough.
  package mutating func update(_ step: Step, now: ContinuousClock.Instant = .now) {
    let decay = exp(-max(0, step.seconds) / Self.memory)
    recent.steps = recent.steps * decay + 1
    recent.clips = recent.clips * decay + Double(step.clips)
    recent.seconds = recent.seconds * decay + step.seconds
    recent.waitSeconds = recent.waitSeconds * decay + step.waitSeconds

    let isLast = step.epoch == step.epochs && step.step == step.stepsPerEpoch
    let recent = recent
    line.show(share: Double(step.step) / Double(max(1, step.stepsPerEpoch)), isLast: isLast, now: now) {
      Self.parts(step, recent)
    }
  }

  /// Shows a message on its own line above the progress.
  package mutating func note(_ message: String) { line.note(message) }

  /// Removes the line; later output starts in its place.
  package mutating func clear() { line.clear() }

  private static func parts(
    _ step: Step, _ recent: (steps: Double, clips: Double, seconds: Double, waitSeconds: Double)
  ) -> [String] {
    let width = String(step.stepsPerEpoch).count
    let number = String(step.step)
    var parts = [
      "epoch \(step.epoch)/\(step.epochs)",
      String(repeating: " ", count: max(0, width - number.count)) + "\(number)/\(step.stepsPerEpoch)",
    ]
    parts += step.losses.map { "\($0.name) \(significant($0.value))" }
    if recent.seconds > 0 {
      parts.append("\(significant(recent.clips / recent.seconds)) clips/s")
      parts.append("\(Markup.decimal(100 * recent.waitSeconds / recent.seconds, 0)) % waiting")
      let epochsLeft = max(0, step.epochs - step.epoch)
      let stepsLeft = Double(epochsLeft * step.stepsPerEpoch + max(0, step.stepsPerEpoch - step.step))
      parts.append("\(ProgressLine.clock(stepsLeft * recent.seconds / recent.steps)) left")
    }
    return parts
  }
}

/// Four significant digits, as usual for losses.
private func significant(_ value: Double) -> String { String(format: "%.4g", value) }
