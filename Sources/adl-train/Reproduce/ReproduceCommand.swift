import ArgumentParser
import Basics
import Evaluation
import Foundation
import Training

/// The command `adl-train reproduce`: the papers' comparison on data anyone can generate.
struct ReproduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Run the papers' whole comparison on rendered activities and write the table.",
    discussion: """
      Makes the data, trains AGCN-J, I3D, I3D with attention, VPN*, VPN-F, VPN-A, VPN++ and VPN with several seeds and \
      protocols, evaluates them, and rewrites results.md and results.html after every step: means, spreads over seeds, and \
      differences from I3D with their intervals. Each step is a command that you could type, and is printed. Its results are \
      cached by a hash of its command, settings and inputs, so the same command resumes where it was stopped and redoes only \
      what changed. The output of a step is in its log, next to its results.

      Budgets: quick takes minutes and shows that everything runs; standard takes two to three hours on two cores; long \
      needs several GPUs or weeks. --systems, --seeds and --protocols leave part of it out; a later command with more of \
      them keeps what is done.

      Examples:
        adl-train reproduce --budget standard --out runs/reproduction
        adl-train reproduce --budget standard --start Models/people.safetensors --out runs/reproduction
        adl-train reproduce --budget standard --device cuda --jobs 6 --out runs/reproduction
        adl-train reproduce --budget standard --systems i3d,vpn-plus-plus --labels 0.1 --out runs/reproduction
      """)

  @Option(help: ArgumentHelp("Folder for data, runs and results.", valueName: "folder"))
  var out: String

  @Option(help: "quick, standard or long.")
  var budget = ReproductionBudget.Size.quick

  @Option(help: ArgumentHelp("Seeds, such as 1,2,3. Default: the budget's.", valueName: "list"))
  var seeds: String?

  @Option(
    help: ArgumentHelp(
      "Rows of the table: agcn-j, i3d, i3d-nl, vpn-star, vpn-f, vpn-a, vpn-plus-plus, vpn. What they learn from is "
        + "trained as well. Default: the budget's.", valueName: "list"))
  var systems: String?

  @Option(help: ArgumentHelp("CS (other people), CV (another camera), or both.", valueName: "list"))
  var protocols: String?

  @Option(
    help: ArgumentHelp(
      "Weights that the first I3D starts from, as the papers' start from Kinetics; as wide as the budget's networks. "
        + "Default: from scratch.", valueName: "file"))
  var start: String?

  @Option(help: "Share of the training recordings to train every system on.")
  var labels = 1.0

  @Option(help: "Factor on the number of epochs of every system.")
  var longer = 1.0

  @Option(help: "Steps to run in parallel, sharing the cores. Default: by cores and budget.")
  var jobs: Int?

  @OptionGroup var machine: MachineOptions

  @Flag(help: "Print the commands without running them.")
  var dryRun = false

  func validate() throws {
    guard jobs.map({ (1...256).contains($0) }) ?? true else { throw ValidationError("--jobs must be 1 to 256") }
    guard labels > 0, labels <= 1 else {
      throw ValidationError("--labels must be above 0 and at most 1; it is \(labels)")
    }
    guard (0.1...100).contains(longer) else { throw ValidationError("--longer must be 0.1 to 100; it is \(longer)") }
    _ = try chosen()
  }

  func run() throws {
    try reporting {
      let plan = ReproductionPlan(
        budget: try chosen(), folder: out,
        machine: ["--device", machine.device, "--precision", machine.precision.rawValue])
      let cores = machine.threads > 0 ? machine.threads : MachineLimits.current.threads
      let jobs = jobs ?? plan.budget.jobs(cores: cores, onGPU: machine.device != "cpu")
      if dryRun {
        for step in plan.steps { print("adl-train " + step.arguments.joined(separator: " ")) }
        return
      }
      let lock = try FolderLock(out)
      defer { withExtendedLifetime(lock) {} }
      let interruption = Interruption(answering: nil, exits: false)
      let used = UsedMachine(device: machine.device, precision: machine.precision, cores: cores)
      let runner = ReproductionRunner(
        plan,
        on: .init(
          jobs: jobs, cores: cores, name: used.description, isInterrupted: { interruption.isAsked },
          isUrgent: { interruption.isUrgent }))
      let results = ReproductionResults(plan: plan)
      func write(_ costs: [ReproductionSystem: Double] = [:]) throws {
        try results.write(records: runner.records, milliseconds: costs, on: used)
      }
      try runner.run { _ in
        do { try write() } catch { complain("the results could not be written; continuing with the steps: \(error)") }
      }
      try write(ReproductionCosts(plan: plan).milliseconds(on: machine))
      print(results.markdownPath)
      print(results.pagePath)
    }
  }

  private func chosen() throws -> ReproductionBudget {
    var chosen = ReproductionBudget(budget)
    if let start { chosen.begin(from: try ReproductionStart(path: start)) }
    if labels < 1 { chosen.keep(labels: labels) }
    if longer != 1 { chosen.lengthen(longer) }
    if let seeds {
      let numbers = items(seeds).map { Int($0) }
      guard !numbers.isEmpty, let whole = numbers as? [Int], Set(whole).count == whole.count,
        whole.allSatisfy({ $0 >= 0 })
      else { throw ValidationError("--seeds must be different whole numbers, such as 1,2,3; it is '\(seeds)'") }
      chosen.seeds = whole
    }
    if let protocols {
      chosen.protocols = try items(protocols).map {
        try known(
          $0, ReproductionProtocol.init(rawValue:), ReproductionProtocol.allCases.map(\.rawValue), "--protocols")
      }
      guard Set(chosen.protocols).count == chosen.protocols.count, !chosen.protocols.isEmpty else {
        throw ValidationError("--protocols must be different; it is '\(protocols)'")
      }
    }
    if let systems {
      let rows = ReproductionSystem.allCases.filter { $0 != .start }
      let wanted = try items(systems).map { name in
        try known(name, { name in rows.first { $0.rawValue == name } }, rows.map(\.rawValue), "--systems")
      }
      guard !wanted.isEmpty else { throw ValidationError("--systems names no system") }
      for name in chosen.protocols { chosen.systems[name] = Set(wanted) }
    }
    return chosen
  }

  private func items(_ list: String) -> [String] {
    list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  private func known<Value>(
    _ name: String, _ value: (String) -> Value?, _ all: [String], _ option: String
  ) throws -> Value {
    guard let value = value(name) else {
      throw ValidationError("\(option): '\(name)' is not one of \(all.joined(separator: ", "))")
    }
    return value
  }
}

extension ReproductionBudget.Size: ExpressibleByArgument {}
