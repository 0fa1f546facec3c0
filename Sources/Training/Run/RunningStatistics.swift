import Networks
import Tensors

/// What a system's batch norms have observed, and what the weights' average has of it.
struct RunningStatistics {
  let system: any TrainingSystem
  let average: WeightAverage?

  /// Gives all ranks the mean of their statistics, which each has only of its own clips.
  func share(over group: ProcessGroup?) throws(TensorError) {
    guard let group else { return }
    let running = system.networks.flatMap(\.parameters.all).filter(\.description.isStatistic).map(\.tensor)
    for tensor in running + (average?.statistics ?? []) {
      try group.sum(tensor)
      try tensor.scale(by: 1 / Double(group.size))
    }
  }

  /// Replaces the system's statistics by the means over a number of batches, with the weights at rest.
  ///
  /// While weights move, running statistics lag behind them; in a short run they still hold part of their first values.
  ///
  /// - Parameters:
  ///   - count: batches to look at, or all there are.
  ///   - batches: of the training clips.
  ///   - device: where to compute.
  ///   - precision: of the forward pass.
  ///   - context: of a training step with a batch; norms that it freezes keep their statistics.
  /// - Throws: what reading clips throws, `TensorError`.
  func recompute(
    _ count: Int, of batches: any BatchSequence, _ device: Device, _ precision: TrainingPrecision,
    context: (Batch) -> StepContext
  ) throws {
    var seen = 0
    while seen < count, let batch = try batches.next() {
      var context = context(batch)
      guard context.clipMode.usesBatchStatistics || context.poseMode.usesBatchStatistics else { continue }
      // With a share of 1, 1/2, 1/3 … every batch counts the same.
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
