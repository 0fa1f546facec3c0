import ArgumentParser
import Basics
import Evaluation
import Foundation
import TestSupport
import Testing
import Training

@testable import adl_train

@Suite struct `Reproductions` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func plan(_ change: (inout ReproductionBudget) -> Void = { _ in }) -> ReproductionPlan {
    var budget = ReproductionBudget(.quick)
    budget.seeds = [1, 2, 3]
    change(&budget)
    return ReproductionPlan(budget: budget, folder: folder.path, machine: ["--precision", "f32"])
  }

  @Test(arguments: ReproductionBudget.Size.allCases) func `reproductions run every step after its inputs`(
    size: ReproductionBudget.Size
  ) {
    let budget = ReproductionBudget(size)
    let steps = ReproductionPlan(budget: budget, folder: "out", machine: []).steps
    var done: Set<String> = []
    for step in steps {
      #expect(step.inputs.allSatisfy(done.contains), "\(step.name) reads \(step.inputs)")
      #expect(done.insert(step.name).inserted, "\(step.name) appears twice")
    }
    // Everything that the papers compare, under every seed.
    for seed in budget.seeds {
      for system in ReproductionSystem.allCases where system != .start {
        #expect(done.contains("CS/seed\(seed)/\(system.rawValue)/judged"))
      }
    }
  }

  @Test func `reproductions train what a chosen system learns from, and nothing else`() {
    let plan = plan { $0.systems[.subjects] = [.i3d, .feature] }
    #expect(plan.systems(.subjects) == [.pose, .start, .i3d, .feature])
    #expect(plan.runs.count == 1 + 3 * 3)
  }

  @Test func `reproductions give every system the same budget and recordings`() {
    let steps = plan().steps.filter { $0.kind == .training && $0.name.contains("seed2/") }
    func line(_ step: ReproductionStep, _ section: String) -> Substring? {
      step.settings.split(separator: "\n").first { $0.hasPrefix(section + ":") }
    }
    let learners = steps.filter { !$0.name.hasSuffix("/agcn-j") }
    #expect(learners.count == 7)
    for section in ["data", "clip", "augmentation", "network", "optimizer", "schedule", "run"] {
      let lines = learners.map { line($0, section) }
      #expect(lines.allSatisfy { $0 != nil && $0 == lines[0] }, "\(section)")
    }
  }

  /// According to each step's estimated work, which is based on real runs.
  @Test func `reproductions with the standard budget fit into an afternoon on two cores, in short steps`() {
    let steps = ReproductionPlan(budget: ReproductionBudget(.standard), folder: "out", machine: []).steps
    let schedule = ReproductionSchedule(steps)
    #expect(schedule.secondsLeft(jobs: 2) < 2.5 * 3600)
    #expect(steps.allSatisfy { $0.work < 20 * 60 })
  }

  @Test func `only the first I3D starts from given weights, and other weights are another reproduction`() throws {
    func plan(_ text: String) throws -> ReproductionPlan {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/weights"))
      let start = try ReproductionStart(path: "\(folder.path)/weights")
      return self.plan { $0.begin(from: start) }
    }
    let (one, same, other) = try (plan("one"), plan("one"), plan("other"))
    let started = one.steps.filter { $0.settings.contains("start: {model: \"\(folder.path)/weights\"}") }.map(\.name)
    #expect(started == ["CS/seed1/i3d-start"])
    #expect(one.budget.startEpochs < self.plan().budget.startEpochs)
    let recipes = [one, same, other].map { ReproductionRunner.recipes($0) }
    #expect(recipes[0] == recipes[1])
    let changed = recipes[0].filter { recipes[2][$0.key] != $0.value }.keys
    #expect(changed.contains("CS/seed3/vpn-plus-plus") && !changed.contains("CS/seed1/agcn-j"))
  }

  @Test func `reproductions keep few labels apart from all, and train longer on them`() {
    let (all, few) = (
      plan { $0.noises = [4] },
      plan {
        ($0.epochs, $0.noises) = (2, [4])
        $0.keep(labels: 0.25)
      }
    )
    #expect(few.budget.epochs == 8)
    #expect(all.runs.contains { $0.noise == 4 } && !few.runs.contains { $0.noise != 1 })
    let shared = Set(all.steps.map(\.name)).intersection(few.steps.map(\.name))
    #expect(shared == ["data"])
    let subset = few.steps.first { $0.kind == .listing }
    #expect(subset?.arguments.joined(separator: " ").contains("--train 0.25") == true)
  }
}

/// Steps that end on command.
@Suite struct `Running reproductions` {
  private final class FakeStep: RunningStep {
    var identifier: Int32? { nil }
    var status: Int32?
    var isStopped = false
    var isKilled = false
    var report: LogTail { LogTail("epoch 1/2  loss 3  1:00 left\nout of luck", age: 0) }

    /// The status of steps that were asked to stop.
    let statusOfStopped: Int32
    init(_ status: Int32?, whenStopped: Int32 = StepProcess.interrupted) {
      (self.status, statusOfStopped) = (status, whenStopped)
    }

