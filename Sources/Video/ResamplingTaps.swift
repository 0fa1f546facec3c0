/// Which source values, with which weights, make each output value along one axis.
///
/// Half-pixel centres throughout: output i stands for source position (i + 0.5) · scale − 0.5, edges repeated, as in
/// OpenCV's INTER_LINEAR. When a source is more than twice as dense as the output, bilinear taps would skip pixels, so
/// each output is then the average of the source interval it covers.
struct ResamplingTaps: Hashable, Sendable {
  /// Weights of one output sum to this.
  static let one: Int32 = 1 << 11
  /// From this many source values an output on, the average is taken.
  static let averagingFrom = 2.0

  /// Taps of each output; outputs with fewer have zero weights at the end.
  let tapCount: Int
  /// First source index of each output.
  let starts: [Int]
  /// `tapCount` weights for each output.
  let weights: [Int32]

  /// The lowest and one past the highest source index used.
  var range: Range<Int> {
    var upper = 0
    for output in starts.indices {
      for tap in 0..<tapCount where weights[output * tapCount + tap] != 0 {
        upper = max(upper, starts[output] + tap + 1)
      }
    }
    return (starts.min() ?? 0)..<upper
  }

  /// - Parameters:
  ///   - source: number of source values.
  ///   - interval: part of the source that is shown, in source values; it may begin and end between two.
  ///   - outputs: number of outputs.
  init(source: Int, interval: Range<Double>, outputs: Int) {
    let scale = (interval.upperBound - interval.lowerBound) / Double(outputs)
    let lists = (0..<outputs).map { output in
      scale > Self.averagingFrom
        ? Self.average(
          from: interval.lowerBound + Double(output) * scale, to: interval.lowerBound + Double(output + 1) * scale,
          source: source)
        : Self.linear(at: interval.lowerBound + (Double(output) + 0.5) * scale - 0.5, source: source)
    }
    tapCount = lists.map(\.weights.count).max() ?? 1
    // Padding taps must stay inside the source, so outputs near the end begin earlier, after zeros.
    let tapCount = tapCount
    let fitted = lists.map { list in
      let start = max(0, min(list.start, source - tapCount))
      let before = list.start - start
      let weights = Array(repeating: Int32(0), count: before) + list.weights
      return (start: start, weights: weights + Array(repeating: 0, count: max(0, tapCount - weights.count)))
    }
    starts = fitted.map(\.start)
    weights = fitted.flatMap(\.weights)
  }

  private static func linear(at position: Double, source: Int) -> (start: Int, weights: [Int32]) {
    let clamped = min(max(position, 0), Double(source - 1))
    let start = min(Int(clamped), max(0, source - 2))
    guard source > 1 else { return (0, [one]) }
    let second = Int32(((clamped - Double(start)) * Double(one)).rounded())
    return (start, [one - second, second])
  }

  private static func average(from begin: Double, to end: Double, source: Int) -> (start: Int, weights: [Int32]) {
    let first = min(max(Int(begin), 0), source - 1)
    let last = min(max(Int(end.rounded(.up)) - 1, first), source - 1)
    let covered = (first...last).map { index in
      max(0, min(end, Double(index + 1)) - max(begin, Double(index)))
    }
    let total = covered.reduce(0, +)
    var weights = covered.map { Int32(($0 / total * Double(one)).rounded()) }
    // Rounding must not change the picture's brightness: the rest goes to the middle tap.
    weights[weights.count / 2] += one - weights.reduce(0, +)
    return (first, weights)
  }
}
