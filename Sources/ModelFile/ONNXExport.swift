import Foundation
package import Networks

/// Writes a student as an ONNX file for other runtimes.
///
/// Input `input` [1, 3, T, H, W] float32 in [-1, 1]; output `logits` [1, K].
///
/// - Source: github.com/onnx/onnx, onnx.proto (IR version 8).
package enum ONNXExport {
  private static let float32 = 1
  private static let int64 = 7

  /// - Parameters:
  ///   - path: the file to write; it appears only when complete.
  ///   - card: the network, and the file's metadata.
  ///   - endpoints: whether every layer's activation is an output too, for comparison layer by layer.
  ///   - source: the weights; written as float32.
  /// - Throws: `ModelFileError`, or what `source` throws for a tensor.
  package static func write(
    to path: String, card: ModelCard, endpoints: Bool = false, from source: some ParameterSource
  )
    throws
  {
    let graph = try card.network.graph()
    let translated = ONNXGraph(graph)

    var body = ProtobufMessage()
    for node in translated.nodes { body.add(1, node) }
    body.add(2, "adl")
    for (name, values) in translated.shapes { body.add(5, shapeTensor(name, values)) }
    let classes = [1, card.network.classes]
    let last = graph.nodes.count - 1
    for (index, node) in graph.nodes.enumerated() where index == 0 || index == last || endpoints {
      body.add(index == 0 ? 11 : 12, valueInfo(node.name, index == last ? classes : node.shape.dimensions))
    }
    // Weights are streamed after everything else, so that only one tensor at a time is in memory; only their headers
    // are created here.
    let heads = translated.weights.map { weight in
      var field = ProtobufMessage()
      var tensor = head(weight.name, weight.shape, float32)
      tensor.begin(9, length: 4 * weight.count)
      field.begin(5, length: tensor.bytes.count + 4 * weight.count)
      return (weight: weight, bytes: field.bytes + tensor.bytes)
    }
    var model = ProtobufMessage()
    model.add(1, 8)
    model.add(2, "adl")
    model.add(8, operatorSet())
    for (key, value) in try card.metadata().sorted(by: { $0.key < $1.key }) { model.add(14, entry(key, value)) }
    model.begin(7, length: heads.reduce(body.bytes.count) { $0 + $1.bytes.count + 4 * $1.weight.count })

    try AtomicFile.write(to: path) { handle in
      try handle.write(contentsOf: Data(model.bytes + body.bytes))
      for head in heads {
        let values = try head.weight.values(from: source)
        precondition(values.count == head.weight.count, "\(head.weight.name) has a different size than declared")
        try handle.write(contentsOf: Data(head.bytes) + ElementType.float32.bytes(values))
      }
    }
  }

  private static func head(_ name: String, _ shape: [Int], _ type: Int) -> ProtobufMessage {
    var tensor = ProtobufMessage()
    for size in shape { tensor.add(1, size) }
    tensor.add(2, type)
    tensor.add(8, name)
    return tensor
  }

  private static func shapeTensor(_ name: String, _ values: [Int]) -> ProtobufMessage {
    var tensor = head(name, [values.count], int64)
    for value in values { tensor.add(7, value) }
    return tensor
  }

  private static func valueInfo(_ name: String, _ dimensions: [Int]) -> ProtobufMessage {
    var shape = ProtobufMessage()
    for size in dimensions {
      var dimension = ProtobufMessage()
      dimension.add(1, size)
      shape.add(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, float32)
    tensor.add(2, shape)
    var type = ProtobufMessage()
    type.add(1, tensor)
    var value = ProtobufMessage()
    value.add(1, name)
    value.add(2, type)
    return value
  }

  private static func operatorSet() -> ProtobufMessage {
    var set = ProtobufMessage()
    set.add(1, "")
    set.add(2, ONNXGraph.operatorSet)
    return set
  }

  private static func entry(_ key: String, _ value: String) -> ProtobufMessage {
    var entry = ProtobufMessage()
    entry.add(1, key)
    entry.add(2, value)
    return entry
  }
}