    func stop() {
      isStopped = true
      status = status ?? statusOfStopped
    }
    func kill() { isKilled = true }
  }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func plan(_ change: (inout ReproductionBudget) -> Void = { _ in }) -> ReproductionPlan {
    var budget = ReproductionBudget(.quick)
    change(&budget)
    return ReproductionPlan(budget: budget, folder: folder.path, machine: [])
  }

  /// The started commands, and the result of the run.
  private struct Outcome {
    var commands: [[String]] = []
    var most = 0
    var status: Int32 = 0
    var left: [String] = []
    var ended: [String] = []
  }

  /// Runs a plan; a step whose arguments `failing` accepts ends with status 70, and Ctrl-C comes at command `stopping`.
  private func run(
    _ plan: ReproductionPlan, jobs: Int = 1, stopping: Int? = nil,
    failing: @escaping ([String]) -> Bool = { _ in false }
  ) throws -> Outcome {
    var outcome = Outcome()
    var steps: [FakeStep] = []
    var machine = ReproductionRunner.Machine()
    (machine.jobs, machine.cores) = (jobs, 8)
    machine.line = .init(style: .log) { _ in }
    var isInterrupted = false
    machine.isInterrupted = { isInterrupted }
    machine.start = { arguments, _ in
      outcome.commands.append(arguments)
      let step = FakeStep(nil)
      steps.append(step)
      outcome.most = max(outcome.most, steps.count { $0.status == nil })
      return step
    }
    // All running steps end between two checks, except interrupted ones.
    machine.pause = {
      if let stopping, outcome.commands.count > stopping { isInterrupted = true }
      for (step, arguments) in zip(steps, outcome.commands) where step.status == nil && !isInterrupted {
        step.status = failing(arguments) ? 70 : 0
      }
    }
    let runner = ReproductionRunner(plan, on: machine)
    do { try runner.run { outcome.ended.append($0.name) } } catch let code as ExitCode {
      outcome.status = code.rawValue
    }
    outcome.left = runner.schedule.left
    return outcome
  }

  @Test(arguments: [1, 3]) func `running reproductions repeat nothing, and continue where they were stopped`(jobs: Int)
    throws
  {
    let steps = plan().steps
    let first = try run(plan(), jobs: jobs, stopping: 6)
    #expect(first.status == 75 && first.ended.count >= 5 && first.ended.count < steps.count)
    let second = try run(plan(), jobs: jobs)
    #expect(second.status == 0 && second.ended.count == steps.count - first.ended.count)
    // Started steps continue; the others start.
    let begun = Set(first.commands.map { $0[$0.firstIndex(of: "--config").map { $0 + 1 } ?? 0] })
    for command in second.commands {
      guard let place = command.firstIndex(of: "--config") else { continue }
      #expect(command.contains("--restart") != begun.contains(command[place + 1]))
    }
    #expect(try run(plan()).commands.isEmpty)
  }

  @Test func `running reproductions use the requested number of jobs, in order, each with its share of cores`() throws {
    let outcome = try run(plan(), jobs: 4)
    #expect(outcome.status == 0 && outcome.most == 4)
    // Rendering runs alone on all cores; training runs share them.
    #expect(outcome.commands[0].suffix(2) == ["--workers", "8"])
    let shares = outcome.commands.compactMap { command in
      command.firstIndex(of: "--threads").map { command[$0 + 1] }
    }
    #expect(shares.contains("2") && shares.allSatisfy { (Int($0) ?? 0) >= 2 })
  }

