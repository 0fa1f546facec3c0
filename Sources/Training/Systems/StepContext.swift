import Settings
package import Tensors

/// How to run a step.
package struct StepContext {
  /// For I3D.
  package var clipMode: ForwardMode
  /// For pose networks, whose batches are large enough for separate statistics.
  package var poseMode: ForwardMode
  /// The run's seed, and the number of the step, from 0, on which random draws depend.
  package var seed: UInt64
  package var step: Int
  /// Share of a label that is spread over all classes.
  package var labelSmoothing: Double
  /// Ranks that train together, if any.
  package var group: ProcessGroup?

  package init(
    clipMode: ForwardMode, poseMode: ForwardMode, seed: UInt64, step: Int, labelSmoothing: Double = 0,
    group: ProcessGroup? = nil
  ) {
    self.clipMode = clipMode
    self.poseMode = poseMode
    self.labelSmoothing = labelSmoothing
    self.seed = seed
    self.step = step
    self.group = group
  }

  /// For evaluation, without random draws.
  package static var evaluation: StepContext {
    StepContext(clipMode: .evaluation, poseMode: .evaluation, seed: 0, step: 0)
  }
}

extension StepContext {
  /// - Parameters:
  ///   - settings: the run's settings.
  ///   - step: number of the batch, from 0.
  ///   - clips: number of clips in the batch.
  ///   - group: ranks that train together, if any.
  init(_ settings: TrainingSettings, step: Int, clips: Int, group: ProcessGroup?) {
    let usesBatch: Bool =
      switch settings.run.batchNorm {
      case .frozen: false
      case .batch: true
      // With fewer clips the statistics are too noisy.
      case .auto: settings.run.batch >= 8
      }
    func mode(_ usesBatch: Bool) -> ForwardMode {
      ForwardMode(
        dropout: settings.network.dropout, usesBatchStatistics: usesBatch && clips > 1,
        synchronizing: settings.run.synchronizeBatchNorm ? group : nil)
    }
    self.init(
      clipMode: mode(usesBatch), poseMode: mode(settings.run.batchNorm != .frozen), seed: UInt64(settings.run.seed),
      step: step, labelSmoothing: settings.run.labelSmoothing, group: group)
  }
}
