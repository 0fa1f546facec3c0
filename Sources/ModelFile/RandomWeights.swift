import Basics
package import Networks

/// Seeded random weights, for trying things out before training: He initialisation, neutral batch norms.
package struct RandomWeights: ParameterSource {
  private let seed: UInt64

  package init(seed: UInt64) { self.seed = seed }

  /// Normal values with standard deviation √(2 / fan-in) for weights, 1 for scales and variances, 0 for the rest.
  ///
  /// Each tensor has an independent stream, so that adding a layer to a network leaves the other values unchanged.
  package func values(of parameter: ParameterDescription) -> [Float] {
    let name = parameter.name
    if name.hasSuffix(".running_var") || (parameter.shape.count == 1 && name.hasSuffix(".weight")) {
      return Array(repeating: 1, count: parameter.count)
    }
    guard parameter.shape.count > 1 else { return Array(repeating: 0, count: parameter.count) }
    let fan = parameter.shape.dropFirst().reduce(1, *)
    // Attention logits are unscaled sums of products over hundreds of channels: small embeddings keep them moderate.
    let gain: Float = name.contains(".theta.") || name.contains(".phi.") ? 0.05 : 1
    let scale = gain * (2 / Float(fan)).squareRoot()
    var random = SplitMix64(seed: seed ^ SplitMix64.hash(name))
    return (0..<parameter.count).map { _ in random.normal() * scale }
  }
}
