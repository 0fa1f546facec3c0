import Foundation
import Testing

@testable import adl_train

@Suite struct `Reproductions` {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("adl-\(UUID().uuidString)").path

  private func plan(_ change: (inout ReproductionBudget) -> Void = { _ in }) -> ReproductionPlan {
    var budget = ReproductionBudget(.quick)
    change(&budget)
    return ReproductionPlan(budget: budget, folder: folder, machine: ["--precision", "f32"])
  }

  /// Runs a plan, noting commands instead of starting them; the one of number `failing`, from 0, fails.
  private func run(_ plan: ReproductionPlan, failing: Int? = nil) throws -> [[String]] {
    struct Failure: Error {}
    var commands: [[String]] = []
    var runner = ReproductionRunner(plan) { arguments in
      if commands.count == failing { throw Failure() }
      commands.append(arguments)
    }
    do { try runner.run() } catch is Failure {}
    return commands
  }

  private func clean() { try? FileManager.default.removeItem(atPath: folder) }  // there may be none

  @Test(arguments: ReproductionBudget.Size.allCases) func `do every step after what it reads`(
    size: ReproductionBudget.Size
  ) {
    let steps = ReproductionPlan(budget: ReproductionBudget(size), folder: "out", machine: []).steps
    var done: Set<String> = []
    for step in steps {
      #expect(step.inputs.allSatisfy(done.contains), "\(step.name) reads \(step.inputs)")
      #expect(done.insert(step.name).inserted, "\(step.name) is done twice")
    }
    // All that the papers compare, under every seed.
    for seed in 1...3 {
      for system in ReproductionSystem.allCases where system != .scratch {
        #expect(done.contains("CS/seed\(seed)/\(system.rawValue)/judged"))
      }
    }
  }

  @Test func `do nothing twice, and go on where they were stopped`() throws {
    defer { clean() }
    let steps = plan().steps.count
    let first = try run(plan(), failing: 5)
    #expect(first.count == 5)
    let second = try run(plan())
    #expect(second.count == steps - 5)
    // What was begun goes on; what was not begins.
    #expect(second.first?.contains("--restart") == false)
    #expect(second.dropFirst().filter { $0.contains("--config") }.allSatisfy { $0.contains("--restart") })
    #expect(try run(plan()).isEmpty)
  }

  @Test func `do again what a changed setting reaches, and no more`() throws {
    defer { clean() }
    _ = try run(plan())
    // Epochs of the pose teacher: itself, what learns from it, and their judgements.
    let again = try run(plan { $0.poseEpochs += 1 })
    func count(_ system: ReproductionSystem) -> Int {
      again.count { command in
        command.firstIndex(of: "--out").map { command[$0 + 1].hasSuffix("/" + system.rawValue) } ?? false
      }
    }
    #expect(count(.pose) == 3 && count(.feature) == 3 && count(.both) == 3)
    #expect(count(.i3d) == 0 && count(.attention) == 0 && count(.vpn) == 0)
    #expect(!again.contains { $0[0] == "synth" })
    // A seed more leaves the others alone.
    let more = try run(
      plan {
        $0.poseEpochs += 1
        $0.seeds.append(4)
      })
    #expect(!more.isEmpty && more.allSatisfy { $0.joined(separator: " ").contains("seed4") })
  }
}
