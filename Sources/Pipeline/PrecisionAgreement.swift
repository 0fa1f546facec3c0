import Recognition

/// How well two ways of computing the same windows agree.
package struct PrecisionAgreement: Equatable, Sendable {
  package private(set) var windows = 0
  /// Number of windows with the same most probable label.
  package private(set) var sameLabel = 0
  /// Number of windows where the exact way is more than half certain, and how many of them have the same label.
  package private(set) var sure = 0
  package private(set) var sureSameLabel = 0
  private var differences = 0.0

  package init() {}

  /// Mean absolute difference of probabilities over windows and labels.
  package var meanDifference: Double { windows == 0 ? 0 : differences / Double(windows) }

  /// Adds both results for a window.
  ///
  /// - Parameters:
  ///   - exact: logits of the reference.
  ///   - found: logits of the other way.
  ///   - temperature: divisor of the logits.
  package mutating func add(_ exact: [Float], _ found: [Float], temperature: Double) {
    let exact = Softmax.probabilities(of: exact, temperature: Float(temperature))
    let found = Softmax.probabilities(of: found, temperature: Float(temperature))
    func first(_ values: [Float]) -> Int? { values.indices.max { values[$0] < values[$1] } }
    let isSame = first(exact) == first(found)
    windows += 1
    sameLabel += isSame ? 1 : 0
    if exact.max() ?? 0 > 0.5 {
      sure += 1
      sureSameLabel += isSame ? 1 : 0
    }
    differences += zip(exact, found).reduce(0.0) { $0 + Double(abs($1.0 - $1.1)) } / Double(exact.count)
  }
}
