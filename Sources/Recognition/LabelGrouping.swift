package import Networks

/// The scores of one window, by activity and by label.
package struct ActivityScores: Equatable, Sendable {
  /// One probability per activity, in the order of `LabelGrouping.activities`; they sum to one.
  package var probabilities: [Float]
  /// One probability per label, in model order; the same if the model has no families.
  package var labels: [Float]

  /// Scores from a model without families.
  package init(_ probabilities: [Float]) { self.init(probabilities, labels: probabilities) }

  init(_ probabilities: [Float], labels: [Float]) {
    self.probabilities = probabilities
    self.labels = labels
  }
}

/// Maps each of a model's labels to its activity: its family, or itself without families.
///
/// Labels in no family become `other`, a `ReservedLabel` like `background`. Reserved labels in no family stay separate.
package struct LabelGrouping: Equatable, Sendable {
  /// The model's labels, in logit order.
  package let labels: [String]
  /// The activities to decide on: the families in order, then the rest; the labels themselves without families.
  package let activities: [String]
  /// Index in `activities` for each label; empty without families.
  private let activityOfLabel: [Int]

  /// - Precondition: `LabelFamily.faults` returns none.
  package init(labels: [String], families: [LabelFamily] = []) {
    precondition(LabelFamily.faults(in: families, of: labels).isEmpty)
    self.labels = labels
    guard !families.isEmpty else {
      (activities, activityOfLabel) = (labels, [])
      return
    }
    var activities = families.map(\.name)
    var known: [String: Int] = [:]
    for (index, family) in families.enumerated() {
      for label in family.labels { known[label] = index }
    }
    activityOfLabel = labels.map { label in
      if let index = known[label] { return index }
      let reserved = ReservedLabel(label: label)
      let name = reserved == nil || reserved == .other ? LabelFamily.other : label
      if let index = activities.firstIndex(of: name) { return index }
      activities.append(name)
      return activities.count - 1
    }
    self.activities = activities
  }

  package var hasFamilies: Bool { !activityOfLabel.isEmpty }

  /// An activity's labels, in model order.
  package func labels(of activity: Int) -> [String] {
    hasFamilies ? zip(labels, activityOfLabel).filter { $1 == activity }.map(\.0) : [labels[activity]]
  }

  /// Sums the probabilities of each activity's labels.
  ///
  /// - Precondition: one probability per label.
  package func scores(_ probabilities: [Float]) -> ActivityScores {
    precondition(probabilities.count == labels.count)
    guard hasFamilies else { return ActivityScores(probabilities) }
    var sums = [Float](repeating: 0, count: activities.count)
    for (label, activity) in activityOfLabel.enumerated() { sums[activity] += probabilities[label] }
    return ActivityScores(sums, labels: probabilities)
  }

  /// The activity's label with the largest of `values`, which has one per label; `nil` without families.
  package func member(of activity: Int, in values: [Float]) -> Int? {
    var best: Int?
    for (label, owner) in activityOfLabel.enumerated() where owner == activity {
      if best.map({ values[label] > values[$0] }) ?? true { best = label }
    }
    return best
  }

  /// The most probable activities, best first, each with its most probable label; ties keep their order.
  package func top(_ scores: ActivityScores, count: Int) -> [Activity.Candidate] {
    let probabilities = scores.probabilities
    let order = probabilities.indices.sorted {
      (probabilities[$0], -$0) > (probabilities[$1], -$1)
    }
    return order.prefix(count).map { index in
      Activity.Candidate(
        index: index, probability: probabilities[index], member: member(of: index, in: scores.labels))
    }
  }
}
