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
  /// Numbers of the system, such as partition functions.
  package var numbers: [String: Double] = [:]

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
    let candidates = [path, path + "/best.safetensors", path + "/last.safetensors"]
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
      self.progress = try JSONDecoder().decode(Progress.self, from: Data(progress.utf8))
    } catch {
      throw TrainingError.unsuitable(path: found, reason: "its description cannot be understood: \(error)")
    }
  }

  /// The tensors below a prefix, such as `student`; their averages where the run kept them.
  package func parameters(_ prefix: String) -> some ParameterSource { Source(checkpoint: self, prefix: prefix) }

  private struct Source: ParameterSource {
    let checkpoint: TrainingCheckpoint
    let prefix: String

    func values(of parameter: ParameterDescription) throws -> [Float] {
      let name = prefix + "/" + parameter.name
      return try checkpoint.values(checkpoint.average(name) ?? name, parameter.shape)
    }
  }

  /// Name of the average of a tensor; `nil` where there is none.
  private func average(_ name: String) -> String? {
    let average = "average/" + name
    return file.entries[average] == nil ? nil : average
  }

  private func values(_ name: String, _ shape: [Int]) throws(TrainingError) -> [Float] {
    guard let entry = file.entries[name] else {
      throw .unsuitable(path: path, reason: "it lacks the tensor \(name)")
    }
    guard entry.shape == shape else {
      throw .unsuitable(path: path, reason: "\(name) has shape \(entry.shape) instead of \(shape)")
    }
    return entry.type.floats(file.bytes(of: entry))
  }

  /// Puts everything back: weights, averages, momentum, memory bank, numbers.
  ///
  /// An average that the run did not keep before begins with the weights.
  package func restore(_ system: any TrainingSystem, _ optimizer: Optimizer, _ averages: WeightAverage?) throws {
    for (prefix, parameters) in system.networks {
      for parameter in parameters.all {
        let (name, shape) = (prefix + "/" + parameter.description.name, parameter.description.shape)
        let device = parameter.tensor.device
        try parameter.tensor.assign(Tensor.of(values(name, shape), shape, on: device))
        guard !parameter.description.isStatistic else { continue }
        let slots = ["0", "1"].filter { file.entries["optimizer/\(name)/\($0)"] != nil }
        guard !slots.isEmpty else { continue }
        let tensors = try slots.map { slot in
          // In the parameter's own layout, or sums would run in another order.
          try Tensor.of(values("optimizer/\(name)/\(slot)", shape), shape, on: device).channelsLast()
        }
        let steps = Int(progress.numbers["optimizer.steps"] ?? 0)
        try optimizer.restore(Optimizer.State(slots: tensors, steps: steps), of: parameter.tensor)
      }
    }
    for (name, tensor) in averages?.named ?? [] {
      try tensor.assign(Tensor.of(values(average(name) ?? name, tensor.shape), tensor.shape, on: tensor.device))
    }
    for (name, tensor) in system.memory {
      try tensor.assign(Tensor.of(values("memory/" + name, tensor.shape), tensor.shape, on: tensor.device))
    }
    system.numbers = progress.numbers
  }

  /// Writes a run beside its former checkpoint, which goes only when the new one is whole.
  ///
  /// - Throws: `ModelFileError.cannotWrite`, `TensorError`.
  package static func write(
    to path: String, _ system: any TrainingSystem, _ optimizer: Optimizer, _ averages: WeightAverage?,
    description: RunDescription, progress: Progress
  ) throws {
    var tensors: [(name: String, tensor: Tensor)] = []
    var progress = progress
    progress.numbers = system.numbers
    for (prefix, parameters) in system.networks {
      for parameter in parameters.all {
        let name = prefix + "/" + parameter.description.name
        tensors.append((name, parameter.tensor))
        guard !parameter.description.isStatistic, let state = try optimizer.state(of: parameter.tensor) else {
          continue
        }
        progress.numbers["optimizer.steps"] = Double(state.steps)
        for (slot, tensor) in state.slots.enumerated() { tensors.append(("optimizer/\(name)/\(slot)", tensor)) }
      }
    }
    tensors += averages?.named.map { ("average/" + $0.name, $0.tensor) } ?? []
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
