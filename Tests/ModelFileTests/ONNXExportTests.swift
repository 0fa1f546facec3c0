import Foundation
import Networks
import Testing

@testable import ModelFile

@Suite struct ONNXExportTests {
  private func exported(_ network: StudentNetwork, endpoints: Bool = false) throws -> ProtobufReader {
    let folder = try TestFolder()
    let path = folder.path("model.onnx")
    let labels = (0..<network.classes).map { "label \($0)" }
    try ONNXExport.write(
      to: path, card: ModelCard(network: network, name: "tiny", labels: labels), endpoints: endpoints,
      from: RandomWeights(seed: 5))
    return try #require(ProtobufReader([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))[...]))
  }

  @Test(
    arguments: [
      (StudentNetwork.NonLocal.subSampled, StudentNetwork.Head.stepClassifier), (.full, .stepClassifier),
      (.none, .meanOverSteps),
    ])
  func `every tensor is in the file once, with its published name, shape and values`(
    variant: (nonLocal: StudentNetwork.NonLocal, head: StudentNetwork.Head)
  ) throws {
    let network = try tinyNetwork(nonLocal: variant.nonLocal, head: variant.head)
    let graph = try #require(exported(network).messages(7).first)
    let tensors = graph.messages(5).filter { $0.integers(2) == [1] }
    let parameters = try network.graph().parameters
    #expect(tensors.flatMap { $0.texts(8) }.sorted() == parameters.map(\.name).sorted())
    let weights = RandomWeights(seed: 5)
    for tensor in tensors {
      let parameter = ParameterDescription(try #require(tensor.texts(8).first), tensor.integers(1))
      #expect(parameters.contains(parameter))
      #expect(ElementType.float32.floats(Data(try #require(tensor.content(9).first))) == weights.values(of: parameter))
    }
  }

  @Test func `nodes read only what was made before them`() throws {
    let network = try tinyNetwork()
    let model = try exported(network, endpoints: true)
    #expect(model.integers(1) == [8])
    #expect(model.messages(8).first?.integers(2) == [17])
    let graph = try #require(model.messages(7).first)
    var known = Set(graph.messages(11).flatMap { $0.texts(1) } + graph.messages(5).flatMap { $0.texts(8) })
    for node in graph.messages(1) {
      for input in node.texts(1) { #expect(known.contains(input), "\(node.texts(3)) reads \(input)") }
      for output in node.texts(2) { #expect(known.insert(output).inserted, "\(output) is made twice") }
    }
    let outputs = graph.messages(12).flatMap { $0.texts(1) }
    #expect(outputs == (try network.graph().nodes.dropFirst().map(\.name)))
    #expect(outputs.allSatisfy(known.contains))
  }

  @Test func `input, output and the stem's padding are those of the network`() throws {
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
