/// How large the values of a network's layers become, for number formats that must know.
///
/// Found by calibration on windows of the kind that the model will see, and stored in its file.
package struct ActivationRanges: Hashable, Codable, Sendable {
  /// The largest value worth telling apart, by the name of the endpoint; larger ones count as that.
  package var largest: [String: Float]
  /// Modules at the trunk's end that stay float32, where an attention block that follows multiplies every rounding.
  package var exactModules: Int

  package init(largest: [String: Float], exactModules: Int = 0) {
    self.largest = largest
    self.exactModules = exactModules
  }

  /// What makes them unfit for `graph`, if anything does.
  package func fault(for graph: NetworkGraph) -> String? {
    for name in graph.rangedEndpoints {
      guard let value = largest[name] else { return "\(name) is missing" }
      guard value.isFinite, value > 0 else { return "\(name) is \(value)" }
    }
    return (0...9).contains(exactModules) ? nil : "exactModules is \(exactModules)"
  }
}

extension NetworkGraph {
  /// For each node the node that says how large its values become.
  ///
  /// A maximum is no larger than what it is of, and what is joined shares one scale.
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

  /// Endpoints whose range must be known: what layers of the trunk write.
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
