import Networks

/// A convolution's weights with batch norm folded in: w' = w · γ / √(σ² + ε), b' = β + (b - μ) · γ / √(σ² + ε).
///
/// - Source: methods.md 1.1.
struct FoldedWeights {
  var weights: [Float]
  /// What each output channel's weights are still to be multiplied by.
  var scales: [Float]
  var bias: [Float]

  init(
    weight: ParameterDescription, bias: ParameterDescription?, normalization: BatchNormalization?,
    from parameters: some ParameterSource
  ) throws(InferenceError) {
    weights = try parameters.checked(weight)
    scales = Array(repeating: 1, count: weight.shape[0])
    self.bias = try bias.map { (b) throws(InferenceError) in try parameters.checked(b) } ?? scales.map { _ in 0 }
    guard let normalization else { return }
    let scale = try parameters.checked(normalization.scale)
    let offset = try parameters.checked(normalization.offset)
    let mean = try parameters.checked(normalization.mean)
    let variance = try parameters.checked(normalization.variance)
    for channel in scales.indices {
      scales[channel] = scale[channel] / (variance[channel] + normalization.epsilon).squareRoot()
      self.bias[channel] = offset[channel] + (self.bias[channel] - mean[channel]) * scales[channel]
    }
  }
}

extension ParameterSource {
  /// The values of `parameter`; exactly as many as its shape says.
  fileprivate func checked(_ parameter: ParameterDescription) throws(InferenceError) -> [Float] {
    let values: [Float]
    do { values = try self.values(of: parameter) } catch { throw .parameters(reason: "\(error)") }
    guard values.count == parameter.count else {
      throw .parameters(reason: "\(parameter.name) has \(values.count) values instead of \(parameter.count)")
    }
    // ReLU turns a NaN into 0, so that nobody would notice.
    guard values.allSatisfy(\.isFinite) else {
      throw .parameters(reason: "\(parameter.name) has values that are no numbers; `adl model verify` counts them")
    }
    return values
  }
}
