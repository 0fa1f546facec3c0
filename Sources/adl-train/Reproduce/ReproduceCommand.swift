import ArgumentParser
import Evaluation
import Foundation
import ModelFile

/// `adl-train reproduce`: the papers' comparison on data anyone can make.
struct ReproduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Run the papers' whole comparison on rendered activities, and write the table.",
    discussion: """
      Makes the data, trains AGCN-J, I3D, I3D with attention, VPN*, VPN-F, VPN-A, VPN++ and VPN under several seeds and \
      protocols, judges all and writes table.md and table.html. Each step is a command you could type; it is shown, and \
      what it makes is kept by a hash of its command, settings and inputs: the same command goes on where it was \
      stopped, and does again only what changed.

      Budgets: quick takes minutes and shows that everything runs; standard takes hours on two cores; long wants a GPU.

      Example:
        adl-train reproduce --budget standard --out runs/reproduction
      """)

  @Option(help: ArgumentHelp("Folder of data, runs and the table.", valueName: "folder"))
  var out: String

  @Option(help: "quick, standard or long.")
  var budget = ReproductionBudget.Size.quick

  @Option(help: ArgumentHelp("Seeds, such as 1,2,3; the budget's when left out.", valueName: "list"))
  var seeds: String?

  @OptionGroup var machine: MachineOptions

  @Flag(help: "Show the commands, run nothing.")
  var dryRun = false

  func run() throws {
    try reporting {
      var budget = ReproductionBudget(budget)
      if let seeds { budget.seeds = try parsed(seeds) }
      let plan = ReproductionPlan(budget: budget, folder: out, machine: machine.arguments)
      if dryRun {
        for step in plan.steps { print("adl-train " + step.arguments.joined(separator: " ")) }
        return
      }
      var runner = ReproductionRunner(plan)
      try runner.run()
      let comparison = try ReproductionResults(plan: plan, seconds: runner.seconds).comparison()
      for (name, text) in [("table.md", comparison.markdown()), ("table.html", comparison.html())] {
        try AtomicFile.write(to: "\(out)/\(name)") { try $0.write(contentsOf: Data(text.utf8)) }
      }
      print(comparison.markdown())
      print("\(out)/table.html")
    }
  }

  private func parsed(_ list: String) throws -> [Int] {
    let seeds = list.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
    guard !seeds.isEmpty, let whole = seeds as? [Int], Set(whole).count == whole.count, whole.allSatisfy({ $0 >= 0 })
    else { throw ValidationError("--seeds must be different whole numbers, such as 1,2,3; it is '\(list)'") }
    return whole
  }
}

extension ReproductionBudget.Size: ExpressibleByArgument {}
