import Tensors

/// Evaluates a system on the validation clips, over all ranks.
struct Validation {
  let system: any TrainingSystem
  let source: any BatchSource
  let classes: Int
  let device: Device
  let precision: TrainingPrecision
  let group: ProcessGroup?

  /// - Parameters:
  ///   - epoch: for the report.
  ///   - step: for the report.
  /// - Returns: `nil` if there are no validation clips.
  /// - Throws: errors from reading clips, `TensorError`.
  func run(epoch: Int, step: Int) throws -> ValidationReport? {
    guard let batches = try source.validation() else { return nil }
    var losses: [Tensor] = []
    var predictions: [Tensor] = []
    var labels: [Int] = []
    while let batch = try batches.next() {
      guard batch.count > 0 else { continue }
      try withoutGradients {
        let logits = try withAutocast(precision == .bfloat16, on: device) { () throws(TensorError) in
          try system.logits(batch).to(.float32)
        }
        losses.append(try logits.crossEntropy(batch.classes(on: device)).reshaped([1]) * Double(batch.count))
        predictions.append(try logits.argmax(1))
      }
      labels += batch.labels
    }
    // Sums over clips, so that ranks can be added: loss, then clips and hits of each class.
    var sums = [Double](repeating: 0, count: 1 + 2 * classes)
    if !labels.isEmpty {
      sums[0] = try Tensor.concatenated(losses, 0).doubles().reduce(0, +)
      for (predicted, label) in zip(try Tensor.concatenated(predictions, 0).integers(), labels) {
        sums[1 + label] += 1
        if predicted == Int64(label) { sums[1 + classes + label] += 1 }
      }
    }
    if let group {
      let shared = try Tensor.of(sums, [sums.count], on: device)
      try group.sum(shared)
      sums = try shared.doubles()
    }
    let clips = sums[1...classes].reduce(0, +)
    guard clips > 0 else { return nil }
    let present = (0..<classes).filter { sums[1 + $0] > 0 }
    return ValidationReport(
      epoch: epoch, step: step, loss: sums[0] / clips, accuracy: sums[(1 + classes)...].reduce(0, +) / clips,
      meanClassAccuracy: present.reduce(0) { $0 + sums[1 + classes + $1] / sums[1 + $1] } / Double(present.count),
      isBest: false)
  }
}
