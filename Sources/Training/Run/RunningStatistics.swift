import Networks
import Tensors

/// The statistics of a system's batch norms, and their averages.
struct RunningStatistics {
  let system: any TrainingSystem
  let average: WeightAverage?

  /// Gives all ranks the mean of their statistics, which each has collected from its own clips.
  func share(over group: ProcessGroup?) throws(TensorError) {
    guard let group else { return }
    let running = system.networks.flatMap(\.parameters.all).filter(\.description.isStatistic).map(\.tensor)
    for tensor in running + (average?.statistics ?? []) {
      try group.sum(tensor)
      try tensor.scale(by: 1 / Double(group.size))
    }
  }

  /// Replaces the system's statistics by means over a number of batches, with fixed weights.
  ///
  /// While weights change, running statistics lag behind them; in a short run they still contain part of their initial
  /// values.
  ///
  /// - Parameters:
  ///   - count: maximum number of batches to use.
  ///   - batches: batches of training clips.
  ///   - device: where to compute.
  ///   - precision: precision of the forward pass.
  ///   - context: the context of a training step; norms that it freezes keep their statistics.
  /// - Throws: errors from reading clips, `TensorError`.
  func recompute(
    _ count: Int, of batches: any BatchSequence, _ device: Device, _ precision: TrainingPrecision,
    context: (Batch) -> StepContext
  ) throws {
    var seen = 0
    while seen < count, let batch = try batches.next() {
      var context = context(batch)
      guard context.clipMode.usesBatchStatistics || context.poseMode.usesBatchStatistics else { continue }
      // With weights of 1, 1/2, 1/3 … every batch counts the same.
      context.clipMode = context.clipMode.observing(share: 1 / Double(seen + 1))
      context.poseMode = context.poseMode.observing(share: 1 / Double(seen + 1))
      try withoutGradients {
        _ = try withAutocast(precision == .bfloat16, on: device) { () throws(TensorError) in
          try system.losses(batch, context)
        }
      }
      seen += 1
    }
  }
}
