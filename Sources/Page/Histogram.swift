/// Counts durations by size.
package struct Histogram: Equatable, Sendable {
  /// Upper bounds in seconds, ascending; anything above the last is counted in an extra bucket.
  package let bounds: [Double]
  package private(set) var counts: [Int]
  /// Total in seconds.
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
