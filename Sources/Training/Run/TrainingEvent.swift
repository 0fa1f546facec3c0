/// What a trainer tells whoever watches.
package enum TrainingEvent {
  /// One step is done, or `run.logEvery` of them.
  case step(StepReport)
  /// Validation clips were judged at the end of an epoch.
  case validation(ValidationReport)
  /// A clip was left out.
  case skipped(name: String, reason: String)
  case checkpoint(path: String)
}

/// One step in numbers, or several: losses, accuracy and norm are means, clips and seconds sums.
package struct StepReport: Sendable {
  /// Steps done in all, the last of these included.
  package var step: Int
  package var epoch: Int
  package var stepInEpoch: Int
  package var stepsPerEpoch: Int
  /// Weighted sum of the terms.
  package var loss: Double
  /// Each term before its weight.
  package var terms: [(name: String, value: Double)]
  /// Share of the clips whose largest logit is their class.
  package var accuracy: Double
  /// Base learning rate of the step.
  package var learningRate: Double
  package var gradientNorm: Double
  package var clips: Int
  package var seconds: Double
  /// Seconds of them spent waiting for data.
  package var waitSeconds: Double
}

/// Validation in numbers.
package struct ValidationReport: Sendable {
  package var epoch: Int
  package var step: Int
  package var loss: Double
  package var accuracy: Double
  /// Mean of the recalls of the classes that occur.
  package var meanClassAccuracy: Double
  package var isBest: Bool
}
