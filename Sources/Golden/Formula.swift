import Basics
package import Networks

/// The counter-based generator for golden weights and inputs: SplitMix64 keyed by name.
///
/// Value i for key s: z = (i + 1) · 0x9E3779B97F4A7C15 + (FNV-1a(s) xor seed), mixed, its top 24 bits over 2²³, minus
/// 1.
package struct Formula: Sendable {
  package let seed: UInt64

  package init(seed: UInt64) { self.seed = seed }

  /// `count` values for `key` in [-1, 1), each multiplied by `factor`, plus `offset`.
  package func values(_ key: String, count: Int, factor: Float = 1, offset: Float = 0) -> [Float] {
    var random = SplitMix64(seed: SplitMix64.hash(key) ^ seed)
    return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      var index = 0
      while index < count {
        let unit = Float(truncatingIfNeeded: random.next() &>> 40) * 0x1p-23 - 1
        unsafe buffer[index] = offset + factor * unit
        index &+= 1
      }
      initialized = count
    }
  }
}

extension Float {
  /// Exact for numbers below 2²⁴.
  @inline(__always) fileprivate init(truncatingIfNeeded bits: UInt64) { self = Float(Int32(truncatingIfNeeded: bits)) }
}

/// Reproducible weights, with which the golden values were recorded.
package struct FormulaWeights: ParameterSource {
  private let formula: Formula

  package init(seed: UInt64) { formula = Formula(seed: seed) }

  package func values(of parameter: ParameterDescription) -> [Float] {
    let (factor, offset) = Self.scaling(of: parameter)
    return formula.values(parameter.name, count: parameter.count, factor: factor, offset: offset)
  }

  private static func scaling(of parameter: ParameterDescription) -> (factor: Float, offset: Float) {
    let name = parameter.name
    if name.hasSuffix("running_var") { return (0.5, 1) }
    if name.hasSuffix("running_mean") { return (0.2, 0) }
    if name.hasSuffix("PA") { return (0.05, 0) }
    if name.hasSuffix("bias") { return (0.1, 0) }
    if parameter.shape.count == 1 { return (0.2, 1) }
    let fan = parameter.shape.dropFirst().reduce(1, *)
    var factor = Float((6 / Double(fan)).squareRoot())
    // Unscaled attention would saturate with full-size query and key weights.
    if name.contains(".theta.") || name.contains(".phi.") { factor *= 0.03125 }
    if name.first == "l", name.dropFirst().first?.isNumber == true { factor *= 0.5 }
    return (factor, 0)
  }
}
