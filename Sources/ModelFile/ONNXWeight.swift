import Networks

/// A weight as stored in the ONNX file: the published tensor, with the layer's batch norm folded in if there is one.
///
/// w' = w · γ / √(σ² + ε), b' = β + (b - μ) · γ / √(σ² + ε). Folded here, because not every ONNX runtime folds by
/// itself, and a speed comparison must not penalise those that do not.
///
/// - Source: methods.md 1.1.
struct ONNXWeight {
  let name: String
  let shape: [Int]
  private let content: Content

  private enum Content {
    case plain(ParameterDescription)
    case foldedWeight(ParameterDescription, BatchNormalization)
    /// The convolution may have no bias.
    case foldedBias(ParameterDescription?, BatchNormalization)
  }

  init(_ parameter: ParameterDescription) {
    (name, shape, content) = (parameter.name, parameter.shape, .plain(parameter))
  }

  /// A convolution's weight.
  init(_ weight: ParameterDescription, foldedWith normalization: BatchNormalization) {
    (name, shape, content) = (weight.name, weight.shape, .foldedWeight(weight, normalization))
  }

  /// The bias called `name` for a convolution with or without a `bias`.
  init(biasNamed name: String, _ bias: ParameterDescription?, foldedWith normalization: BatchNormalization) {
    (self.name, shape, content) = (name, [normalization.channels], .foldedBias(bias, normalization))
  }

  var count: Int { shape.reduce(1, *) }

  func values(from source: some ParameterSource) throws -> [Float] {
    switch content {
    case .plain(let parameter): return try source.values(of: parameter)
    case .foldedWeight(let parameter, let normalization):
      var values = try source.values(of: parameter)
      let factors = try factors(normalization, source)
      let size = values.count / factors.count
      for (channel, factor) in factors.enumerated() {
        for index in channel * size..<(channel + 1) * size { values[index] *= factor }
      }
      return values
    case .foldedBias(let parameter, let normalization):
      let bias = try parameter.map { try source.values(of: $0) } ?? Array(repeating: 0, count: normalization.channels)
      let offset = try source.values(of: normalization.offset)
      let mean = try source.values(of: normalization.mean)
      let factors = try factors(normalization, source)
      return factors.indices.map { offset[$0] + (bias[$0] - mean[$0]) * factors[$0] }
    }
  }

  /// γ / √(σ² + ε) for every channel.
  private func factors(_ normalization: BatchNormalization, _ source: some ParameterSource) throws -> [Float] {
    let scale = try source.values(of: normalization.scale)
    let variance = try source.values(of: normalization.variance)
    return zip(scale, variance).map { $0 / ($1 + normalization.epsilon).squareRoot() }
  }
}
