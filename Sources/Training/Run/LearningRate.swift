import Foundation
package import Settings

/// A schedule's state between epochs.
package struct LearningRateState: Codable, Equatable, Sendable {
  /// Product of the reductions so far; for `plateau` only.
  package var reduction = 1.0
  package var best: Double?
  /// Number of epochs since the best.
  package var waited = 0

  package init() {}

  /// Records an epoch's validation loss, and reduces the rate if the schedule's patience is exhausted.
  package mutating func epochEnded(validationLoss loss: Double, _ schedule: ScheduleSettings) {
    guard schedule.kind == .plateau else { return }
    // Smaller improvements are noise, as in PyTorch's plateau scheduler.
    if loss < (best ?? .infinity) * (1 - 1e-4) {
      best = loss
      waited = 0
      return
    }
    waited += 1
    if waited > schedule.patience {
      reduction *= schedule.factor
      waited = 0
    }
  }

  /// Factor on the base rate at a point in the run.
  ///
  /// - Parameters:
  ///   - epoch: from 0.
  ///   - fraction: completed part of the epoch, for the warm-up.
  ///   - epochs: length of the whole run.
  ///   - schedule: the schedule in use.
  /// - Returns: a factor, at most 1.
  package func factor(epoch: Int, fraction: Double, of epochs: Int, _ schedule: ScheduleSettings) -> Double {
    var factor = 1.0
    let done = Double(epoch) + fraction
    switch schedule.kind {
    case .constant: break
    case .cosine:
      let length = max(Double(epochs) - schedule.warmupEpochs, 1e-9)
      factor = (1 + cos(.pi * min(max((done - schedule.warmupEpochs) / length, 0), 1))) / 2
    case .step:
      for milestone in schedule.milestones where milestone <= epoch { factor *= schedule.factor }
    case .plateau: factor = reduction
    }
    return done < schedule.warmupEpochs ? factor * done / schedule.warmupEpochs : factor
  }
}
