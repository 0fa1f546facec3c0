import Tensors

/// A step's numbers, summed over its batches on the device.
struct StepNumbers {
  private(set) var terms: [String] = []
  /// Loss, terms, correct predictions.
  private var sums: Tensor?

  /// - Parameters:
  ///   - total: the loss that is differentiated.
  ///   - terms: its terms.
  ///   - share: the batch's share of the step, for the terms.
  ///   - logits: [N, K].
  ///   - batch: provides the labels.
  /// - Throws: `TensorError`.
  mutating func add(_ total: Tensor, _ terms: [LossTerm], times share: Double, _ logits: Tensor, _ batch: Batch)
    throws(TensorError)
  {
    self.terms = terms.map(\.name)
    let former = sums
    sums = try withoutGradients { () throws(TensorError) in
      var values = [try total.reshaped([1])]
      for term in terms { values.append(try (term.value.to(.float32) * share).reshaped([1])) }
      values.append(try logits.correct(batch.classes(on: logits.device)).reshaped([1]))
      let own = try Tensor.concatenated(values, 0)
      return if let former { try former + own } else { own }
    }
  }

  /// Sends them to the host as means over the ranks, which equal the numbers of a single rank.
  ///
  /// - Parameters:
  ///   - norm: norm of the gradient.
  ///   - wantsToStop: this rank's vote.
  ///   - group: ranks that train together, if any.
  /// - Returns: loss, terms, correct predictions, norm, and the fraction of ranks that want to stop.
  /// - Throws: `TensorError`.
  func send(_ norm: Tensor, wantsToStop: Bool, over group: ProcessGroup?) throws(TensorError) -> PendingValues {
    guard let sums else { preconditionFailure("a step has a batch") }
    let vote = try Tensor.full(wantsToStop ? 1 : 0, [1], on: norm.device)
    let numbers = try Tensor.concatenated([sums, norm.to(.float32).reshaped([1]), vote], 0)
    if let group {
      try group.sum(numbers)
      try numbers.scale(by: 1 / Double(group.size))
    }
    return try PendingValues(numbers)
  }
}

/// A step handed to the device, whose numbers have not arrived yet.
struct RunningStep {
  /// What is known immediately; the numbers are zero until they arrive.
  var report: StepReport
  /// Names of the step's clips, for messages.
  var clips: [String]
  var terms: [String]
  /// As sent by `StepNumbers`.
  var values: PendingValues

  /// Waits for the numbers.
  ///
  /// - Parameter largestLoss: a higher loss counts as divergence.
  /// - Returns: the complete report, and whether a rank asks to stop.
  /// - Throws: `TrainingError.diverged`, which names the clips; `TensorError`.
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

/// Completed steps not reported yet.
struct StepLog {
  private var reports: [StepReport] = []

  mutating func append(_ report: StepReport) { reports.append(report) }

  /// A single report on all of them, after which the log is empty; `nil` if it is already.
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
