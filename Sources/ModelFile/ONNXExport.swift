import Foundation
package import Networks

/// The same network as an ONNX file, for other runtimes.
///
/// Input `clip` [1, 3, T, H, W] in [-1, 1], output `logits` [1, K] for a clip of the model's own length. Batch norms are
/// folded into the convolutions, as every runtime would do.
///
/// The file is a protobuf message; the dozen fields needed are written by hand, where generated code for all of ONNX
/// would be thousands of lines.
///
/// - Source: onnx.proto of ONNX 1.14, operator set 17.
package enum ONNXExport {
  /// - Throws: `ModelFileError` when a weight is missing or the file cannot be written.
  package static func write(to path: String, _ network: StudentNetwork, name: String, from source: some ParameterSource)
    throws(ModelFileError)
  {
    do {
      var writer = ONNXGraphWriter(try network.graph(), source)
      let model = try writer.model(name: name)
      try AtomicFile.write(to: path) { try $0.write(contentsOf: model) }
    } catch {
      throw error as? ModelFileError ?? .cannotWrite(path: path, reason: "\(error)")
    }
  }
}

/// Writes protobuf's wire format: fields in the order they are added.
private struct ProtobufMessage {
  private(set) var bytes = Data()

  mutating func add(_ field: Int, _ value: Int) {
    varint(UInt64(field) << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func add(_ field: Int, _ value: Data) {
    varint(UInt64(field) << 3 | 2)
    varint(UInt64(value.count))
    bytes.append(value)
  }

  mutating func add(_ field: Int, _ value: String) { add(field, Data(value.utf8)) }
  mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, message.bytes) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// Turns the description's nodes into ONNX's.
private struct ONNXGraphWriter<Source: ParameterSource> {
  private static var operatorSet: Int { 17 }
  private static var floatType: Int { 1 }
  private static var integerType: Int { 7 }

  private let graph: NetworkGraph
  private let source: Source
  private var nodes: [ProtobufMessage] = []
  private var constants: [ProtobufMessage] = []

  init(_ graph: NetworkGraph, _ source: Source) {
    self.graph = graph
    self.source = source
  }

  mutating func model(name: String) throws -> Data {
    for index in graph.nodes.indices { try add(index) }
    let last = graph.nodes[graph.nodes.count - 1]
    node("Flatten", [last.name + ".positions"], last.name, ["axis": 1])

    var message = ProtobufMessage()
    for node in nodes { message.add(1, node) }
    message.add(2, name.isEmpty ? "adl" : name)
    for constant in constants { message.add(5, constant) }
    message.add(11, value("clip", graph.nodes[0].shape.dimensions))
    message.add(12, value(last.name, [1, last.shape.count]))

    var operators = ProtobufMessage()
    operators.add(1, "")
    operators.add(2, Self.operatorSet)
    var model = ProtobufMessage()
    model.add(1, 8)  // IR version
    model.add(2, "adl")
    model.add(7, message)
    model.add(8, operators)
    return model.bytes
  }

  private mutating func add(_ index: Int) throws {
    let current = graph.nodes[index]
    let inputs = current.inputs.map { outputName(graph.nodes[$0]) }
    let output = outputName(current)
    switch current.operation {
    case .input: break
    case .convolution(let layer): try convolution(layer, inputs[0], graph.nodes[current.inputs[0]].shape.extent, output)
    case .maxPool(let layer):
      // Padding counts as minus infinity here and as zero in I3D, which is the same after a ReLU.
      let padding = layer.padded(graph.nodes[current.inputs[0]].shape.extent).padding
      node(
        "MaxPool", inputs, output,
        lists: ["kernel_shape": sides(layer.kernel), "strides": sides(layer.stride), "pads": pads(padding)])
    case .concatenate: node("Concat", inputs, output, ["axis": 1])
    case .nonLocal(let block): try nonLocal(block, inputs[0], current.shape, output)
    case .averagePool(let window):
      node("AveragePool", inputs, output, lists: ["kernel_shape": sides(window), "strides": [1, 1, 1]])
    case .stepClassifier(let layer):
      // fc's columns are class-major, so its weight [K, K·S] is a temporal convolution's [K, K, S, 1, 1].
      let weight = try source.values(of: layer.weight)
      constant(layer.weight.name, weight, [layer.classes, layer.classes, layer.steps, 1, 1])
      constant(layer.bias.name, try source.values(of: layer.bias), [layer.classes])
      node(
        "Conv", [inputs[0], layer.weight.name, layer.bias.name], output,
        lists: ["kernel_shape": [layer.steps, 1, 1], "strides": [1, 1, 1]])
    case .meanOverSteps:
      node(
        "AveragePool", inputs, output,
        lists: [
          "kernel_shape": [graph.nodes[current.inputs[0]].shape.extent.frames, 1, 1], "strides": [1, 1, 1],
        ])
    }
  }

  /// The graph's input and its last node's positions have names of their own.
  private func outputName(_ node: NetworkGraph.Node) -> String {
    if case .input = node.operation { return "clip" }
    return node.name == graph.nodes[graph.nodes.count - 1].name ? node.name + ".positions" : node.name
  }

  private mutating func convolution(_ layer: Convolution3D, _ input: String, _ extent: Extent, _ output: String) throws
  {
    var weight = try source.values(of: layer.weight)
    var bias = try layer.bias.map { try source.values(of: $0) } ?? Array(repeating: 0, count: layer.outputs)
    if let norm = layer.normalization { try fold(norm, &weight, &bias) }
    constant(layer.weight.name, weight, layer.weight.shape)
    constant(layer.name + ".bias", bias, [layer.outputs])
    let result = layer.hasReLU ? output + ".sum" : output
    node(
      "Conv", [input, layer.weight.name, layer.name + ".bias"], result,
      lists: [
        "kernel_shape": sides(layer.kernel), "strides": sides(layer.stride), "pads": pads(layer.padded(extent).padding),
      ])
    if layer.hasReLU { node("Relu", [result], output) }
  }

  private mutating func nonLocal(
    _ block: NonLocalBlock, _ input: String, _ shape: ActivationShape, _ output: String
  ) throws {
    func embed(_ parameters: [ParameterDescription], _ name: String, pooled: Bool) throws -> String {
      constant(parameters[0].name, try source.values(of: parameters[0]), parameters[0].shape)
      constant(parameters[1].name, try source.values(of: parameters[1]), parameters[1].shape)
      node("Conv", [input, parameters[0].name, parameters[1].name], name, lists: ["kernel_shape": [1, 1, 1]])
      guard pooled else { return name }
      node("MaxPool", [name], name + ".pooled", lists: ["kernel_shape": [1, 2, 2], "strides": [1, 2, 2]])
      return name + ".pooled"
    }
    let query = try embed(block.theta, output + ".theta", pooled: false)
    let key = try embed(block.phi, output + ".phi", pooled: block.subSampled)
    let values = try embed(block.g, output + ".g", pooled: block.subSampled)
    constant(output + ".flat", integers: [1, block.inner, -1])
    constant(output + ".shape", integers: [1, block.inner] + sides(shape.extent))
    for name in [query, key, values] { node("Reshape", [name, output + ".flat"], name + ".flat") }
    node("Transpose", [query + ".flat"], query + ".rows", lists: ["perm": [0, 2, 1]])
    node("Transpose", [values + ".flat"], values + ".rows", lists: ["perm": [0, 2, 1]])
    node("MatMul", [query + ".rows", key + ".flat"], output + ".products")
    node("Softmax", [output + ".products"], output + ".attention", ["axis": 2])
    node("MatMul", [output + ".attention", values + ".rows"], output + ".mixed")
    node("Transpose", [output + ".mixed"], output + ".columns", lists: ["perm": [0, 2, 1]])
    node("Reshape", [output + ".columns", output + ".shape"], output + ".y")

    var weight = try source.values(of: block.output[0])
    var bias = try source.values(of: block.output[1])
    try fold(block.normalization, &weight, &bias)
    constant(block.output[0].name, weight, block.output[0].shape)
    constant(block.output[1].name, bias, block.output[1].shape)
    node(
      "Conv", [output + ".y", block.output[0].name, block.output[1].name], output + ".projected",
      lists: ["kernel_shape": [1, 1, 1]])
    node("Add", [input, output + ".projected"], output)
  }

  /// Multiplies a batch norm into the convolution before it.
  ///
  /// - Source: methods.md 1.1.
  private func fold(_ norm: BatchNormalization, _ weight: inout [Float], _ bias: inout [Float]) throws {
    let scale = try source.values(of: norm.scale)
    let offset = try source.values(of: norm.offset)
    let mean = try source.values(of: norm.mean)
    let variance = try source.values(of: norm.variance)
    let size = weight.count / norm.channels
    for channel in 0..<norm.channels {
      let factor = scale[channel] / (variance[channel] + norm.epsilon).squareRoot()
      for index in channel * size..<(channel + 1) * size { weight[index] *= factor }
      bias[channel] = (bias[channel] - mean[channel]) * factor + offset[channel]
    }
  }

  private mutating func node(
    _ operation: String, _ inputs: [String], _ output: String, _ integers: [String: Int] = [:],
    lists: [String: [Int]] = [:]
  ) {
    var message = ProtobufMessage()
    for input in inputs { message.add(1, input) }
    message.add(2, output)
    message.add(3, output)
    message.add(4, operation)
    for (name, value) in integers.sorted(by: { $0.key < $1.key }) {
      var attribute = ProtobufMessage()
      attribute.add(1, name)
      attribute.add(3, value)
      attribute.add(20, 2)  // an integer
      message.add(5, attribute)
    }
    for (name, values) in lists.sorted(by: { $0.key < $1.key }) {
      var attribute = ProtobufMessage()
      attribute.add(1, name)
      for value in values { attribute.add(8, value) }
      attribute.add(20, 7)  // integers
      message.add(5, attribute)
    }
    nodes.append(message)
  }

  private mutating func constant(_ name: String, _ values: [Float], _ shape: [Int]) {
    constant(name, ElementType.float32.bytes(values), type: Self.floatType, shape)
  }

  private mutating func constant(_ name: String, integers: [Int]) {
    let bytes = integers.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    constant(name, Data(bytes), type: Self.integerType, [integers.count])
  }

  private mutating func constant(_ name: String, _ bytes: Data, type: Int, _ shape: [Int]) {
    var tensor = ProtobufMessage()
    for size in shape { tensor.add(1, size) }
    tensor.add(2, type)
    tensor.add(8, name)
    tensor.add(9, bytes)
    constants.append(tensor)
  }

  private func value(_ name: String, _ shape: [Int]) -> ProtobufMessage {
    var dimensions = ProtobufMessage()
    for size in shape {
      var dimension = ProtobufMessage()
      dimension.add(1, size)
      dimensions.add(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, Self.floatType)
    tensor.add(2, dimensions)
    var type = ProtobufMessage()
    type.add(1, tensor)
    var value = ProtobufMessage()
    value.add(1, name)
    value.add(2, type)
    return value
  }

  private func sides(_ extent: Extent) -> [Int] { [extent.frames, extent.height, extent.width] }
  private func pads(_ padding: Padding) -> [Int] { sides(padding.front) + sides(padding.back) }
}
