import Foundation
import Networks
import Tensors
import Training

/// Measures the time for one window in every system of a plan.
struct ReproductionCosts {
  let plan: ReproductionPlan

  /// Number of rounds after the first, which warms up.
  static let rounds = 7

  /// Times one window of every trained system in turn, with the given device and cores.
  ///
  /// - Parameter machine: device and cores; precision is float32.
  /// - Returns: median milliseconds.
  /// - Throws: `TrainingError`, `TensorError`.
  func milliseconds(on machine: MachineOptions) throws -> [ReproductionSystem: Double] {
    let device = try machine.prepare()
    var works: [(system: ReproductionSystem, classifier: any TrainingSystem, batch: Batch)] = []
    for run in plan.representatives {
      let checkpoint = try TrainingCheckpoint(path: plan.path(run.name))
      let classifier = try SystemBuilder.classifier(checkpoint, on: device)
      works.append((run.system, classifier, try window(checkpoint.description, on: device)))
    }
    var times: [ReproductionSystem: [Double]] = [:]
    for round in 0...Self.rounds {
      for (system, classifier, batch) in works {
        let begin = ContinuousClock.now
        // On a GPU, reading the numbers waits for the computation.
        _ = try withoutGradients { () throws(TensorError) in try classifier.logits(batch).floats() }
        if round > 0 { times[system, default: []].append((ContinuousClock.now - begin) / .milliseconds(1)) }
      }
    }
    return times.mapValues { $0.sorted()[Self.rounds / 2] }
  }

  private func window(_ description: RunDescription, on device: Device) throws -> Batch {
    let budget = plan.budget
    var batch = Batch(names: ["window"], rows: [0], labels: [0])
    batch.clips = try Tensor.zeros([1, 3, budget.frames, budget.pixels, budget.pixels], on: device).channelsLast()
    if let pose = description.pose {
      func poses(_ frames: Int) throws -> Tensor {
        try Tensor.zeros([1, 3, frames, pose.graph.jointCount, pose.bodies], on: device)
      }
      batch.poses = try poses(budget.poseFrames)
      batch.windowPoses = try poses(budget.frames)
    }
    return batch
  }
}

extension ReproductionPlan {
  /// One run per row; all runs of a row have the same network.
  var representatives: [ReproductionRun] {
    var systems: Set<ReproductionSystem> = []
    return runs.filter { $0.system != .start && $0.noise == 1 && systems.insert($0.system).inserted }
  }
}

/// Describes the computing machine, for results that are read elsewhere.
struct UsedMachine: CustomStringConvertible {
  var device: String
  var precision: TrainingPrecision
  var cores: Int

  var description: String {
    (device == "cpu" ? "" : "\(device), ")
      + "\(Self.processor), \(cores) core\(cores == 1 ? "" : "s"), \(precision.rawValue), libtorch \(Library.version)"
  }

  private static var processor: String {
    let text = FileManager.default.contents(atPath: "/proc/cpuinfo").map { String(decoding: $0, as: UTF8.self) } ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }
}
