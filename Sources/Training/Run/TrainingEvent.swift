/// An event reported by a trainer.
package enum TrainingEvent {
  /// A step is complete, or `run.logEvery` of them.
  case step(StepReport)
  /// Validation clips were evaluated at the end of an epoch.
  case validation(ValidationReport)
  /// A clip was skipped.
  case skipped(name: String, reason: String)
  case checkpoint(path: String)
}

/// The numbers of one or more steps: losses, accuracy and norm are means, clips and seconds sums.
package struct StepReport: Sendable {
  /// Steps completed in total, including the last of these.
  package var step: Int
  package var epoch: Int
  package var stepInEpoch: Int
  package var stepsPerEpoch: Int
  /// Weighted sum of the terms.
  package var loss: Double
  /// Each term, unweighted.
  package var terms: [(name: String, value: Double)]
  /// Fraction of the clips whose largest logit is their class.
  package var accuracy: Double
  /// Base learning rate of the step.
  package var learningRate: Double
  package var gradientNorm: Double
  package var clips: Int
  package var seconds: Double
  /// Of these seconds, those spent waiting for data.
  package var waitSeconds: Double
}

/// The numbers of a validation.
package struct ValidationReport: Sendable {
  package var epoch: Int
  package var step: Int
  package var loss: Double
  package var accuracy: Double
  /// Mean recall over the classes that occur.
  package var meanClassAccuracy: Double
  package var isBest: Bool
}
