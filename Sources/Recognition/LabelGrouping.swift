package import Networks

/// What was scored in one window, by activity and by label.
package struct ActivityScores: Equatable, Sendable {
  /// One probability an activity, in the order of `LabelGrouping.activities`; they sum to one.
  package var probabilities: [Float]
  /// One probability a label, in the model's order; the same where the model has no families.
  package var labels: [Float]

  /// Scores of a model without families.
  package init(_ probabilities: [Float]) { self.init(probabilities, labels: probabilities) }

  init(_ probabilities: [Float], labels: [Float]) {
    self.probabilities = probabilities
    self.labels = labels
  }
}

/// Which activity each label of a model counts for: its family, or without families itself.
///
/// What is in no family is `other`, a `ReservedLabel` like `background`. Reserved labels in no family stay by themselves.
package struct LabelGrouping: Equatable, Sendable {
  /// The model's labels, in the order of its logits.
  package let labels: [String]
  /// What is decided about: the families in their order, then the rest; the labels themselves where there are no families.
  package let activities: [String]
  /// Index in `activities` of each label; empty where there are no families.
  private let activityOfLabel: [Int]

  /// - Precondition: `LabelFamily.faults` finds none.
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

  /// The labels that count for an activity, in the model's order.
  package func labels(of activity: Int) -> [String] {
    hasFamilies ? zip(labels, activityOfLabel).filter { $1 == activity }.map(\.0) : [labels[activity]]
  }

  /// Sums the probabilities of each activity's labels.
  ///
  /// - Precondition: one probability a label.
  package func scores(_ probabilities: [Float]) -> ActivityScores {
    precondition(probabilities.count == labels.count)
    guard hasFamilies else { return ActivityScores(probabilities) }
    var sums = [Float](repeating: 0, count: activities.count)
    for (label, activity) in activityOfLabel.enumerated() { sums[activity] += probabilities[label] }
    return ActivityScores(sums, labels: probabilities)
  }

  /// The label with the largest of `values`, one a label, among an activity's; `nil` where there are no families.
  package func member(of activity: Int, in values: [Float]) -> Int? {
    var best: Int?
    for (label, owner) in activityOfLabel.enumerated() where owner == activity {
      if best.map({ values[label] > values[$0] }) ?? true { best = label }
    }
    return best
  }

  /// The most probable activities, best first, each with its most probable label; equal ones in their order.
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
