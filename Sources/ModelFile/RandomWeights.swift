package import Networks

/// Seeded random weights, for trying things out before any training: He initialisation, batch norms at rest.
package struct RandomWeights: ParameterSource {
  private let seed: UInt64

  package init(seed: UInt64) { self.seed = seed }

  /// Normal values with standard deviation √(2 / fan-in) for weights, 1 for scales and variances, 0 for the rest.
  ///
  /// Each tensor has a stream of its own, so that a network with one layer more keeps the others' values.
  package func values(of parameter: ParameterDescription) -> [Float] {
    let name = parameter.name
    if name.hasSuffix(".running_var") || (parameter.shape.count == 1 && name.hasSuffix(".weight")) {
      return Array(repeating: 1, count: parameter.count)
    }
    guard parameter.shape.count > 1 else { return Array(repeating: 0, count: parameter.count) }
    let fan = parameter.shape.dropFirst().reduce(1, *)
    // Attention logits are sums of products over hundreds of channels, unscaled: small embeddings keep them moderate.
    let gain: Float = name.contains(".theta.") || name.contains(".phi.") ? 0.05 : 1
    let scale = gain * (2 / Float(fan)).squareRoot()
    var random = SplitMix64(seed: seed ^ hash(name))
    return (0..<parameter.count).map { _ in random.normal() * scale }
  }

  /// FNV-1a.
  private func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}

/// A small generator whose numbers are the same everywhere.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Close to a normal deviate: the sum of four uniform ones, scaled to variance 1; plenty for initial weights.
  mutating func normal() -> Float {
    let bits = next()
    let sum = (0..<4).reduce(Float(0)) { $0 + Float(bits >> (16 * $1) & 0xffff) / 65535 }
    return (sum - 2) * Float(3).squareRoot()
  }
}
