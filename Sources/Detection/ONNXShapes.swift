/// Computes the shape of every value in a graph, and rejects anything a detector does not have.
///
/// It knows only the operations of the YOLOX family, with the arguments they have: OpenCV 4.6 reads beyond its arrays
/// if an argument does not fit.
struct ONNXShapes {
  /// Most numbers in one value: 256 MB of floats.
  private static let countLimit = 1 << 26
  /// Most multiplications over all convolutions: YOLOX-x has 1.4e11.
  private static let workLimit = 1.0e12

  private let constants: [String: ONNXTensor]
  /// Shapes of the values computed so far.
  private var shapes: [String: [Int]]
  private var work = 0.0

  /// The shape of the output of a graph whose only input has the shape `input`.
  ///
  /// - Throws: `ProtobufDamage` with the reason why the graph cannot be run.
  static func output(of graph: ONNXGraph, input: String, shape: [Int]) throws(ProtobufDamage) -> [Int] {
    var walk = ONNXShapes(constants: graph.constants, shapes: [input: shape])
    var made = Set(graph.constants.keys).union([input])
    var constants = graph.constants
    for node in graph.nodes {
      guard node.outputs.count == 1, let output = node.outputs.first, !output.isEmpty, made.insert(output).inserted
      else {
        throw ProtobufDamage("a node of kind \(node.operation) does not have exactly one output with a unique name")
      }
      if node.operation == "Constant" {
        guard case .tensor(let tensor)? = node.attributes["value"], node.attributes.count == 1, node.inputs.isEmpty
        else {
          throw ProtobufDamage("a node of kind Constant contains no tensor")
        }
        constants[output] = tensor
        walk = ONNXShapes(constants: constants, shapes: walk.shapes, work: walk.work)
        continue
      }
      let shape = try walk.shape(of: ONNXArguments(node, constants: constants, shapes: walk.shapes))
      var count = 1
      for side in shape {
        guard side >= 1, side <= countLimit, count <= countLimit else {
          throw ProtobufDamage("'\(output)' would have the shape \(shapeText(shape))")
        }
        count *= side
      }
      guard shape.count <= 5, count <= countLimit, walk.work <= workLimit else {
        throw ProtobufDamage("'\(output)' of shape \(shapeText(shape)) would take too much memory or time")
      }
      walk.shapes[output] = shape
    }
    guard let output = graph.outputs.first, graph.outputs.count == 1, let shape = walk.shapes[output.name],
      output.name != input
    else { throw ProtobufDamage("it does not have one output that a node computes") }
    return shape
  }

  private init(constants: [String: ONNXTensor], shapes: [String: [Int]], work: Double = 0) {
    (self.constants, self.shapes, self.work) = (constants, shapes, work)
  }

  private mutating func shape(of node: ONNXArguments) throws(ProtobufDamage) -> [Int] {
    switch node.operation {
    case "Conv":
      let (shape, multiplications) = try node.convolution()
      work += multiplications
      return shape
    case "MaxPool": return try node.maximum()
    case "BatchNormalization": return try node.normalized()
    case "Sigmoid", "Relu", "Identity", "HardSwish": return try node.elementwise([])
    case "LeakyRelu": return try node.elementwise(["alpha"])
    case "Add", "Mul", "Sub", "Div": return try node.pairwise()
    case "Concat": return try node.concatenated()
    case "Slice": return try node.sliced()
    case "Transpose": return try node.transposed()
    case "Reshape": return try node.reshaped()
    case "Resize": return try node.resized()
    case "Exp":
      throw ProtobufDamage(
        "it has a node of kind Exp, so it decodes its boxes itself; export it without")
    default: throw ProtobufDamage("it has a node of kind \(node.operation), which these detectors do not have")
    }
  }
}
