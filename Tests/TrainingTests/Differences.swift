import Basics
import Foundation
import Tensors
import Testing
import Training

/// Pseudo-random numbers in a range, the same in every run.
func made(_ shape: [Int], seed: UInt64, in range: ClosedRange<Double> = -1...1) throws -> Tensor {
  var random = SplitMix64(seed: seed)
  return try Tensor.of((0..<shape.reduce(1, *)).map { _ in Double.random(in: range, using: &random) }, shape)
}

/// How far the gradient from `backward` is from central differences in float64, relative to its length.
///
/// - Parameters:
///   - point: float64; every entry is varied.
///   - value: computes one number from a tensor like it.
/// - Returns: the relative L2 error.
/// - Throws: `TensorError`.
func gradientError(at point: Tensor, of value: (Tensor) throws -> Tensor) throws -> Double {
  try gradientError(at: point, of: value, claiming: value)
}

/// Like `gradientError(at:of:)`, but with the gradient of another function than the one measured.
func gradientError(at point: Tensor, of value: (Tensor) throws -> Tensor, claiming other: (Tensor) throws -> Tensor)
  throws -> Double
{
  let leaf = try Tensor.of(point.doubles(), point.shape)
  try leaf.requireGradient()
  try other(leaf).backward()
  let claimed = try #require(try leaf.gradient).doubles()
  let start = try point.doubles()
  let step = 1e-5
  let measured = try start.indices.map { index in
    func moved(by amount: Double) throws -> Double {
      var values = start
      values[index] += amount
      return try withoutGradients { try value(Tensor.of(values, point.shape)).item() }
    }
    return (try moved(by: step) - moved(by: -step)) / (2 * step)
  }
  let difference = zip(claimed, measured).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  let length = measured.reduce(0) { $0 + $1 * $1 }.squareRoot()
  #expect(length > 0, "a constant function cannot test its gradient")
  return difference / length
}
