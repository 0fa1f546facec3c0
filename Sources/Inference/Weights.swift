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

/// A layer's folded weights, made when a kernel wants them in a layout that no other one has.
final class LayerWeights {
  /// Tells layers apart.
  let name: String
  private let make: () throws(InferenceError) -> FoldedWeights
  private var made: FoldedWeights?

  init(name: String, _ make: @escaping () throws(InferenceError) -> FoldedWeights) {
    self.name = name
    self.make = make
  }

  convenience init(
    weight: ParameterDescription, bias: ParameterDescription?, normalization: BatchNormalization?,
    from parameters: some ParameterSource
  ) {
    self.init(name: weight.name) { () throws(InferenceError) in
      try FoldedWeights(weight: weight, bias: bias, normalization: normalization, from: parameters)
    }
  }

  func folded() throws(InferenceError) -> FoldedWeights {
    if let made { return made }
    let folded = try make()
    made = folded
    return folded
  }

  /// The same with other weights, for a kernel over something else than the layer's input.
  func map(_ change: @escaping ([Float]) -> [Float]) -> LayerWeights {
    LayerWeights(name: name) { () throws(InferenceError) in
      var folded = try self.folded()
      folded.weights = change(folded.weights)
      return folded
    }
  }
}

/// Weights as kernels want them: all kernels of a layer that want one layout share it.
final class PackedWeights {
  private var kernels: [String: [Kernel]] = [:]
  private var biases: [String: [Float]] = [:]
  /// Of everything that is packed.
  private(set) var byteCount = 0

  /// Gives `kernel` the weights of `layer`; `part` tells parts of a layer with kernels of their own.
  func give(_ layer: LayerWeights, part: String = "", to kernel: Kernel) throws(InferenceError) {
    let key = layer.name + part
    if let other = kernels[key]?.first(where: { $0.readsWeights(like: kernel) }) { return try kernel.share(other) }
    let folded = try layer.folded()
    try kernel.load(weights: folded.weights, scales: folded.scales, bias: folded.bias)
    byteCount += kernel.constantBytes
    kernels[key, default: []].append(kernel)
  }

  /// What is added to each output channel of `layer`.
  func bias(of layer: LayerWeights) throws(InferenceError) -> [Float] {
    if let bias = biases[layer.name] { return bias }
    let bias = try layer.folded().bias
    biases[layer.name] = bias
    return bias
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
