import Training

/// One command of a reproduction, and what it needs done before.
struct ReproductionStep: Equatable, Sendable {
  /// Unique, and the folder of what it makes.
  var name: String
  /// Of `adl-train`.
  var arguments: [String]
  /// Settings of a stage, YAML; empty for commands that take none.
  var settings = ""
  /// Names of steps whose results it reads.
  var inputs: [String] = []
}

/// A row of the comparison: a trained system under one protocol, seed and noise of training poses.
struct ReproductionRun: Equatable, Sendable {
  var system: ReproductionSystem
  var protocolName: ReproductionProtocol
  var seed: Int
  var noise: Double

  var name: String {
    let noise = noise == 1 ? "" : "-noise\(noise)"
    return "\(protocolName.rawValue)/seed\(seed)/\(system.rawValue)\(noise)"
  }
}

/// Everything the papers compare.
enum ReproductionSystem: String, CaseIterable, Sendable {
  case pose = "agcn-j"
  /// I3D from scratch: where all others begin, no row of its own.
  case scratch = "i3d-start"
  case i3d
  case nonLocal = "i3d-nl"
  case attentionTeacher = "vpn-star"
  case feature = "vpn-f"
  case attention = "vpn-a"
  case both = "vpn-plus-plus"
  case vpn

  var stage: Stage {
    switch self {
    case .pose: .poseTeacher
    case .scratch, .i3d: .rgb
    case .attentionTeacher: .attentionTeacher
    case .vpn: .vpn
    case .nonLocal, .feature, .attention, .both: .student
    }
  }

  var distillation: Distillation {
    switch self {
    case .feature: .feature
    case .attention: .attention
    case .both: .both
    default: .none
    }
  }

  var title: String {
    switch self {
    case .pose: "AGCN-J"
    case .scratch: "I3D (start)"
    case .i3d: "I3D"
    case .attentionTeacher: "VPN*"
    case .vpn: "VPN"
    case .nonLocal, .feature, .attention, .both: distillation.system
    }
  }

  /// Whether poses are needed to use it, not only to train it.
  var needsPoses: Bool { self == .pose || self == .attentionTeacher || self == .vpn }

  /// The setting by which it names each system that it starts or learns from.
  var starts: [(setting: String, system: ReproductionSystem)] {
    switch self {
    case .pose, .scratch: []
    case .i3d, .nonLocal, .attentionTeacher, .vpn: [("start.rgb", .scratch)]
    case .feature: [("start.rgb", .scratch), ("start.poseTeacher", .pose)]
    case .attention: [("start.rgb", .scratch), ("start.attentionTeacher", .attentionTeacher)]
    case .both:
      [("start.rgb", .scratch), ("start.poseTeacher", .pose), ("start.attentionTeacher", .attentionTeacher)]
    }
  }
}

/// All steps of a reproduction, each after those it needs.
struct ReproductionPlan: Sendable {
  let budget: ReproductionBudget
  let folder: String
  /// Of all steps that compute: device, precision, threads.
  let machine: [String]

  private static let dataSeed = 1
  private static let startSeed = 1

  var steps: [ReproductionStep] {
    var steps = [data(noise: 1)] + budget.noises.map(data)
    for run in runs {
      steps.append(training(run))
      if run.system != .scratch {
        steps.append(
          ReproductionStep(
            name: run.name + "/judged",
            arguments: ["evaluate", "--run", path(run.name), "--windows", "paper"] + machine, inputs: [run.name]))
      }
    }
    return steps
  }

  /// Every training, in an order in which each finds what it starts from.
  var runs: [ReproductionRun] {
    var runs: [ReproductionRun] = []
    // As the papers' systems begin with the same weights from Kinetics, all seeds begin with the same I3D.
    for protocolName in budget.protocols {
      runs.append(ReproductionRun(system: .scratch, protocolName: protocolName, seed: Self.startSeed, noise: 1))
    }
    for seed in budget.seeds {
      for protocolName in budget.protocols {
        for system in ReproductionSystem.allCases where system != .scratch {
          runs.append(ReproductionRun(system: system, protocolName: protocolName, seed: seed, noise: 1))
        }
      }
    }
    // Noise is a question of its own; one protocol and one seed answer it.
    for noise in budget.noises {
      for system in [ReproductionSystem.pose, .attentionTeacher, .both] {
        runs.append(
          ReproductionRun(system: system, protocolName: .subjects, seed: budget.seeds.first ?? 1, noise: noise))
      }
    }
    return runs
  }

  func path(_ name: String) -> String { folder + "/" + name }

  // MARK: Steps

  private func dataName(_ noise: Double) -> String { noise == 1 ? "data" : "data-noise\(noise)" }

  private func data(noise: Double) -> ReproductionStep {
    var arguments = [
      "synth", "--out", path(dataName(noise)), "--clips", "\(budget.motions * 3)", "--seed", "\(Self.dataSeed)",
    ]
    if noise != 1 { arguments += ["--pose-noise", "\(noise)", "--poses-for", "../data"] }
    return ReproductionStep(
      name: dataName(noise), arguments: arguments, inputs: noise == 1 ? [] : [dataName(1)])
  }

  private func training(_ run: ReproductionRun) -> ReproductionStep {
    var arguments = [run.system.stage.rawValue]
    if run.system.stage == .student { arguments += ["--distill", run.system.distillation.rawValue] }
    arguments += ["--config", path(run.name) + ".yaml", "--out", path(run.name)] + machine
    var inputs = [dataName(run.noise)]
    for (setting, system) in run.system.starts {
      var start = run
      start.system = system
      if system == .scratch { (start.seed, start.noise) = (Self.startSeed, 1) }
      arguments += ["--set", "\(setting)=\(path(start.name))"]
      inputs.append(start.name)
    }
    return ReproductionStep(name: run.name, arguments: arguments, settings: settings(run), inputs: inputs)
  }

  private func settings(_ run: ReproductionRun) -> String {
    let isPose = run.system == .pose
    let epochs = isPose ? budget.poseEpochs : run.system == .scratch ? budget.scratchEpochs : budget.epochs
    // Rates fall after three quarters and near the end, where there are as many epochs.
    let falls = Set([epochs * 3 / 4, epochs * 11 / 12]).subtracting([0]).sorted()
    let schedule = falls.isEmpty ? "{kind: constant}" : "{kind: step, milestones: \(falls)}"
    let rate = isPose ? 0.003 : run.system == .scratch ? 3e-4 : 2e-4
    return """
      # \(run.system.title), \(run.protocolName.title), seed \(run.seed)
      data: {dataset: manifest, manifest: \(path(dataName(run.noise)))/\(run.protocolName.rawValue).csv, workers: 2}
      clip: {frames: \(budget.frames), stride: \(budget.stride), size: \(budget.pixels)}
      pose: {frames: \(budget.poseFrames), stride: \(budget.poseStride)}
      network: {width: \(budget.width), poseWidth: \(budget.poseWidth), normMomentum: 0.1}
      optimizer: {kind: adam, learningRate: \(rate)}
      schedule: \(schedule)
      run: {epochs: \(epochs), batch: \(budget.batch), seed: \(run.seed)}
      feature: {dimension: 128, excludeSameClass: true}

      """
  }
}
