import Foundation
import Networks
import TestSupport
import Testing

@testable import ModelFile

@Suite struct ONNXExportTests {
  /// Weights without zeros and ones, so that no error cancels out.
  private struct Lively: ParameterSource {
    func values(of parameter: ParameterDescription) -> [Float] {
      let shift = Float(parameter.name.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % 101 })
      return (0..<parameter.count).map { 0.25 + (Float($0 * 37 % 113) + shift) / 256 }
    }
  }

  private func floatTensors(_ model: ProtobufReader) throws -> [(description: ParameterDescription, values: [Float])] {
    try #require(model.messages(7).first).messages(5).filter { $0.integers(2) == [1] }.map { tensor in
      (
        ParameterDescription(try #require(tensor.texts(8).first), tensor.integers(1)),
        ElementType.float32.floats(Data(try #require(tensor.content(9).first)))
      )
    }
  }

  private func exported(
    _ network: StudentNetwork, endpoints: Bool = false, from source: some ParameterSource = RandomWeights(seed: 5)
  ) throws -> ProtobufReader {
    let folder = try TemporaryFolder()
    let path = folder.file("model.onnx")
    let labels = (0..<network.classes).map { "label \($0)" }
    try ONNXExport.write(
      to: path, card: ModelCard(network: network, name: "tiny", labels: labels), endpoints: endpoints,
      from: source)
    return try #require(ProtobufReader([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))[...]))
  }

  @Test(
    arguments: [
      (StudentNetwork.NonLocal.subSampled, StudentNetwork.Head.stepClassifier), (.full, .stepClassifier),
      (.none, .meanOverSteps),
    ])
  func `every weight is in the ONNX file once, with its published name and shape`(
    variant: (nonLocal: StudentNetwork.NonLocal, head: StudentNetwork.Head)
  ) throws {
    let network = try tinyNetwork(nonLocal: variant.nonLocal, head: variant.head)
    let tensors = try floatTensors(exported(network))
    // Batch norms are folded: their four vectors disappear, and every convolution gets a bias.
    let parameters = try network.graph().parameters.filter { !$0.name.contains(".bn.") && !$0.name.contains(".W.1.") }
    let biases = try network.graph().nodes.compactMap { node -> ParameterDescription? in
      guard case .convolution(let layer) = node.operation, !layer.hasBias else { return nil }
      return ParameterDescription(layer.name + ".bias", [layer.outputs])
    }
    #expect(tensors.count == parameters.count + biases.count)
    func named(_ parameters: [ParameterDescription]) -> [String: [Int]] {
      Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
    }
    #expect(named(tensors.map(\.description)) == named(parameters + biases))
  }

  @Test func `batch norms are folded into the ONNX weight and bias`() throws {
    let network = try tinyNetwork()
    let tensors = try floatTensors(exported(network, from: Lively()))
    func exportedValues(_ name: String) throws -> [Float] {
      try #require(tensors.first { $0.description.name == name }).values
    }
    // The stem's convolution has no bias, the Non-Local block's projection has one.
    for (weight, bias, own, norm, epsilon) in [
      ("Conv3d_1a_7x7.conv3d.weight", "Conv3d_1a_7x7.conv3d.bias", false, "Conv3d_1a_7x7.bn", Float(1e-3)),
      ("fuse_att_fc.W.0.weight", "fuse_att_fc.W.0.bias", true, "fuse_att_fc.W.1", 1e-5),
    ] {
      let shape = try #require(tensors.first { $0.description.name == weight }).description.shape
      func original(_ name: String) -> [Float] { Lively().values(of: ParameterDescription(name, [shape[0]])) }
      let plain = Lively().values(of: ParameterDescription(weight, shape))
      let variance = original(norm + ".running_var")
      let factors = zip(original(norm + ".weight"), variance).map { $0 / ($1 + epsilon).squareRoot() }
      let size = plain.count / shape[0]
      #expect(try exportedValues(weight) == plain.indices.map { plain[$0] * factors[$0 / size] })
      let before = own ? original(bias) : Array(repeating: 0, count: shape[0])
      let (mean, offset) = (original(norm + ".running_mean"), original(norm + ".bias"))
      #expect(try exportedValues(bias) == factors.indices.map { offset[$0] + (before[$0] - mean[$0]) * factors[$0] })
    }
  }

  @Test func `ONNX nodes only read what earlier nodes produced`() throws {
    let network = try tinyNetwork()
    let model = try exported(network, endpoints: true)
    #expect(model.integers(1) == [8])
    #expect(model.messages(8).first?.integers(2) == [17])
    let graph = try #require(model.messages(7).first)
    var known = Set(graph.messages(11).flatMap { $0.texts(1) } + graph.messages(5).flatMap { $0.texts(8) })
    for node in graph.messages(1) {
      for input in node.texts(1) { #expect(known.contains(input), "\(node.texts(3)) reads \(input)") }
      for output in node.texts(2) { #expect(known.insert(output).inserted, "\(output) is produced twice") }
    }
    let outputs = graph.messages(12).flatMap { $0.texts(1) }
    #expect(outputs == (try network.graph().nodes.dropFirst().map(\.name)))
    #expect(outputs.allSatisfy(known.contains))
  }

  @Test func `ONNX input, output and the stem's padding are those of the network`() throws {
    let graph = try #require(exported(tinyNetwork()).messages(7).first)
    func dimensions(_ value: ProtobufReader?) -> [Int] {
      value?.messages(2).first?.messages(1).first?.messages(2).first?.messages(1).flatMap { $0.integers(1) } ?? []
    }
    #expect(dimensions(graph.messages(11).first) == [1, 3, 16, 112, 112])
    #expect(graph.messages(12).count == 1)
    #expect(dimensions(graph.messages(12).first) == [1, 3])
    let stem = try #require(graph.messages(1).first)
    let attributes = Dictionary(
      uniqueKeysWithValues: stem.messages(5).map { ($0.texts(1).first ?? "", $0.integers(8)) })
    #expect(attributes == ["kernel_shape": [7, 7, 7], "strides": [2, 2, 2], "pads": [2, 2, 2, 3, 3, 3]])
  }
}
