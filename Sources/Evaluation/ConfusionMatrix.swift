import Basics

/// How often each activity was taken for each.
package struct ConfusionMatrix: Hashable, Sendable {
  /// Two different activities, and how many clips of one were taken for the other.
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

  package mutating func add(truth: Int, prediction: Int) { counts[truth][prediction] += 1 }

  /// Clips whose activity is `index`.
  package func support(_ index: Int) -> Int { counts[index].reduce(0, +) }

  /// Clips taken for `index`.
  package func predicted(_ index: Int) -> Int { counts.reduce(0) { $0 + $1[index] } }

  /// The share of a row's clips in one of its cells; 0 where the activity does not occur.
  package func share(_ truth: Int, _ prediction: Int) -> Double {
    let support = support(truth)
    return support == 0 ? 0 : Double(counts[truth][prediction]) / Double(support)
  }

  /// The mistakes with most clips, largest first; equal ones by the share of their row, then in the labels' order.
  package func worstConfusions(_ limit: Int) -> [Confusion] {
    let all = labels.indices.flatMap { truth in
      labels.indices.filter { $0 != truth && counts[truth][$0] > 0 }
        .map { Confusion(truth: truth, prediction: $0, count: counts[truth][$0]) }
    }
    let order = all.sorted {
      // The row with fewer clips lost a larger share of them.
      ($1.count, support($0.truth), $0.truth, $0.prediction) < ($0.count, support($1.truth), $1.truth, $1.prediction)
    }
    return Array(order.prefix(limit))
  }

  /// A table for spreadsheets: a row a true activity, a column a predicted one, names quoted where they need it.
  package func csv() -> String {
    let header = ["true \\ predicted"] + labels
    let rows = zip(labels, counts).map { label, row in [label] + row.map(String.init) }
    return CSVText.text([header] + rows)
  }
}