  @Test func `running reproductions skip what depends on a failed step, and do the rest`() throws {
    let outcome = try run(plan(), jobs: 2) {
      $0[0] == "attention-teacher" && $0.contains { $0.hasSuffix("CS/seed1/vpn-star") }
    }
    #expect(outcome.status == 70)
    #expect(
      Set(outcome.left) == [
        "CS/seed1/vpn-star/judged", "CS/seed1/vpn-a", "CS/seed1/vpn-a/judged", "CS/seed1/vpn-plus-plus",
        "CS/seed1/vpn-plus-plus/judged",
      ])
    #expect(outcome.ended.contains("CS/seed2/vpn-plus-plus/judged") && outcome.ended.contains("CS/seed1/vpn/judged"))
    // The same command retries what failed, and what depends on it.
    let again = try run(plan())
    #expect(again.status == 0 && again.ended.count == outcome.left.count + 1)
  }

  @Test func `running reproductions repeat only what a changed setting affects`() throws {
    _ = try run(plan())
    // The pose teacher's epochs affect itself, what learns from it, and their evaluations.
    let again = try run(plan { $0.poseEpochs += 1 }).commands
    func count(_ system: ReproductionSystem) -> Int {
      again.count { command in
        command.firstIndex(of: "--out").map { command[$0 + 1].hasSuffix("/" + system.rawValue) } ?? false
      }
    }
    #expect(count(.pose) == 2 && count(.feature) == 2 && count(.both) == 2)
    #expect(count(.i3d) == 0 && count(.attention) == 0 && count(.vpn) == 0)
    #expect(!again.contains { $0[0] == "synth" })
    // An additional seed leaves the others alone.
    let more = try run(
      plan {
        $0.poseEpochs += 1
        $0.seeds.append(4)
      })
    #expect(!more.commands.isEmpty && more.commands.allSatisfy { $0.joined(separator: " ").contains("seed4") })
  }

  @Test func `running reproductions estimate the rest from steps of the same family, side by side`() {
    func step(_ name: String, _ inputs: [String] = [], family: String, work: Double) -> ReproductionStep {
      ReproductionStep(
        name: name, kind: .training, arguments: [], inputs: inputs, family: family, work: work)
    }
    var schedule = ReproductionSchedule([
      step("a1", family: "a", work: 10), step("a2", ["a1"], family: "a", work: 10),
      step("b", ["a1"], family: "b", work: 30), step("c", ["a2", "b"], family: "b", work: 30),
    ])
    schedule.begin("a1")
    // Nothing is known yet, so estimates use the work.
    #expect(schedule.secondsLeft(jobs: 2) == 10 + 30 + 30)
    #expect(schedule.secondsLeft(jobs: 2, remaining: ["a1": 2]) == 2 + 30 + 30)
    schedule.end("a1", seconds: 20)
    // Twice as slow as estimated: a2 takes 20, b and c 60 each; a2 and b run together.
    #expect(schedule.secondsLeft(jobs: 1) == 20 + 60 + 60 && schedule.secondsLeft(jobs: 2) == 60 + 60)
  }

  @Test func `running reproductions read a step's progress from its log`() {
    let report = LogTail("epoch 3/12   7/90  loss 2.1  9.5 clips/s  0 % waiting  1:02:03 left\nsaved\n", age: 3)
    #expect(report.place == "epoch 3/12" && report.secondsLeft == 3720 && report.lines.last == "saved")
    #expect(LogTail("nothing yet", age: 0).secondsLeft == nil)
    #expect(LogTail("12 of 40 clips  I3D, paper  ? left", age: 0).secondsLeft == nil)
  }

  @Test func `running reproductions show results, and dashes for missing ones`() throws {
    let plan = plan { $0.systems[.subjects] = [.i3d, .both] }
    let used = UsedMachine(device: "cpu", precision: .float32, cores: 2)
    let record = ReproductionRunner.Record(recipe: "", seconds: 61, machine: used.description)
    /// Correct on the first `right` of ten recordings of two people.
    func judge(_ system: ReproductionSystem, right: Int) throws -> [String: ReproductionRunner.Record] {
      let run = plan.run(system, .subjects, 1)
      for partition in ["validation", "test"] {
        let clips = (0..<10).map { index in
          ScoredClip(
            name: "v\(index)", label: index % 2,
            windows: [(index < right) == (index % 2 == 0) ? [2, 0] : [0, 2]])
        }
        let file = RunFolder(plan.path(run.name)).scores(partition, "paper")
        try FileManager.default.createDirectory(
          at: URL(fileURLWithPath: file).deletingLastPathComponent(), withIntermediateDirectories: true)
        try ScoreFile(
          labels: ["cut", "stir"], clips: clips, system: system.title, dataset: "CS", protocolName: "manifest",
          partition: partition
        ).write(file)
      }
      return [run.name + "/judged": record]
    }
    let lines = (0..<10).map { "v\($0).mp4,\($0 % 2 == 0 ? "cut" : "stir"),\($0 % 4 / 2),test\n" }
    try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: true)
    try Data(("video,label,subject,split\n" + lines.joined()).utf8).write(
      to: URL(fileURLWithPath: plan.list(.subjects)))
    let results = ReproductionResults(plan: plan)
    var records = try judge(.i3d, right: 4)
    records.merge(try judge(.both, right: 6)) { $1 }
    try results.write(records: records, milliseconds: [:], on: used)
    let text = try String(contentsOfFile: results.markdownPath, encoding: .utf8)
    let table = text.split(separator: "\n").filter { $0.hasPrefix("|") }
    #expect(table.contains("| I3D | no | 40.0 (1 of 2) | – | – | – | – |"))
    #expect(table.contains("| AGCN-J | yes | – | – | – | – | – |"))
    #expect(table.contains { $0.hasPrefix("| VPN++ | no | 60.0 (1 of 2) | +20.0 [") })
    #expect(table.contains { $0.hasPrefix("| VPN++ + poses | yes | – |") })
    #expect(table.contains { $0.hasPrefix("| VPN++ over I3D | +20.0 [") })
    #expect(text.contains("- Done: 2 of ") && text.contains("- Time of these steps: 2:02"))
  }

  @Test func `running reproductions keep a second one out of the folder`() throws {
    let lock = try FolderLock(folder.path)
    #expect(throws: ExitCode(75)) { _ = try FolderLock(folder.path) }
    withExtendedLifetime(lock) {}
  }
}
