import Evaluation
import Foundation
import Settings
import Training

/// Records a run: CSV, TensorBoard, and a line on the terminal.
final class RunRecorder {
  /// What could not be written; it stops the run.
  private(set) var failure: EvaluationError?

  private let folder: RunFolder
  private let settings: TrainingSettings
  private let resumedStep: Int?
  private var csv: CSVLog?
  private var tensorBoard: TensorBoardWriter?
  private var progress = TrainingProgress()

  private static let validationColumns = ["validation_loss", "validation_accuracy", "validation_mean_class_accuracy"]
  private static let stepColumns = [
    "epoch", "loss", "accuracy", "learning_rate", "gradient_norm", "clips_per_second", "wait_share",
  ]

  /// - Parameters:
  ///   - folder: the run's folder.
  ///   - settings: provides the number of epochs.
  ///   - step: number of completed steps, when resuming; later records are dropped.
  /// - Throws: `EvaluationError`.
  init(_ folder: RunFolder, _ settings: TrainingSettings, resuming step: Int?) throws(EvaluationError) {
    self.folder = folder
    self.settings = settings
    resumedStep = step
    tensorBoard = try TensorBoardWriter(directory: folder.path, resumingBefore: step.map { $0 + 1 })
  }

  func take(_ event: TrainingEvent) {
    do throws(EvaluationError) {
      switch event {
      case .step(let report): try take(report)
      case .validation(let report): try take(report)
      case .skipped(let name, let reason): progress.note("skipped \(name): \(reason)")
      case .checkpoint:
        // Everything a checkpoint covers must be on disk with it.
        try csv?.flush()
        try tensorBoard?.flush()
      }
    } catch {
      failure = failure ?? error
    }
  }

  func end() { progress.clear() }

  private func take(_ report: StepReport) throws(EvaluationError) {
    let rate = report.seconds > 0 ? Double(report.clips) / report.seconds : 0
    let wait = report.seconds > 0 ? report.waitSeconds / report.seconds : 0
    var values = [
      "epoch": Double(report.epoch), "loss": report.loss, "accuracy": report.accuracy,
      "learning_rate": report.learningRate, "gradient_norm": report.gradientNorm, "clips_per_second": rate,
      "wait_share": wait,
    ]
    for term in report.terms { values["term_" + term.name] = term.value }
    if csv == nil {
      csv = try CSVLog(
        path: folder.log,
        columns: Self.stepColumns + report.terms.map { "term_" + $0.name } + Self.validationColumns,
        resumingBefore: resumedStep.map { $0 + 1 })
    }
    try csv?.append(step: report.step, values)
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      try tensorBoard?.scalar("train/" + name, value, step: report.step)
    }
    progress.update(
      TrainingProgress.Step(
        epoch: report.epoch + 1, epochs: settings.run.epochs, step: report.stepInEpoch,
        stepsPerEpoch: report.stepsPerEpoch, losses: [("loss", report.loss)] + report.terms, clips: report.clips,
        seconds: report.seconds, waitSeconds: report.waitSeconds))
  }

  private func take(_ report: ValidationReport) throws(EvaluationError) {
    let values = zip(Self.validationColumns, [report.loss, report.accuracy, report.meanClassAccuracy])
    try csv?.append(step: report.step, Dictionary(uniqueKeysWithValues: values.map { ($0, $1) }))
    for (name, value) in values {
      try tensorBoard?.scalar("validation/" + name.dropFirst("validation_".count), value, step: report.step)
    }
    progress.note(
      String(
        format: "epoch %d: validation loss %.4f, accuracy %.4f, mean class accuracy %.4f%@", report.epoch + 1,
        report.loss, report.accuracy, report.meanClassAccuracy, report.isBest ? ", best so far" : ""))
  }
}
