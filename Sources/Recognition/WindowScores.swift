/// The network's scores for one window.
package struct WindowScores: Equatable, Sendable {
  package var activities: ActivityScores
  /// Times of the window's first and last sample.
  package var begin: Duration
  package var end: Duration
  /// Mean absolute difference of luma between consecutive samples, averaged over the window, 0–255.
  package var motion: Float

  /// Scores from a model without families.
  package init(probabilities: [Float], begin: Duration, end: Duration, motion: Float = 255) {
    self.init(ActivityScores(probabilities), begin: begin, end: end, motion: motion)
  }

  package init(_ activities: ActivityScores, begin: Duration, end: Duration, motion: Float = 255) {
    self.activities = activities
    self.begin = begin
    self.end = end
    self.motion = motion
  }

  /// The window's middle: an activity outweighs the previous one once it fills half of the window.
  package var middle: Duration { begin + (end - begin) / 2 }

  /// False if the network returned a value that is not finite.
  var isFinite: Bool { activities.probabilities.allSatisfy(\.isFinite) }
}

/// Converts logits to probabilities.
package enum Softmax {
  /// Softmax of `logits / temperature`, with the largest subtracted first.
  ///
  /// - Precondition: the temperature, fitted on validation data or 1, is positive.
  package static func probabilities(of logits: [Float], temperature: Float = 1) -> [Float] {
    precondition(temperature > 0)
    let largest = logits.max() ?? 0
    let powers = logits.map { exponential(($0 - largest) / temperature) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

/// The result for a whole clip: the softmax of its windows, max-pooled.
///
/// - Source: methods.md 7.4.
package struct ClipVerdict: Equatable, Sendable {
  /// For each activity, its largest probability over windows; not a distribution.
  package private(set) var pooled: [Float] = []
  /// The same per label.
  private var pooledLabels: [Float] = []

  package init() {}

  package mutating func add(_ scores: ActivityScores) {
    func pool(_ values: [Float], _ more: [Float]) -> [Float] {
      values.isEmpty ? more : zip(values, more).map { max($0, $1) }
    }
    pooled = pool(pooled, scores.probabilities)
    pooledLabels = pool(pooledLabels, scores.labels)
  }

  /// The winning activity; `nil` before the first window.
  package var index: Int? { pooled.indices.max { pooled[$0] < pooled[$1] } }

  /// The winning activity's label with the largest probability over windows; `nil` without families.
  package func member(_ grouping: LabelGrouping) -> Int? { index.flatMap { grouping.member(of: $0, in: pooledLabels) } }
}
