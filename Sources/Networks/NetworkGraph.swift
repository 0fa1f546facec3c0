/// A network as a list of operations, in an order in which they can run.
///
/// A pure description: engines build kernels from it, the exporter writes it, reports count its parameters.
package struct NetworkGraph: Sendable {
  /// What a node computes from its inputs.
  package enum Operation: Hashable, Sendable {
    case input
    case convolution(Convolution3D)
    case maxPool(MaxPool3D)
    /// Along channels, in input order.
    case concatenate
    case nonLocal(NonLocalBlock)
    /// Without padding, stride 1.
    case averagePool(window: Extent)
    /// Slides over steps: [K, S, 1, 1] → [K, S - steps + 1, 1, 1].
    case stepClassifier(StepClassifier)
    /// [K, S, 1, 1] → [K, 1, 1, 1].
    case meanOverSteps
  }

  /// One operation with its place in the graph.
  package struct Node: Sendable {
    /// The endpoint's published name, for example `Mixed_3b` or `Mixed_3b.b1b`.
    package let name: String
    package let operation: Operation
    /// Indices of the nodes it reads; always smaller than its own.
    package let inputs: [Int]
    /// Shape of its output for one clip.
    package let shape: ActivationShape
  }

  package private(set) var nodes: [Node] = []

  package init() {}

  /// Adds an operation after the nodes it reads, and returns its index.
  ///
  /// Shapes that do not fit are programming errors and trap.
  package mutating func append(_ name: String, _ operation: Operation, from inputs: [Int], shape: ActivationShape)
    -> Int
  {
    precondition(inputs.allSatisfy { nodes.indices.contains($0) }, "\(name) reads a node that does not exist")
    nodes.append(Node(name: name, operation: operation, inputs: inputs, shape: shape))
    return nodes.count - 1
  }

  /// The node called `name`, if there is one.
  package func node(named name: String) -> Node? { nodes.first { $0.name == name } }

  /// Every tensor the network reads, learned ones first within each layer, in graph order.
  package var parameters: [ParameterDescription] {
    nodes.flatMap { Self.learned(by: $0.operation) + Self.statistics(of: $0.operation) }
  }

  /// Number of learned values: weights, biases, batch-norm scales and offsets.
  package var parameterCount: Int { count { Self.learned(by: $0.operation).reduce(0) { $0 + $1.count } } }

  /// Multiply-accumulates of one pass over the whole graph.
  package var multiplyAccumulates: Int { count(Self.multiplyAccumulates) }

  /// Multiply-accumulates of one node.
  package static func multiplyAccumulates(_ node: Node) -> Int {
    switch node.operation {
    case .convolution(let layer): layer.multiplyAccumulates(output: node.shape.extent)
    case .nonLocal(let block): block.multiplyAccumulates(node.shape.extent)
    case .stepClassifier(let layer): layer.weight.count * node.shape.extent.frames
    case .input, .maxPool, .concatenate, .averagePool, .meanOverSteps: 0
    }
  }

  /// The nodes up to and including `name`.
  ///
  /// - Precondition: the graph has such a node.
  package func prefix(through name: String) -> NetworkGraph {
    guard let last = nodes.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("no node is called \(name)")
    }
    var prefix = NetworkGraph()
    prefix.nodes = Array(nodes[...last])
    return prefix
  }

  private func count(_ amount: (Node) -> Int) -> Int { nodes.reduce(0) { $0 + amount($1) } }

  private static func learned(by operation: Operation) -> [ParameterDescription] {
    switch operation {
    case .convolution(let layer):
      [layer.weight] + (layer.bias.map { [$0] } ?? []) + (layer.normalization?.learned ?? [])
    case .nonLocal(let block): block.g + block.phi + block.theta + block.output + block.normalization.learned
    case .stepClassifier(let layer): [layer.weight, layer.bias]
    case .input, .maxPool, .concatenate, .averagePool, .meanOverSteps: []
    }
  }

  private static func statistics(of operation: Operation) -> [ParameterDescription] {
    switch operation {
    case .convolution(let layer): layer.normalization?.statistics ?? []
    case .nonLocal(let block): block.normalization.statistics
    case .input, .maxPool, .concatenate, .averagePool, .stepClassifier, .meanOverSteps: []
    }
  }
}
