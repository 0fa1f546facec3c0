import Foundation
package import Settings

/// What a schedule remembers from epoch to epoch.
package struct LearningRateState: Codable, Equatable, Sendable {
  /// Product of the reductions so far; `plateau` only.
  package var reduction = 1.0
  package var best: Double?
  /// Epochs since the best.
  package var waited = 0

  package init() {}

  /// Takes in an epoch's validation loss, and reduces the rate where the schedule waits no longer.
  package mutating func epochEnded(validationLoss loss: Double, _ schedule: ScheduleSettings) {
    guard schedule.kind == .plateau else { return }
    // Smaller steps than this are noise, as PyTorch's plateau scheduler has it.
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

  /// Factor on the base rate at a point of the run.
  ///
  /// - Parameters:
  ///   - epoch: from 0.
  ///   - fraction: part of the epoch that is done, for the warm-up.
  ///   - epochs: of the whole run.
  ///   - schedule: which one.
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
