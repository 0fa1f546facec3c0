import Foundation
import ModelFile
package import Networks
package import Tensors

/// The progress of a run.
package struct Progress: Codable, Equatable, Sendable {
  /// The current epoch, from 0.
  package var epoch = 0
  /// Steps completed in it.
  package var stepInEpoch = 0
  /// Steps completed in total.
  package var step = 0
  package var schedule = LearningRateState()
  /// Best mean class accuracy on validation clips, and its epoch.
  package var best: Double?
  package var bestEpoch: Int?
  /// Mean class accuracy of this very checkpoint on validation clips; known only of the best one.
  package var ownAccuracy: Double? { stepInEpoch == 0 && bestEpoch.map { $0 + 1 } == epoch ? best : nil }
  /// Sums over the epoch so far, for its mean loss.
  package var lossSum = 0.0
  package var lossCount = 0
  /// Adam's step count; `nil` in checkpoints of earlier versions, and for optimisers without one.
  package var optimizerSteps: Int?

  package init() {}
}

/// A saved run: every learned tensor, its average, the optimiser's state, the memory bank, and its progress.
///
/// Systems built from it use the averages if the run kept them, because those were evaluated. It is a safetensors file;
/// the state of random generators is not stored, because every draw is a function of seed and step.
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
      // A path without attributes does not exist.
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
      throw TrainingError.unsuitable(path: found, reason: "it is not a training checkpoint of adl-train")
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
      throw TrainingError.unsuitable(path: found, reason: "its description is invalid: \(error)")
    }
  }

  /// What earlier versions stored along with a run's progress.
  private struct FormerProgress: Decodable {
    var numbers: [String: Double]?
  }

  /// A network's tensors, or their averages if the run kept them.
  package func parameters(_ role: NetworkRole) -> some ParameterSource { Source(checkpoint: self, role: role) }

  private struct Source: ParameterSource {
    let checkpoint: TrainingCheckpoint
    let role: NetworkRole

    func values(of parameter: ParameterDescription) throws -> [Float] {
      let name = checkpoint.name(of: parameter, in: role)
      return try checkpoint.values(checkpoint.average(name) ?? name, parameter.shape)
    }
  }

  /// A tensor's name in this file, which may come from an earlier version.
  private func name(of parameter: ParameterDescription, in role: NetworkRole) -> String {
    let names = ([role.rawValue] + role.formerNames).map { $0 + "/" + parameter.name }
    return names.first { file.entries[$0] != nil } ?? names[0]
  }

  /// The name of a tensor's average; `nil` if there is none.
  private func average(_ name: String) -> String? {
    let average = Self.averagePrefix + name
    return file.entries[average] == nil ? nil : average
  }

  private static let averagePrefix = "average/"

  private func values(_ name: String, _ shape: [Int]) throws(TrainingError) -> [Float] {
    guard let entry = file.entries[name] else {
      throw .unsuitable(
        path: path,
        reason: "it lacks the tensor \(name): it belongs to another network, or to an earlier version of adl-train")
    }
    guard entry.shape == shape else {
      throw .unsuitable(path: path, reason: "\(name) has shape \(entry.shape) instead of \(shape)")
    }
    return entry.type.floats(file.bytes(of: entry))
  }

  /// Restores everything: weights, averages, momentum, memory bank.
  ///
  /// An average that the run did not keep before starts with the weights.
  ///
  /// - Parameters:
  ///   - system: a system with the same description.
  ///   - optimizer: an optimiser for the system's parameters.
  ///   - averages: the system's averages, if the run keeps them.
  /// - Throws: `TrainingError.unsuitable` if a tensor is missing, `TensorError`.
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
          // In the parameter's own layout, because another one would change the order of sums.
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

  /// Writes a run next to its previous checkpoint, which is replaced only when the new one is complete.
  ///
  /// - Parameters:
  ///   - path: the checkpoint's path.
  ///   - system: the system being trained.
  ///   - optimizer: the optimiser for its parameters.
  ///   - averages: the system's averages, if the run keeps them.
  ///   - description: the run's description.
  ///   - progress: the run's progress.
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
      guard let tensor = byName[name] else { preconditionFailure("\(name) was not declared") }
      return try tensor.floats()
    }
  }
}
