package import Datasets
package import Evaluation
import Networks
package import Settings
package import Tensors

/// Computes a trained system's logits for every window of a partition.
package struct Scoring {
  private let settings: TrainingSettings
  private let device: Device
  private let precision: TrainingPrecision

  package init(_ settings: TrainingSettings, on device: Device, _ precision: TrainingPrecision) {
    self.settings = settings
    self.device = device
    self.precision = precision
  }

  /// - Parameters:
  ///   - system: the system to evaluate.
  ///   - description: its checkpoint's description.
  ///   - dataset: a data set with the same labels.
  ///   - partition: the clips to use.
  ///   - scheme: how windows are laid out; a pose teacher sees whole recordings instead.
  ///   - progress: called with the number of clips done and in total.
  /// - Returns: the scores, and the clips that could not be read.
  /// - Throws: `TrainingError`, `DatasetError`, `TensorError`, `EvaluationError`.
  package func run(
    _ system: any TrainingSystem, _ description: RunDescription, _ dataset: Dataset, _ partition: Partition,
    _ scheme: WindowScheme, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> (scores: ScoreFile, skipped: [(name: String, reason: String)]) {
    guard description.labels == dataset.labels else {
      throw TrainingError.unsuitable(
        path: "the run",
        reason: "it was trained on activities other than those of \(dataset.name) \(dataset.protocolName)")
    }
    let options = ClipOptions(settings, description.stage.content(), dataset)
    let clips = dataset.clips(partition).filter { $0.has(options.content) }
    guard !clips.isEmpty else {
      throw TrainingError.noClips(
        partition: partition.rawValue,
        reason: "no clip of \(dataset.name) \(dataset.protocolName) has what the system needs")
    }
    let draw: ClipDraw = options.content.contains(.video) ? .windows(scheme) : .centre
    let stream = BatchStream(
      ClipLoader(options, graph: dataset.skeletonGraph), clips.map { [(clip: $0, draw: draw)] },
      workers: settings.data.workers, ahead: settings.data.ahead)
    defer { stream.cancel() }
    let assembler = BatchAssembler(options: options, graph: dataset.skeletonGraph, rows: [:], device: device)
    var scored: [ScoredClip] = []
    var done = 0
    while let windows = try stream.next() {
      done += 1
      progress(done, clips.count)
      guard let clip = windows.first?.clip else { continue }
      var logits: [[Float]] = []
      for start in stride(from: 0, to: windows.count, by: settings.evaluation.batch) {
        let part = Array(windows[start..<min(start + settings.evaluation.batch, windows.count)])
        logits += try self.logits(system, assembler.batch(part), classes: dataset.labels.count)
      }
      scored.append(ScoredClip(name: clip.name, label: clip.label, windows: logits))
    }
    let scores = try ScoreFile(
      labels: dataset.labels, clips: scored, system: description.system, dataset: dataset.name,
      protocolName: dataset.protocolName, partition: partition.rawValue)
    return (scores, stream.skipped)
  }

  private func logits(_ system: any TrainingSystem, _ batch: Batch, classes: Int) throws -> [[Float]] {
    let values = try withoutGradients {
      try withAutocast(precision == .bfloat16, on: device) { () throws(TensorError) in
        try system.logits(batch).floats()
      }
    }
    return stride(from: 0, to: values.count, by: classes).map { Array(values[$0..<$0 + classes]) }
  }
}
