/// How far computed values are from a recorded tensor.
package struct Comparison: Hashable, Sendable {
  /// Relative L2 error over the recorded samples.
  package let sampleError: Double
  /// Largest relative difference among mean, standard deviation and L2 norm of the whole tensor.
  package let statisticsError: Double

  package var error: Double { max(sampleError, statisticsError) }

  /// Compares row-major `values` with the recording; `nil` if their number does not match the shape.
  package init?(_ values: [Float], with recorded: GoldenFile.Statistics) {
    guard values.count == recorded.count else { return nil }
    let samples = recorded.samples.indices.map { Double(values[$0 * recorded.stride]) }
    sampleError = Self.relativeError(samples, recorded.samples)

    var sum = 0.0
    var squares = 0.0
    unsafe values.withUnsafeBufferPointer { buffer in
      var index = 0
      while index < buffer.count {
        let value = Double(unsafe buffer[index])
        sum += value
        squares += value * value
        index &+= 1
      }
    }
    let count = Double(values.count)
    let mean = sum / count
    let std = max(0, squares / count - mean * mean).squareRoot()
    // A mean may be near zero by chance, so differences are relative to the tensor's root mean square.
    let scale = recorded.l2 / count.squareRoot()
    let differences = [
      abs(mean - recorded.mean) / scale, abs(std - recorded.std) / scale,
      abs(squares.squareRoot() - recorded.l2) / recorded.l2,
    ]
    statisticsError = differences.contains(where: \.isNaN) ? .infinity : differences.max() ?? 0
  }

  /// ‖a - b‖ / ‖b‖; infinite if it is NaN.
  package static func relativeError(_ values: [Double], _ expected: [Double]) -> Double {
    guard values.count == expected.count else { return .infinity }
    var difference = 0.0
    var norm = 0.0
    for (value, expected) in zip(values, expected) {
      difference += (value - expected) * (value - expected)
      norm += expected * expected
    }
    let error = norm > 0 ? (difference / norm).squareRoot() : difference.squareRoot()
    return error.isNaN ? .infinity : error
  }
}
