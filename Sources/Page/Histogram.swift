/// How often something took how long.
package struct Histogram: Equatable, Sendable {
  /// Upper bounds in seconds, rising; what is beyond the last is counted in a bucket of its own.
  package let bounds: [Double]
  package private(set) var counts: [Int]
  /// Seconds.
  package private(set) var sum = 0.0

  package init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  package mutating func add(_ seconds: Double) {
    counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
    sum += seconds
  }
}
