import Datasets
import Evaluation
import Foundation
import Networks
import Tensors
import Training

/// What the finished runs of a plan come to: the papers' table.
struct ReproductionResults {
  let plan: ReproductionPlan
  /// Seconds each step took.
  let seconds: [String: Double]

  private static let rounds = 7

  func comparison() throws -> Comparison {
    let budget = plan.budget
    let costs = try costs()
    var rows: [Comparison.Row] = []
    for system in ReproductionSystem.allCases where system != .scratch {
      guard let cost = costs[system] else { continue }
      rows.append(
        Comparison.Row(
          system: system.title, needsPoses: system.needsPoses,
          accuracies: try budget.protocols.map { protocolName in
            try budget.seeds.map { try accuracy(.init(system: system, protocolName: protocolName, seed: $0, noise: 1)) }
          },
          parameters: cost.parameters, multiplyAccumulates: cost.multiplyAccumulates,
          milliseconds: cost.milliseconds, millisecondsWithoutPoses: cost.millisecondsWithoutPoses))
      if system == .both, let pose = costs[.pose] {
        rows.append(
          Comparison.Row(
            system: "VPN++ + poses", needsPoses: true,
            accuracies: try budget.protocols.map { protocolName in
              try budget.seeds.map { try fusedAccuracy(protocolName, seed: $0) }
            },
            parameters: cost.parameters + pose.parameters,
            multiplyAccumulates: cost.multiplyAccumulates + pose.multiplyAccumulates,
            milliseconds: cost.milliseconds + pose.milliseconds,
            millisecondsWithoutPoses: cost.millisecondsWithoutPoses))
      }
    }
    return Comparison(
      title: "VPN and VPN++ on rendered activities (\(budget.size.rawValue))", facts: try facts(),
      protocols: budget.protocols.map { "\($0.title), %" }, rows: rows, charts: try charts(),
      notes: [
        """
        Mean class accuracy on held-out clips, mean ± standard deviation over seeds \
        \(budget.seeds.map(String.init).joined(separator: ", ")); "paper" windows. Every row but AGCN-J begins with the \
        same I3D, trained from scratch on the training clips of its protocol, and trains as long as the others.
        """,
        """
        Milliseconds: one window in libtorch, float32, median of \(Self.rounds) rounds in turn. Poses are given; what \
        finds them in pictures would come on top of the rows that need them.
        """,
      ])
  }

  // MARK: Accuracy

  private func scores(_ run: ReproductionRun, _ partition: Partition) throws -> ScoreFile {
    try ScoreFile.read(RunFolder(plan.path(run.name)).scores(partition.rawValue, WindowScheme.paper.rawValue))
  }

  private func accuracy(_ run: ReproductionRun) throws -> Double {
    Evaluation(try scores(run, .test), pooling: .paper).meanClassAccuracy
  }

  private func fusedAccuracy(_ protocolName: ReproductionProtocol, seed: Int) throws -> Double {
    let student = ReproductionRun(system: .both, protocolName: protocolName, seed: seed, noise: 1)
    let pose = ReproductionRun(system: .pose, protocolName: protocolName, seed: seed, noise: 1)
    let weight = try LateFusion.bestWeight(
      scores(student, .validation), scores(pose, .validation), by: .meanClassAccuracy)
    let fused = try LateFusion.fuse(scores(student, .test), scores(pose, .test), weight: weight)
    return Evaluation(fused, pooling: .paper).meanClassAccuracy
  }

  private func charts() throws -> [LineChart] {
    guard !plan.budget.noises.isEmpty else { return [] }
    let noises = (plan.budget.noises + [1]).sorted()
    let series = try [ReproductionSystem.both, .pose, .attentionTeacher].map { system in
      LineChart.Series(
        name: system.title,
        points: try noises.map { noise in
          let run = ReproductionRun(
            system: system, protocolName: .subjects, seed: plan.budget.seeds.first ?? 1, noise: noise)
          return LineChart.Point(x: noise, y: try accuracy(run))
        })
    }
    return [
      LineChart(
        title: "Accuracy under noise of poses", horizontal: "factor on the noise of poses", unit: .share, series: series
      )
    ]
  }

  // MARK: Cost

  private struct Cost {
    var parameters: Int
    var multiplyAccumulates: Int
    var milliseconds: Double
    var millisecondsWithoutPoses: Double
  }

