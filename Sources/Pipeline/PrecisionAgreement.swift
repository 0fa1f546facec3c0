import Recognition

/// How far two ways of computing the same windows agree.
package struct PrecisionAgreement: Equatable, Sendable {
  package private(set) var windows = 0
  /// Windows with the same most probable label.
  package private(set) var sameLabel = 0
  /// Windows where the exact way is surer than a half, and those with the same label among them.
  package private(set) var sure = 0
  package private(set) var sureSameLabel = 0
  private var differences = 0.0

  package init() {}

  /// Mean over windows and labels of the probabilities' absolute difference.
  package var meanDifference: Double { windows == 0 ? 0 : differences / Double(windows) }

  /// Takes what both said of a window.
  ///
  /// - Parameters:
  ///   - exact: logits of the way that is compared with.
  ///   - found: those of the other.
  ///   - temperature: what logits are divided by.
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
