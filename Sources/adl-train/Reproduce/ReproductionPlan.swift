import Foundation
import Training

/// One command of a reproduction, and the steps it depends on.
struct ReproductionStep: Equatable, Sendable {
  /// What the step does, which decides how its duration is estimated.
  enum Kind: Sendable { case rendering, listing, training, judging }

  /// Unique; also names the folder of its results.
  var name: String
  var kind: Kind
  /// For `adl-train`; the number of cores is added when it starts.
  var arguments: [String]
  /// A stage's settings in YAML; empty for commands without settings.
  var settings = ""
  /// Names of the steps whose results it reads.
  var inputs: [String] = []
  /// Steps of the same family take about as long.
  var family: String
  /// Approximate seconds on one core.
  var work: Double

  /// The arguments with its share of the machine, which only affects its speed.
  func arguments(cores: Int) -> [String] {
    switch kind {
    case .rendering: arguments + ["--workers", "\(cores)"]
    case .listing: arguments
    case .training, .judging:
      arguments + ["--threads", "\(cores)", "--set", "data.workers=\(max(1, min(cores, 8)))"]
    }
  }
}

/// A row of the comparison: a trained system under one protocol, seed and noise of the training poses.
struct ReproductionRun: Hashable, Sendable {
  var system: ReproductionSystem
  var protocolName: ReproductionProtocol
  var seed: Int
  var noise: Double = 1
  /// Fraction of the training recordings used.
  var labels: Double

  var name: String {
    let noise = noise == 1 ? "" : "-noise\(noise)"
    return "\(protocolName.rawValue)\(labels.variant)/seed\(seed)/\(system.rawValue)\(noise)"
  }
}

extension Double {
  /// Marks the names of steps that use a fraction of the labels; empty for all labels.
  var variant: String { self == 1 ? "" : "-labels\(self)" }
}

/// All steps of a reproduction, each after the steps it depends on.
struct ReproductionPlan: Sendable {
  let budget: ReproductionBudget
  let folder: String
  /// For all computing steps: device and precision.
  let machine: [String]

  private static let dataSeed = 1
  private static let startSeed = 1

  var steps: [ReproductionStep] {
    var steps = [rendering(noise: 1)] + budget.protocols.map { listing($0, noise: 1) }
    for noise in budget.noises { steps += [rendering(noise: noise), listing(.subjects, noise: noise)] }
    for run in runs {
      steps.append(training(run))
      if run.system != .start { steps.append(judging(run)) }
    }
    return steps
  }

  /// All training runs, in an order in which each one finds what it starts from.
  var runs: [ReproductionRun] {
    // As the papers' systems all start from the same Kinetics weights, all seeds start from the same I3D.
    var runs = budget.protocols.filter { systems($0).contains(.start) }.map { run(.start, $0, Self.startSeed) }
    for seed in budget.seeds {
      for protocolName in budget.protocols {
        runs += systems(protocolName).filter { $0 != .start }.map { run($0, protocolName, seed) }
      }
    }
    return runs + noisyRuns
  }

  /// The systems of a protocol, including those they learn from.
  func systems(_ protocolName: ReproductionProtocol) -> [ReproductionSystem] {
    (budget.systems[protocolName] ?? []).reduce(into: Set()) { $0.formUnion($1.closure) }.sorted()
  }

  func run(_ system: ReproductionSystem, _ protocolName: ReproductionProtocol, _ seed: Int) -> ReproductionRun {
    ReproductionRun(system: system, protocolName: protocolName, seed: seed, labels: budget.labels)
  }

  /// Noise is a separate question; one protocol and one seed are enough.
  private var noisyRuns: [ReproductionRun] {
    guard budget.protocols.contains(.subjects), let seed = budget.seeds.first else { return [] }
    let systems = systems(.subjects).filter { [.pose, .attentionTeacher, .both].contains($0) }
    return budget.noises.flatMap { noise in
      systems.map { system in
        var run = run(system, .subjects, seed)
        run.noise = noise
        return run
      }
    }
  }