  /// Times one window of every system, turn by turn.
  private func costs() throws -> [ReproductionSystem: Cost] {
    Library.prepareForTraining()
    Library.setThreads(ProcessInfo.processInfo.activeProcessorCount)
    let budget = plan.budget
    var costs: [ReproductionSystem: Cost] = [:]
    var works: [(system: ReproductionSystem, classifier: any TrainingSystem, batch: Batch)] = []
    for system in ReproductionSystem.allCases where system != .scratch {
      let run = ReproductionRun(
        system: system, protocolName: budget.protocols[0], seed: budget.seeds[0], noise: 1)
      let checkpoint = try TrainingCheckpoint(path: plan.path(run.name))
      let classifier = try SystemBuilder.classifier(checkpoint, on: .cpu)
      var work = 0
      if let clip = checkpoint.description.clip { work += try clip.graph().multiplyAccumulates }
      if let pose = checkpoint.description.pose {
        work += pose.multiplyAccumulates(frames: system == .pose ? budget.poseFrames : budget.frames)
      }
      costs[system] = Cost(
        parameters: classifier.learnedCount, multiplyAccumulates: work, milliseconds: 0, millisecondsWithoutPoses: 0)
      works.append((system, classifier, try window(checkpoint.description)))
    }
    var times: [ReproductionSystem: [Double]] = [:]
    // The first round warms up.
    for round in 0...Self.rounds {
      for (system, classifier, batch) in works {
        let begin = ContinuousClock.now
        _ = try withoutGradients { try classifier.logits(batch) }
        if round > 0 { times[system, default: []].append((ContinuousClock.now - begin) / .milliseconds(1)) }
      }
    }
    func median(_ system: ReproductionSystem) -> Double { (times[system] ?? [0]).sorted()[Self.rounds / 2] }
    for system in costs.keys {
      costs[system]?.milliseconds = median(system)
      costs[system]?.millisecondsWithoutPoses =
        switch system {
        case .pose: 0
        case .attentionTeacher, .vpn: median(.i3d)
        default: median(system)
        }
    }
    return costs
  }

  private func window(_ description: RunDescription) throws -> Batch {
    let budget = plan.budget
    var batch = Batch(names: ["window"], rows: [0], labels: [0])
    batch.clips = try Tensor.zeros([1, 3, budget.frames, budget.pixels, budget.pixels]).channelsLast()
    if let pose = description.pose {
      func poses(_ frames: Int) throws -> Tensor {
        try Tensor.zeros([1, 3, frames, pose.graph.jointCount, pose.bodies])
      }
      batch.poses = try poses(budget.poseFrames)
      batch.windowPoses = try poses(budget.frames)
    }
    return batch
  }

  // MARK: Facts

  private func facts() throws -> [HTMLReport.Fact] {
    let budget = plan.budget
    let total = seconds.values.reduce(0, +)
    return [
      HTMLReport.Fact("Data", "\(budget.motions) motions, each from three cameras"),
      HTMLReport.Fact(
        "Networks",
        "I3D x\(budget.width), \(budget.frames) frames of \(budget.pixels)x\(budget.pixels), every \(budget.stride)th; "
          + "AGCN x\(budget.poseWidth), \(budget.poseFrames) poses, every \(budget.poseStride)th"),
      HTMLReport.Fact(
        "Training",
        "\(budget.scratchEpochs) epochs of I3D from scratch, then \(budget.epochs) of each system; "
          + "\(budget.poseEpochs) of AGCN-J"),
      HTMLReport.Fact(
        "Command",
        (["adl-train reproduce --budget", budget.size.rawValue] + plan.machine).joined(separator: " ")),
      HTMLReport.Fact("Machine", "\(Self.processor), \(ProcessInfo.processInfo.activeProcessorCount) cores"),
      HTMLReport.Fact("libtorch", Library.version),
      HTMLReport.Fact("Time of all steps", String(format: "%.1f h", total / 3600)),
      HTMLReport.Fact("Written", Date.now.ISO8601Format()),
    ]
  }

  private static var processor: String {
    let text = FileManager.default.contents(atPath: "/proc/cpuinfo").map { String(decoding: $0, as: UTF8.self) } ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }
}
