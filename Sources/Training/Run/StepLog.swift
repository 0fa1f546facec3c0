import Tensors

/// A step that was handed to the device, whose numbers are on their way.
struct RunningStep {
  /// What is known at once; the numbers are zero until they are there.
  var report: StepReport
  /// Clips of the step, for messages.
  var clips: [String]
  var terms: [String]
  /// Loss, terms, right answers, gradient norm, and whether a rank wants to stop: means over the ranks.
  var values: PendingValues

  /// Waits for the numbers.
  ///
  /// - Parameter largestLoss: a higher loss counts as diverged.
  /// - Returns: the report, complete, and whether a rank asks to stop.
  /// - Throws: `TrainingError.diverged` naming the clips, `TensorError`.
  func finished(largestLoss: Double) throws -> (report: StepReport, asksToStop: Bool) {
    let numbers = try values.doubles()
    let end = 1 + terms.count
    var report = report
    report.loss = numbers[0]
    report.terms = zip(terms, numbers[1..<end]).map { ($0, $1) }
    report.accuracy = numbers[end] / Double(report.clips)
    report.gradientNorm = numbers[end + 1]
    guard report.loss.isFinite, abs(report.loss) <= largestLoss, report.gradientNorm.isFinite else {
      let text = report.terms.map { "\($0.name) \($0.value)" } + ["gradient norm \(report.gradientNorm)"]
      throw TrainingError.diverged(step: report.step - 1, terms: text.joined(separator: ", "), clips: clips)
    }
    return (report, numbers[end + 2] > 0)
  }
}

/// Steps that are done and not reported yet.
struct StepLog {
  private var reports: [StepReport] = []

  mutating func append(_ report: StepReport) { reports.append(report) }

  /// One report of all of them, and none are left; `nil` when there are none.
  mutating func report() -> StepReport? {
    guard var summary = reports.last else { return nil }
    defer { reports = [] }
    guard reports.count > 1 else { return summary }
    let count = Double(reports.count)
    summary.loss = reports.reduce(0) { $0 + $1.loss } / count
    summary.terms = summary.terms.indices.map { index in
      (summary.terms[index].name, reports.reduce(0) { $0 + $1.terms[index].value } / count)
    }
    summary.clips = reports.reduce(0) { $0 + $1.clips }
    summary.accuracy = reports.reduce(0) { $0 + $1.accuracy * Double($1.clips) } / Double(summary.clips)
    summary.gradientNorm = reports.reduce(0) { $0 + $1.gradientNorm } / count
    summary.seconds = reports.reduce(0) { $0 + $1.seconds }
    summary.waitSeconds = reports.reduce(0) { $0 + $1.waitSeconds }
    return summary
  }
}
