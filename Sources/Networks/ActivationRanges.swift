/// How large the values in a network's layers become, for number formats that need to know.
///
/// Found by calibration on typical windows, and stored in the model file.
package struct ActivationRanges: Hashable, Codable, Sendable {
  /// The largest value to distinguish, by endpoint name; larger ones are clipped.
  package var largest: [String: Float]
  /// Number of modules at the trunk's end that stay float32, because the attention block after them amplifies every
  /// rounding.
  package var exactModules: Int

  package init(largest: [String: Float], exactModules: Int = 0) {
    self.largest = largest
    self.exactModules = exactModules
  }

  /// What makes them unsuitable for `graph`, if anything.
  package func fault(for graph: NetworkGraph) -> String? {
    for name in graph.rangedEndpoints {
      guard let value = largest[name] else { return "\(name) is missing" }
      guard value.isFinite, value > 0 else { return "\(name) is \(value)" }
    }
    return (0...9).contains(exactModules) ? nil : "exactModules is \(exactModules)"
  }
}

extension NetworkGraph {
  /// For each node, the node whose range applies to its values.
  ///
  /// A maximum never exceeds its input, and concatenated values share one scale.
  package var rangedNodes: [Int] {
    var nodes = Array(self.nodes.indices)
    for (index, node) in self.nodes.enumerated() {
      switch node.operation {
      case .maxPool: nodes[index] = nodes[node.inputs[0]]
      case .concatenate: for input in node.inputs where nodes[input] == input { nodes[input] = index }
      default: break
      }
    }
    return nodes
  }

  /// Endpoints whose range must be known: the outputs of the trunk's layers.
  package var rangedEndpoints: [String] {
    var names: [String] = []
    let trunk = nodes.prefix {
      switch $0.operation {
      case .nonLocal, .averagePool: false
      default: true
      }
    }
    for index in rangedNodes.prefix(trunk.count) {
      switch nodes[index].operation {
      case .convolution, .concatenate: if !names.contains(nodes[index].name) { names.append(nodes[index].name) }
      default: break
      }
    }
    return names
  }
}
