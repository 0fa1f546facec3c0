import COneDNN
import Networks
import Synchronization

/// A convolution's weights with batch norm folded in: w' = w · γ / √(σ² + ε), b' = β + (b - μ) · γ / √(σ² + ε).
///
/// - Source: methods.md 1.1.
struct FoldedWeights {
  var weights: [Float]
  /// A remaining factor for each output channel's weights.
  var scales: [Float]
  var bias: [Float]
}

extension FoldedWeights {
  init(
    weight: ParameterDescription, bias: ParameterDescription?, normalization: BatchNormalization?,
    from parameters: some ParameterSource
  ) throws(InferenceError) {
    let ones = [Float](repeating: 1, count: weight.shape[0])
    self.init(
      weights: try parameters.checked(weight), scales: ones,
      bias: try bias.map { (b) throws(InferenceError) in try parameters.checked(b) } ?? ones.map { _ in 0 })
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

/// A convolution's weights as integers.
struct QuantizedWeights {
  /// In the order of `FoldedWeights.weights`.
  var values: [Float]
  /// For each output channel, the value of a weight of 1.
  var steps: [Float]
  var bias: [Float]
}

extension QuantizedWeights {
  /// Scales each output channel so that its largest weight becomes `most`.
  init(_ folded: FoldedWeights, most: Float) {
    self.init(values: folded.weights, steps: folded.scales, bias: folded.bias)
    let count = values.count / steps.count
    for output in steps.indices {
      let range = output * count..<(output + 1) * count
      let largest = values[range].reduce(0) { max($0, abs($1)) } * abs(folded.scales[output])
      // A channel disabled by batch norm just outputs its bias, which is divided by the step.
      guard largest > 0 else {
        steps[output] = 1
        for index in range { values[index] = 0 }
        continue
      }
      steps[output] = largest / most
      let factor = folded.scales[output] / steps[output]
      for index in range { values[index] = (values[index] * factor).rounded() }
    }
  }

  /// The largest weight allowed for this CPU's kernels: without VNNI, two products must fit into 16 bits.
  static var most: Float { odn_has_vnni() != 0 ? 127 : 64 }
}

/// A layer's folded weights, computed when a kernel needs them in a layout that no other kernel uses.
final class LayerWeights {
  /// Identifies the layer.
  let name: String
  private let make: () throws(InferenceError) -> FoldedWeights
  private var made: FoldedWeights?
  /// Used if the integers are not obtained by mere scaling.
  var quantize: ((FoldedWeights, Float) -> QuantizedWeights)?

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

  /// A point-wise layer's weights in reverse, from its outputs to its inputs, without bias.
  func transposed() -> LayerWeights {
    LayerWeights(name: name + " transposed") { () throws(InferenceError) in
      let folded = try self.folded()
      let (outputs, inputs) = (folded.scales.count, folded.weights.count / folded.scales.count)
      var weights = [Float](repeating: 0, count: folded.weights.count)
      for output in 0..<outputs {
        for input in 0..<inputs {
          weights[input * outputs + output] = folded.weights[output * inputs + input] * folded.scales[output]
        }
      }
      let ones = [Float](repeating: 1, count: inputs)
      return FoldedWeights(weights: weights, scales: ones, bias: ones.map { _ in 0 })
    }
  }

  /// A layer with a single output, whose weights are this layer's bias.
  func biasAsWeights() -> LayerWeights {
    LayerWeights(name: name + " bias") { () throws(InferenceError) in
      FoldedWeights(weights: try self.folded().bias, scales: [1], bias: [0])
    }
  }

  /// The same layer without bias.
  func withoutBias() -> LayerWeights {
    LayerWeights(name: name + " without bias") { () throws(InferenceError) in
      var folded = try self.folded()
      folded.bias = folded.bias.map { _ in 0 }
      return folded
    }
  }

  /// The weights as integers.
  func quantized() throws(InferenceError) -> QuantizedWeights {
    let folded = try folded()
    return quantize?(folded, QuantizedWeights.most) ?? QuantizedWeights(folded, most: QuantizedWeights.most)
  }

  /// The same layer with transformed weights, for a kernel that does not read the layer's own input.
  func map(_ change: @escaping ([Float]) -> [Float]) -> LayerWeights {
    LayerWeights(name: name) { () throws(InferenceError) in
      var folded = try self.folded()
      folded.weights = change(folded.weights)
      return folded
    }
  }
}

/// Weights as kernels want them: all kernels of a layer that want one layout share it.
///
/// `@unchecked Sendable`: every access to the fields holds the lock, for engines that plan on threads of their own.
final class PackedWeights: @unchecked Sendable {
  private let lock = Mutex(())
  private var kernels: [String: [Kernel]] = [:]
  private var biases: [String: [Float]] = [:]
  private var steps: [String: [Float]] = [:]
  private var packedBytes = 0

  /// Of everything that is packed.
  var byteCount: Int { lock.withLock { _ in packedBytes } }

  /// Gives `kernel` the weights of `layer`; `part` distinguishes parts of a layer with separate kernels.
  func give(_ layer: LayerWeights, part: String = "", to kernel: Kernel) throws(InferenceError) {
    try lock.withLock { _ throws(InferenceError) in
      let key = layer.name + part
      if let other = kernels[key]?.first(where: { $0.readsWeights(like: kernel) }) { return try kernel.share(other) }
      let folded = try layer.folded()
      try kernel.load(weights: folded.weights, scales: folded.scales, bias: folded.bias)
      packedBytes += kernel.constantBytes
      kernels[key, default: []].append(kernel)
    }
  }

  /// Gives `kernel` the weights of `layer` as integers, for a source in which a 1 means `step`.
  func giveQuantized(_ layer: LayerWeights, step: Float, to kernel: Kernel) throws(InferenceError) {
    try lock.withLock { _ throws(InferenceError) in
      if let other = kernels[layer.name]?.first(where: { $0.readsWeights(like: kernel) }) {
        return try kernel.share(other)
      }
      let quantized = try layer.quantized()
      // oneDNN adds the bias before it scales.
      let bias = zip(quantized.bias, quantized.steps).map { $0 / ($1 * step) }
      try kernel.load(weights: quantized.values, scales: bias.map { _ in 1 }, bias: bias)
      packedBytes += kernel.constantBytes
      kernels[layer.name, default: []].append(kernel)
    }
  }

  /// The value of an integer weight of 1, for each output channel of `layer`.
  func steps(of layer: LayerWeights) throws(InferenceError) -> [Float] {
    try lock.withLock { _ throws(InferenceError) in
      if let known = steps[layer.name] { return known }
      let made = try layer.quantized().steps
      steps[layer.name] = made
      return made
    }
  }

  /// The bias of each output channel of `layer`.
  func bias(of layer: LayerWeights) throws(InferenceError) -> [Float] {
    try lock.withLock { _ throws(InferenceError) in
      if let bias = biases[layer.name] { return bias }
      let bias = try layer.folded().bias
      biases[layer.name] = bias
      return bias
    }
  }
}

extension ParameterSource {
  /// The values of `parameter`, after checking that their number matches its shape.
  fileprivate func checked(_ parameter: ParameterDescription) throws(InferenceError) -> [Float] {
    let values: [Float]
    do { values = try self.values(of: parameter) } catch { throw .parameters(reason: "\(error)") }
    guard values.count == parameter.count else {
      throw .parameters(reason: "\(parameter.name) has \(values.count) values instead of \(parameter.count)")
    }
    // ReLU turns NaN into 0, so it would go unnoticed.
    guard values.allSatisfy(\.isFinite) else {
      throw .parameters(reason: "\(parameter.name) has values that are not finite; `adl model verify` counts them")
    }
    return values
  }
}
