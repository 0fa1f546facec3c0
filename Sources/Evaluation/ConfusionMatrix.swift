import Basics

/// How often each activity was recognised as each.
package struct ConfusionMatrix: Hashable, Sendable {
  /// Two different activities, and how many clips of the first were recognised as the second.
  package struct Confusion: Hashable, Sendable {
    package var truth: Int
    package var prediction: Int
    package var count: Int
  }

  package let labels: [String]
  /// Row: the true activity, column: the predicted one: [K, K].
  package private(set) var counts: [[Int]]

  /// A matrix of zeros.
  package init(labels: [String]) {
    self.labels = labels
    counts = Array(repeating: Array(repeating: 0, count: labels.count), count: labels.count)
  }

  /// Counts one clip.
  package mutating func add(truth: Int, prediction: Int) { counts[truth][prediction] += 1 }

  /// Number of clips whose true activity is `index`.
  package func support(_ index: Int) -> Int { counts[index].reduce(0, +) }

  /// Number of clips recognised as `index`.
  package func predicted(_ index: Int) -> Int { counts.reduce(0) { $0 + $1[index] } }

  /// The fraction of a row's clips in one of its cells; 0 if the activity does not occur.
  package func share(_ truth: Int, _ prediction: Int) -> Double {
    let support = support(truth)
    return support == 0 ? 0 : Double(counts[truth][prediction]) / Double(support)
  }

  /// The confusions with the most clips first; ties are ordered by the fraction of their row, then by label order.
  package func worstConfusions(_ limit: Int) -> [Confusion] {
    let all = labels.indices.flatMap { truth in
      labels.indices.filter { $0 != truth && counts[truth][$0] > 0 }
        .map { Confusion(truth: truth, prediction: $0, count: counts[truth][$0]) }
    }
    let order = all.sorted {
      // The row with fewer clips lost a larger fraction of them.
      ($1.count, support($0.truth), $0.truth, $0.prediction) < ($0.count, support($1.truth), $1.truth, $1.prediction)
    }
    return Array(order.prefix(limit))
  }

  /// A table for spreadsheets: one row per true activity, one column per predicted one, names quoted as needed.
  package func csv() -> String {
    let header = ["true \\ predicted"] + labels
    let rows = zip(labels, counts).map { label, row in [label] + row.map(String.init) }
    return CSVText.text([header] + rows)
  }
}
