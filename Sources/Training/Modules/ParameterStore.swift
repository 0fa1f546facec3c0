import Basics
package import Networks
package import Tensors

/// A network's tensors by their published names: learned parameters and running statistics.
package final class ParameterStore {
  /// A tensor with its name and shape.
  package struct Parameter {
    package let description: ParameterDescription
    package let tensor: Tensor
  }

  /// In the description's order.
  package private(set) var all: [Parameter] = []
  private var places: [String: Int] = [:]
  /// Names of tensors that are frozen although they are learned parameters.
  private var frozen: Set<String> = []
  package let device: Device

  /// Creates every tensor of a description.
  ///
  /// - Parameters:
  ///   - descriptions: names and shapes, each name once.
  ///   - source: the initial values.
  ///   - device: where they are stored.
  /// - Throws: what `source` throws, or `TensorError`.
  package init(_ descriptions: [ParameterDescription], from source: some ParameterSource, on device: Device) throws {
    self.device = device
    for description in descriptions {
      precondition(places[description.name] == nil, "\(description.name) is described twice")
      let tensor = try Tensor.of(source.values(of: description), description.shape, on: device).channelsLast()
      if !description.isStatistic { try tensor.requireGradient() }
      places[description.name] = all.count
      all.append(Parameter(description: description, tensor: tensor))
    }
  }

  /// - Precondition: the network has such a tensor.
  package subscript(_ description: ParameterDescription) -> Tensor {
    guard let place = places[description.name] else { preconditionFailure("no tensor is called \(description.name)") }
    return all[place].tensor
  }

  /// The parameters that an optimiser updates.
  package var learned: [Parameter] {
    all.filter { !$0.description.isStatistic && !frozen.contains($0.description.name) }
  }

  package var learnedCount: Int { learned.reduce(0) { $0 + $1.description.count } }

  /// Freezes part of the network; if it is the first part, it needs no gradients.
  ///
  /// - Parameter isFrozen: decides by the tensor's description.
  /// - Throws: `TensorError`.
  package func freeze(where isFrozen: (ParameterDescription) -> Bool) throws(TensorError) {
    for parameter in all where isFrozen(parameter.description) {
      frozen.insert(parameter.description.name)
      try parameter.tensor.requireGradient(false)
    }
  }

  /// Freezes the whole network, which then needs no gradients.
  package func freeze() throws(TensorError) {
    for parameter in all { try parameter.tensor.requireGradient(false) }
  }

  /// Overwrites every tensor that `source` has; the others are unchanged.
  ///
  /// - Parameter source: values by description; `nil` for a missing tensor.
  /// - Returns: the names of the unchanged tensors.
  /// - Throws: what `source` throws, or `TensorError`.
  @discardableResult
  package func load(_ source: (ParameterDescription) throws -> [Float]?) throws -> [String] {
    var kept: [String] = []
    for parameter in all {
      guard let values = try source(parameter.description) else {
        kept.append(parameter.description.name)
        continue
      }
      try parameter.tensor.assign(Tensor.of(values, parameter.description.shape, on: device))
    }
    return kept
  }
}

extension ParameterStore: ParameterSource {
  package func values(of parameter: ParameterDescription) throws -> [Float] { try self[parameter].floats() }
}

/// Values before training, according to each tensor's description, from one seed.
///
/// Every tensor has an independent stream, so adding a layer leaves the others' values unchanged.
package struct InitialParameters: ParameterSource {
  package let seed: UInt64

  package init(seed: UInt64) { self.seed = seed }

  package func values(of parameter: ParameterDescription) -> [Float] {
    var random = SplitMix64(seed: seed, name: parameter.name)
    return switch parameter.initial {
    case .constant(let value): Array(repeating: value, count: parameter.count)
    case .uniform(let bound):
      (0..<parameter.count).map { _ in Float.random(in: -bound...bound, using: &random) }
    case .normal(let deviation): (0..<parameter.count).map { _ in random.normal() * deviation }
    case .average: average(rows: parameter.shape[0], columns: parameter.count / parameter.shape[0])
    }
  }

  private func average(rows: Int, columns: Int) -> [Float] {
    let own = columns / rows
    return (0..<rows * columns).map { $0 % columns / own == $0 / columns ? 1 / Float(own) : 0 }
  }
}
