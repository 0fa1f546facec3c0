/// Which source values contribute to each output value along one axis, and with what weights.
///
/// Along an axis reduced by more than a factor of 2, an output value is the average over the area it covers. Otherwise
/// it is linearly interpolated between the two nearest pixel centres, with centres at half pixels and the border
/// repeated, as in OpenCV's INTER_LINEAR. At exactly 2 both rules agree.
///
/// Chroma shared by several pixels is treated as centred on them (as in JPEG), for every source and format: a value
/// shared by `sharing` pixels covers exactly their area. The picture's own factor also selects the rule for its chroma.
struct ResampleAxis: Sendable {
  /// Fractional bits of a weight; the weights of each output value sum to exactly 1.
  static let weightBits = 15

  /// The first source value of each output value.
  let starts: [Int]
  /// Source values per output value; unused ones have weight zero.
  let taps: Int
  /// `starts.count` times `taps` weights.
  let weights: [UInt16]

  /// Plans one axis.
  ///
  /// - Parameters:
  ///   - pixels: the range of pixels to use.
  ///   - count: number of output values.
  ///   - sharing: number of pixels that share one source value.
  init(pixels: Range<Int>, count: Int, sharing: Int) {
    let factor = Double(pixels.count) / Double(count)
    let bounds = pixels.lowerBound / sharing...(pixels.upperBound - 1) / sharing
    let rows = (0..<count).map { (output) in
      let begin = (Double(pixels.lowerBound) + Double(output) * factor) / Double(sharing)
      let end = (Double(pixels.lowerBound) + Double(output + 1) * factor) / Double(sharing)
      return factor > 2
        ? Self.average(from: begin, to: end, within: bounds)
        : Self.interpolated(at: (begin + end) / 2 - 0.5, within: bounds)
    }
    let taps = rows.map(\.weights.count).max() ?? 1
    var starts: [Int] = []
    var weights = [UInt16](repeating: 0, count: count * taps)
    for (output, row) in rows.enumerated() {
      // Near the end the window of taps moves back, so that none lies beyond the last value.
      let start = min(row.start, bounds.upperBound + 1 - taps)
      starts.append(start)
      for (tap, weight) in Self.quantized(row.weights).enumerated() {
        weights[output * taps + row.start - start + tap] = weight
      }
    }
    self.starts = starts
    self.taps = taps
    self.weights = weights
  }

  private typealias Row = (start: Int, weights: [Double])

  private static func average(from begin: Double, to end: Double, within bounds: ClosedRange<Int>) -> Row {
    let first = min(max(Int(begin), bounds.lowerBound), bounds.upperBound)
    let last = min(max(Int(end.rounded(.up)) - 1, first), bounds.upperBound)
    let overlaps = (first...last).map { max(min(Double($0 + 1), end) - max(Double($0), begin), 0) }
    let total = overlaps.reduce(0, +)
    return (first, overlaps.map { $0 / total })
  }

  private static func interpolated(at position: Double, within bounds: ClosedRange<Int>) -> Row {
    let clamped = min(max(position, Double(bounds.lowerBound)), Double(bounds.upperBound))
    let first = Int(clamped)
    guard first < bounds.upperBound else { return (first, [1]) }
    let fraction = clamped - Double(first)
    return (first, [1 - fraction, fraction])
  }

  /// Rounds the running sum instead of each weight, so that weights add up exactly.
  private static func quantized(_ weights: [Double]) -> [UInt16] {
    let unit = Double(1 << weightBits)
    var sum = 0.0
    var given = 0
    return weights.enumerated().map { (index, weight) in
      sum += weight
      let upTo = index == weights.count - 1 ? 1 << weightBits : Int((sum * unit).rounded())
      defer { given = upTo }
      return UInt16(upTo - given)
    }
  }
}
