import Networks

/// The number format of each node's output.
///
/// The attention block, whose unscaled softmax is sensitive, and the head are float32 whatever the trunk is.
struct Numbers {
  private let scalars: [Tensor.Scalar]
  /// For u8, the value of a stored 1.
  private let steps: [Float]

  /// - Parameters:
  ///   - graph: the network.
  ///   - precision: the trunk's format, resolved.
  ///   - ranges: how large values become; for int8.
  /// - Throws: `InferenceError.notCalibrated` or `.ranges` if int8 lacks what it needs.
  init(_ graph: NetworkGraph, _ precision: Precision, _ ranges: ActivationRanges?) throws(InferenceError) {
    guard precision == .int8 else {
      scalars = Self.scalars(of: graph, trunk: precision == .bf16 ? .bf16 : .f32, exactModules: Self.exactModules)
      steps = scalars.map { _ in 1 }
      return
    }
    guard let ranges else { throw .notCalibrated }
    if let fault = ranges.fault(for: graph) { throw .ranges(reason: fault) }
    let scalars = Self.scalars(of: graph, trunk: .u8, exactModules: ranges.exactModules)
    self.scalars = scalars
    steps = zip(scalars, graph.rangedNodes).map { scalar, node in
      scalar == .u8 ? ranges.largest[graph.nodes[node].name].map { $0 / 255 } ?? 1 : 1
    }
  }

  /// The tensor for a node's whole output.
  func tensor(_ node: Int, _ shape: ActivationShape) -> Tensor {
    Tensor(shape: shape, scalar: scalars[node], step: steps[node])
  }

  /// Number of Inception modules before an attention block that are float32 in a bfloat16 trunk.
  ///
  /// The unscaled softmax amplifies every rounding before it. With no such modules its map is 3 % off in bfloat16, with
  /// three 2.6 %, with five 2.0 %, with six 1.4 %; they are a sixth of the work.
  private static let exactModules = 6

  /// The format of each node's output: the trunk's format, up to the layers that need float32 inputs.
  private static func scalars(of graph: NetworkGraph, trunk: Tensor.Scalar, exactModules: Int) -> [Tensor.Scalar] {
    var scalars = Array(repeating: trunk, count: graph.nodes.count)
    if graph.nodes.contains(where: { if case .nonLocal = $0.operation { true } else { false } }) {
      let modules = graph.nodes.indices.filter { graph.nodes[$0].operation == .concatenate }
      let first = modules.dropLast(exactModules).last.map { $0 + 1 } ?? 0
      for index in first..<graph.nodes.count { scalars[index] = .f32 }
    }
    for (index, node) in graph.nodes.enumerated().reversed() {
      switch node.operation {
      case .nonLocal, .averagePool, .stepClassifier, .meanOverSteps:
        scalars[index] = .f32
        for input in node.inputs { scalars[input] = .f32 }
      case .concatenate, .maxPool: for input in node.inputs { scalars[input] = scalars[index] }
      case .input, .convolution: break
      }
    }
    // Everything after a float32 tensor is float32.
    for (index, node) in graph.nodes.enumerated() where node.inputs.contains(where: { scalars[$0] == .f32 }) {
      scalars[index] = .f32
    }
    return scalars
  }
}
