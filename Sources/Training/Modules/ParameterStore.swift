import Basics
package import Networks
package import Tensors

/// The tensors of one network by their published names: learned parameters and running statistics.
package final class ParameterStore {
  package struct Parameter {
    package let description: ParameterDescription
    package let tensor: Tensor
  }

  /// In the order of the description.
  package private(set) var all: [Parameter] = []
  private var places: [String: Int] = [:]
  /// Names of tensors that do not learn though their kind does.
  private var frozen: Set<String> = []
  package let device: Device

  /// Makes every tensor of a description.
  ///
  /// - Parameters:
  ///   - descriptions: names and shapes, each name once.
  ///   - source: the values to begin with.
  ///   - device: where they live.
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

  /// What an optimiser moves.
  package var learned: [Parameter] {
    all.filter { !$0.description.isStatistic && !frozen.contains($0.description.name) }
  }

  package var learnedCount: Int { learned.reduce(0) { $0 + $1.description.count } }

  /// Stops a part of the network from learning; where it is the first part, it costs no gradients.
  ///
  /// - Parameter isFrozen: by the tensor's description.
  /// - Throws: `TensorError`.
  package func freeze(where isFrozen: (ParameterDescription) -> Bool) throws(TensorError) {
    for parameter in all where isFrozen(parameter.description) {
      frozen.insert(parameter.description.name)
      try parameter.tensor.requireGradient(false)
    }
  }

  /// Stops learning: a frozen network costs no gradients.
  package func freeze() throws(TensorError) {
    for parameter in all { try parameter.tensor.requireGradient(false) }
  }

  /// Overwrites the values of every tensor that `source` has; the others keep theirs.
  ///
  /// - Parameter source: values by description; `nil` for a tensor it lacks.
  /// - Returns: names of the tensors that kept their values.
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

/// Values before training, as each tensor's description says, from one seed.
///
/// Every tensor has a stream of its own, so that a layer more leaves the others' values as they were.
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
