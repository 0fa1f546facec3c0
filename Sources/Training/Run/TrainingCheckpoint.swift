import Foundation
import ModelFile
package import Networks
package import Tensors

/// Where a run stands.
package struct Progress: Codable, Equatable, Sendable {
  /// Epoch that goes on, from 0.
  package var epoch = 0
  /// Steps done in it.
  package var stepInEpoch = 0
  /// Steps done in all.
  package var step = 0
  package var schedule = LearningRateState()
  /// Best mean class accuracy on validation clips, and its epoch.
  package var best: Double?
  package var bestEpoch: Int?
  /// Sums over the epoch so far, for its mean loss.
  package var lossSum = 0.0
  package var lossCount = 0
  /// Steps that Adam counts; `nil` for checkpoints of earlier versions, and for optimisers that count none.
  package var optimizerSteps: Int?

  package init() {}
}

/// A run on disk: every tensor that learns, its average, the optimiser's state, the memory bank, and where it stands.
///
/// What is built from it has the averages where the run kept them: they are what was judged. A safetensors file; random numbers need no place in it, since every draw is a function of seed and step.
package struct TrainingCheckpoint: Sendable {
  package let path: String
  package let description: RunDescription
  package let progress: Progress
  private let file: SafetensorsFile

  private static let format = "1"

  /// Opens a checkpoint, or the best one of a run folder.
  ///
  /// - Parameter path: a `.safetensors` file, or a folder with `best.safetensors` or `last.safetensors`.
  /// - Throws: `TrainingError.unsuitable`, or `ModelFileError` for a damaged file.
  package init(path: String) throws {
    let candidates = [path, RunFolder(path).best, RunFolder(path).last]
    let found = candidates.first { candidate in
      // A path that has no attributes is not there.
      let kind = try? FileManager.default.attributesOfItem(atPath: candidate)[.type] as? FileAttributeType
      return kind == .typeRegular || kind == .typeSymbolicLink
    }
    guard let found else {
      throw TrainingError.unsuitable(
        path: path, reason: "there is no checkpoint, neither as a file nor as best.safetensors in it")
    }
    self.path = found
    file = try SafetensorsFile(path: found)
    guard file.metadata["adl.training.format"] == Self.format, let description = file.metadata["adl.training.run"],
      let progress = file.metadata["adl.training.progress"]
    else {
      throw TrainingError.unsuitable(path: found, reason: "it is no training checkpoint of adl-train")
    }
    do {
      self.description = try JSONDecoder().decode(RunDescription.self, from: Data(description.utf8))
      var known = try JSONDecoder().decode(Progress.self, from: Data(progress.utf8))
      if known.optimizerSteps == nil {
        let former = try JSONDecoder().decode(FormerProgress.self, from: Data(progress.utf8))
        known.optimizerSteps = former.numbers?["optimizer.steps"].map { Int($0) }
      }
      self.progress = known
    } catch {
      throw TrainingError.unsuitable(path: found, reason: "its description cannot be understood: \(error)")
    }
  }

  /// What earlier versions kept among a run's numbers.
  private struct FormerProgress: Decodable {
    var numbers: [String: Double]?
  }

  /// The tensors of a network; their averages where the run kept them.
  package func parameters(_ role: NetworkRole) -> some ParameterSource { Source(checkpoint: self, role: role) }

  private struct Source: ParameterSource {
    let checkpoint: TrainingCheckpoint
    let role: NetworkRole

    func values(of parameter: ParameterDescription) throws -> [Float] {
      let name = checkpoint.name(of: parameter, in: role)
      return try checkpoint.values(checkpoint.average(name) ?? name, parameter.shape)
    }
  }

  /// Name of a tensor in this file, which may be of an earlier version.
  private func name(of parameter: ParameterDescription, in role: NetworkRole) -> String {
    let names = ([role.rawValue] + role.formerNames).map { $0 + "/" + parameter.name }
    return names.first { file.entries[$0] != nil } ?? names[0]
  }

  /// Name of the average of a tensor; `nil` where there is none.
  private func average(_ name: String) -> String? {
    let average = Self.averagePrefix + name
    return file.entries[average] == nil ? nil : average
  }

  private static let averagePrefix = "average/"

  private func values(_ name: String, _ shape: [Int]) throws(TrainingError) -> [Float] {
    guard let entry = file.entries[name] else {
      throw .unsuitable(
        path: path,
        reason: "it lacks the tensor \(name): it is of another network, or of an earlier version of adl-train")
    }
    guard entry.shape == shape else {
      throw .unsuitable(path: path, reason: "\(name) has shape \(entry.shape) instead of \(shape)")
    }
    return entry.type.floats(file.bytes(of: entry))
  }

  /// Puts everything back: weights, averages, momentum, memory bank.
  ///
  /// An average that the run did not keep before begins with the weights.
  ///
  /// - Parameters:
  ///   - system: of the same description.
  ///   - optimizer: with the system's parameters.
  ///   - averages: of the system, where the run keeps them.
  /// - Throws: `TrainingError.unsuitable` when a tensor is missing, `TensorError`.
  package func restore(_ system: any TrainingSystem, _ optimizer: Optimizer, _ averages: WeightAverage?) throws {
    for (role, parameters) in system.networks {
      for parameter in parameters.all {
        let (name, shape) = (name(of: parameter.description, in: role), parameter.description.shape)
        let device = parameter.tensor.device
        try parameter.tensor.assign(Tensor.of(values(name, shape), shape, on: device))
        try averages?.average(of: parameter.tensor)?
          .assign(Tensor.of(values(average(name) ?? name, shape), shape, on: device))
        guard !parameter.description.isStatistic else { continue }
        let slots = ["0", "1"].filter { file.entries["optimizer/\(name)/\($0)"] != nil }
        guard !slots.isEmpty else { continue }
        let tensors = try slots.map { slot in
          // In the parameter's own layout, or sums would run in another order.
          try Tensor.of(values("optimizer/\(name)/\(slot)", shape), shape, on: device).channelsLast()
        }
        let state = Optimizer.State(slots: tensors, steps: progress.optimizerSteps ?? 0)
        try optimizer.restore(state, of: parameter.tensor)
      }
    }
    for (name, tensor) in system.memory {
      try tensor.assign(Tensor.of(values("memory/" + name, tensor.shape), tensor.shape, on: tensor.device))
    }
  }

  /// Writes a run beside its former checkpoint, which goes only when the new one is whole.
  ///
  /// - Parameters:
  ///   - path: where the checkpoint appears.
  ///   - system: what learns.
  ///   - optimizer: with the system's parameters.
  ///   - averages: of the system, where the run keeps them.
  ///   - description: of the run.
  ///   - progress: where it stands.
  /// - Throws: `ModelFileError.cannotWrite`, `TensorError`.
  package static func write(
    to path: String, _ system: any TrainingSystem, _ optimizer: Optimizer, _ averages: WeightAverage?,
    description: RunDescription, progress: Progress
  ) throws {
    var tensors: [(name: String, tensor: Tensor)] = []
    var progress = progress
    for (role, parameters) in system.networks {
      for parameter in parameters.all {
        let name = role.rawValue + "/" + parameter.description.name
        tensors.append((name, parameter.tensor))
        if let average = averages?.average(of: parameter.tensor) { tensors.append((averagePrefix + name, average)) }
        guard !parameter.description.isStatistic, let state = try optimizer.state(of: parameter.tensor) else {
          continue
        }
        progress.optimizerSteps = state.steps
        for (slot, tensor) in state.slots.enumerated() { tensors.append(("optimizer/\(name)/\(slot)", tensor)) }
      }
    }
    tensors += system.memory.map { ("memory/" + $0.name, $0.tensor) }
    let byName = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.tensor) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let metadata = [
      "adl.training.format": format,
      "adl.training.run": String(decoding: try encoder.encode(description), as: UTF8.self),
      "adl.training.progress": String(decoding: try encoder.encode(progress), as: UTF8.self),
    ]
    try SafetensorsFile.write(
      to: path, metadata: metadata, tensors: tensors.map { ($0.name, .float32, $0.tensor.shape) }
    ) { name in
      guard let tensor = byName[name] else { preconditionFailure("\(name) was not announced") }
      return try tensor.floats()
    }
  }
}