  func path(_ name: String) -> String { folder + "/" + name }

  // MARK: Steps

  private func dataName(_ noise: Double) -> String { noise == 1 ? "data" : "data-noise\(noise)" }

  private func listName(_ protocolName: ReproductionProtocol, _ noise: Double) -> String {
    "\(dataName(noise))/\(protocolName.rawValue)-\(budget.size.rawValue)\(budget.labels.variant)"
  }

  /// The list for training and evaluating a protocol's systems.
  func list(_ protocolName: ReproductionProtocol, noise: Double = 1) -> String {
    path(listName(protocolName, noise)) + ".csv"
  }

  private func rendering(noise: Double) -> ReproductionStep {
    var arguments = [
      "synth", "--out", path(dataName(noise)), "--clips", "\(budget.clips)", "--subjects", "\(budget.subjects)",
      "--seed", "\(Self.dataSeed)",
    ]
    if noise != 1 { arguments += ["--pose-noise", "\(noise)", "--poses-for", "../data"] }
    return ReproductionStep(
      name: dataName(noise), kind: .rendering, arguments: arguments, inputs: noise == 1 ? [] : [dataName(1)],
      family: noise == 1 ? "data" : "poses", work: Double(budget.clips) * (noise == 1 ? 0.25 : 0.01))
  }

  /// The same recordings for every system: those with poses, reduced to the budget's fractions.
  private func listing(_ protocolName: ReproductionProtocol, noise: Double) -> ReproductionStep {
    let name = listName(protocolName, noise)
    return ReproductionStep(
      name: name, kind: .listing,
      arguments: [
        "data", "subset", "\(path(dataName(noise)))/\(protocolName.rawValue).csv", "--name",
        "\(name.split(separator: "/")[1]).csv", "--train",
        String(format: "%.4g", budget.trainingShare(protocolName)), "--validation",
        "\(budget.validationShare)", "--test", "\(budget.testShare)", "--both",
      ], inputs: [dataName(noise)], family: "list", work: 1)
  }

  private func training(_ run: ReproductionRun) -> ReproductionStep {
    var arguments = [run.system.stage.rawValue]
    if run.system.stage == .student { arguments += ["--distill", run.system.distillation.rawValue] }
    arguments += ["--config", path(run.name) + ".yaml", "--out", path(run.name)] + machine
    var inputs = [listName(run.protocolName, run.noise)]
    for (setting, system) in run.system.starts {
      var start = run
      start.system = system
      if system == .start { (start.seed, start.noise) = (Self.startSeed, 1) }
      arguments += ["--set", "\(setting)=\(path(start.name))"]
      inputs.append(start.name)
    }
    let recipe = ReproductionRecipe(run, budget, list: list(run.protocolName, noise: run.noise))
    return ReproductionStep(
      name: run.name, kind: .training, arguments: arguments, settings: recipe.yaml, inputs: inputs,
      family: "\(run.protocolName.rawValue)/\(run.system.rawValue)", work: 5 + recipe.trainingSeconds)
  }

  private func judging(_ run: ReproductionRun) -> ReproductionStep {
    let clips =
      Double(budget.clips)
      * (run.protocolName.shares.test * budget.testShare + 0.06 * budget.validationShare)
    let window = ReproductionRecipe.stepSeconds(run.system, budget) / 3
    return ReproductionStep(
      name: run.name + "/judged", kind: .judging,
      // The schedule ends at zero, and the budget's few validation recordings cannot tell one epoch from another.
      arguments: ["evaluate", "--run", path(run.name), "--checkpoint", "last", "--windows", "paper"] + machine,
      inputs: [run.name],
      family: "\(run.protocolName.rawValue)/\(run.system.rawValue)/judged",
      work: 4 + clips * (run.system == .pose ? window : 2.5 * window + 0.04))
  }
}
