import Networks

/// A network's nodes as ONNX operators, before any weight is read.
///
/// Activations keep their endpoints' names and weights their published ones; batch norms are folded. SAME padding
/// becomes explicit numbers, because the exporter knows the input size.
///
/// - Source: onnx.ai/onnx/operators, operator set 17.
struct ONNXGraph {
  /// The operator set; old enough for runtimes from 2022, and nothing newer is needed.
  static let operatorSet = 17

  private(set) var nodes: [ProtobufMessage] = []
  /// Float weights, in the order in which nodes refer to them.
  private(set) var weights: [ONNXWeight] = []
  /// Small integer tensors: the target shapes of reshapes.
  private(set) var shapes: [(name: String, values: [Int])] = []

  init(_ graph: NetworkGraph) {
    for node in graph.nodes {
      let inputs = node.inputs.map { graph.nodes[$0] }
      switch node.operation {
      case .input: break
      case .convolution(let layer): convolution(layer, to: node.name, from: inputs[0])
      case .maxPool(let layer): pool(layer, to: node.name, from: inputs[0])
      case .concatenate: add("Concat", inputs.map(\.name), node.name, ["axis": .integer(1)])
      case .nonLocal(let block): nonLocal(block, to: node, from: inputs[0])
      case .averagePool(let window):
        add(
          "AveragePool", [inputs[0].name], node.name,
          ["kernel_shape": .integers(window), "strides": .integers(Extent(1))])
      case .stepClassifier(let layer): classify(layer, to: node, from: inputs[0])
      case .meanOverSteps:
        add("ReduceMean", [inputs[0].name], node.name, ["axes": .integers([2, 3, 4]), "keepdims": .integer(0)])
      }
    }
  }

  private mutating func convolution(_ layer: Convolution3D, to output: String, from input: NetworkGraph.Node) {
    let padding = layer.padded(input.shape.extent).padding
    let inputs = [input.name] + weights(layer.weight, layer.bias, biasName: layer.name + ".bias", layer.normalization)
    let plain = layer.hasReLU ? output + ".sum" : output
    add(
      "Conv", inputs, plain,
      ["kernel_shape": .integers(layer.kernel), "strides": .integers(layer.stride), "pads": .integers(padding)])
    if layer.hasReLU { add("Relu", [plain], output) }
  }

  /// The names of a convolution's weight and bias.
  private mutating func weights(
    _ weight: ParameterDescription, _ bias: ParameterDescription?, biasName: String,
    _ normalization: BatchNormalization?
  ) -> [String] {
    guard let normalization else { return [self.weight(weight)] + (bias.map { [self.weight($0)] } ?? []) }
    weights.append(ONNXWeight(weight, foldedWith: normalization))
    weights.append(ONNXWeight(biasNamed: biasName, bias, foldedWith: normalization))
    return [weight.name, biasName]
  }

  private mutating func pool(_ layer: MaxPool3D, to output: String, from input: NetworkGraph.Node) {
    // ONNX pads with -∞ and the network with 0; equivalent, because pooled values are never negative.
    let padding = layer.padded(input.shape.extent).padding
    add(
      "MaxPool", [input.name], output,
      [
        "kernel_shape": .integers(layer.kernel), "strides": .integers(layer.stride),
        "pads": .integers(padding),
      ])
  }

  /// z = x + BN(W · softmax(θ(x)ᵀ φ(x)) g(x)), over tokens [1, inner, positions].
  private mutating func nonLocal(_ block: NonLocalBlock, to node: NetworkGraph.Node, from input: NetworkGraph.Node) {
    let prefix = node.name
    let tokens = shape(prefix + ".tokens", [1, block.inner, -1])
    func embedded(_ name: String, _ tensors: [ParameterDescription], pooled: Bool, _ graph: inout Self) -> String {
      let full = "\(prefix).\(name)"
      graph.add(
        "Conv", [input.name] + tensors.map { graph.weight($0) }, full, ["kernel_shape": .integers(Extent(1))])
      var last = full
      if pooled {
        let window = Extent(1, 2, 2)
        graph.add(
          "MaxPool", [full], full + ".pooled", ["kernel_shape": .integers(window), "strides": .integers(window)])
        last = full + ".pooled"
      }
      graph.add("Reshape", [last, tokens], full + ".tokens")
      return full + ".tokens"
    }
    let theta = embedded("theta", block.theta, pooled: false, &self)
    let phi = embedded("phi", block.phi, pooled: block.subSampled, &self)
    let g = embedded("g", block.g, pooled: block.subSampled, &self)
    let swapped = Attribute.integers([0, 2, 1])
    add("Transpose", [theta], prefix + ".queries", ["perm": swapped])
    add("MatMul", [prefix + ".queries", phi], prefix + ".products")
    add("Softmax", [prefix + ".products"], prefix + ".attention", ["axis": .integer(-1)])
    add("Transpose", [g], prefix + ".values", ["perm": swapped])
    add("MatMul", [prefix + ".attention", prefix + ".values"], prefix + ".attended")
    add("Transpose", [prefix + ".attended"], prefix + ".attended.channels", ["perm": swapped])
    let extent = node.shape.extent
    let map = shape(prefix + ".map", [1, block.inner, extent.frames, extent.height, extent.width])
    add("Reshape", [prefix + ".attended.channels", map], prefix + ".attended.map")
    let (weight, bias) = (block.output[0], block.output[1])
    let output = weights(weight, bias, biasName: bias.name, block.normalization)
    add("Conv", [prefix + ".attended.map"] + output, prefix + ".projected", ["kernel_shape": .integers(Extent(1))])
    add("Add", [input.name, prefix + ".projected"], node.name)
  }

  private mutating func classify(_ layer: StepClassifier, to node: NetworkGraph.Node, from input: NetworkGraph.Node) {
    precondition(node.shape.extent.frames == 1, "a sliding head is not exported")
    // Row-major [1, K, S, 1, 1] is class-major when flattened, as the layer expects.
    add("Flatten", [input.name], node.name + ".steps", ["axis": .integer(1)])
    add(
      "Gemm", [node.name + ".steps", weight(layer.weight), weight(layer.bias)], node.name,
      ["transB": .integer(1)])
  }

  // MARK: messages

  private enum Attribute {
    case integer(Int)
    case integers([Int])

    static func integers(_ extent: Extent) -> Attribute { .integers([extent.frames, extent.height, extent.width]) }

    /// All front values, then all back values.
    static func integers(_ padding: Padding) -> Attribute {
      .integers(
        [padding.front, padding.back].flatMap { [$0.frames, $0.height, $0.width] })
    }
  }

  private mutating func weight(_ parameter: ParameterDescription) -> String {
    weights.append(ONNXWeight(parameter))
    return parameter.name
  }

  private mutating func shape(_ name: String, _ values: [Int]) -> String {
    shapes.append((name, values))
    return name
  }

  private mutating func add(
    _ type: String, _ inputs: [String], _ output: String, _ attributes: KeyValuePairs<String, Attribute> = [:]
  ) {
    var node = ProtobufMessage()
    for input in inputs { node.add(1, input) }
    node.add(2, output)
    node.add(3, output)
    node.add(4, type)
    for (name, value) in attributes {
      var attribute = ProtobufMessage()
      attribute.add(1, name)
      switch value {
      case .integer(let value):
        attribute.add(3, value)
        attribute.add(20, 2)
      case .integers(let values):
        for value in values { attribute.add(8, value) }
        attribute.add(20, 7)
      }
      node.add(5, attribute)
    }
    nodes.append(node)
  }
}
