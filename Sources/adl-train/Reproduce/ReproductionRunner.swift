import ArgumentParser
import Basics
import Crypto
import Foundation
import Glibc

/// Runs the remaining steps of a plan, each as a command that a person could type, several at a time.
///
/// Each step's results are accompanied by NAME.recipe, a hash of its command, settings and inputs' recipes, written
/// before it starts; NAME.log, its output; and NAME.done, written when it has succeeded. A step started with the same
/// recipe is resumed; with a different recipe it starts over, and so does everything that depends on it.
final class ReproductionRunner {
  /// How steps are started and watched.
  struct Machine {
    var jobs = 1
    var cores = MachineLimits.current.threads
    /// The machine's name for the results.
    var name = ""
    var start: ([String], _ log: String) throws -> any RunningStep = { try StepProcess($0, log: $1) }
    var isInterrupted: () -> Bool = { false }
    /// Interrupted a second time: nothing may be waited for.
    var isUrgent: () -> Bool = { false }
    /// Called between two checks of the running steps.
    var pause: () -> Void = { usleep(200_000) }
    var line = ProgressLine()
  }

  /// The contents of NAME.done.
  struct Record: Codable, Equatable {
    var recipe: String
    var seconds: Double
    var machine: String
  }

  let plan: ReproductionPlan
  private(set) var schedule: ReproductionSchedule
  /// The records of all completed steps, by name.
  private(set) var records: [String: Record] = [:]

  private var machine: Machine
  private let recipes: [String: String]
  private var running: [String: (step: any RunningStep, began: ContinuousClock.Instant)] = [:]
  private var failures: [(name: String, status: Int32)] = []

  /// - Parameters:
  ///   - plan: the plan to run.
  ///   - machine: how to run it.
  init(_ plan: ReproductionPlan, on machine: Machine) {
    (self.plan, self.machine) = (plan, machine)
    let steps = plan.steps
    recipes = Self.recipes(plan)
    for step in steps {
      guard let data = FileManager.default.contents(atPath: plan.path(step.name) + ".done"),
        // A record that cannot be read means that the step is repeated.
        let record = try? JSONDecoder().decode(Record.self, from: data), record.recipe == recipes[step.name]
      else { continue }
      records[step.name] = record
    }
    schedule = ReproductionSchedule(steps, done: records.mapValues(\.seconds))
  }

  /// Runs to the end, as far as steps succeed.
  ///
  /// - Parameter ended: called after each successful step.
  /// - Throws: `ExitCode` if a step failed or all were interrupted, after every running step has ended.
  func run(ended: (ReproductionStep) -> Void = { _ in }) throws {
    var trouble: (any Error)?
    var isStopping = false
    while true {
      do {
        while !isStopping, !machine.isInterrupted(), running.count < machine.jobs, let step = schedule.next {
          try begin(step)
        }
        for step in schedule.running {
          guard let status = running[step.name]?.step.status else { continue }
          if try end(step, status) { ended(step) }
        }
      } catch {
        trouble = trouble ?? error
      }
      let stops = trouble != nil || machine.isInterrupted()
      guard !running.isEmpty || (schedule.next != nil && !stops) else { break }
      if stops, !isStopping {
        isStopping = true
        machine.line.note("stopping the running steps, which write checkpoints; interrupt again to stop them at once")
        for (step, _) in running.values { step.stop() }
      }
      if machine.isUrgent() { for (step, _) in running.values { step.kill() } }
      show()
      machine.pause()
    }
    machine.line.clear()
    if let trouble { throw trouble }
    if let first = failures.first {
      if !schedule.left.isEmpty {
        complain("skipped, because they depend on what failed: " + schedule.left.joined(separator: ", "))
      }
      throw ExitCode(first.status)
    }
    guard schedule.doneCount == schedule.steps.count else {
      complain("stopped; run the same command again to continue")
      throw ExitCode(StepProcess.interrupted)
    }
  }

  // MARK: Steps

  private func begin(_ step: ReproductionStep) throws {
    let base = plan.path(step.name)
    try requireUnused(base, step)
    let recipe = recipes[step.name] ?? ""
    let continues = contents(base + ".recipe") == recipe
    try FileManager.default.createDirectory(
      at: URL(fileURLWithPath: base).deletingLastPathComponent(), withIntermediateDirectories: true)
    try write(recipe, base + ".recipe")
    if !continues {
      try remove(base + ".log")
      try remove(base + ".spent")
    }
    if !step.settings.isEmpty { try write(step.settings, base + ".yaml") }
    let cores = max(1, machine.cores / max(1, min(machine.jobs, schedule.width)))
    let arguments = step.arguments(cores: cores) + (step.kind == .training && !continues ? ["--restart"] : [])
    machine.line.note("\(step.name): adl-train \(arguments.joined(separator: " "))")
    schedule.begin(step.name)
    let process = try machine.start(arguments, base + ".log")
    running[step.name] = (process, .now)
    if let identifier = process.identifier { try write("\(identifier)", base + ".pid") }
  }

  /// Whether the step succeeded.
  private func end(_ step: ReproductionStep, _ status: Int32) throws -> Bool {
    guard let (process, began) = running.removeValue(forKey: step.name) else { return false }
    let base = plan.path(step.name)
    try remove(base + ".pid")
    let seconds = (ContinuousClock.now - began) / .seconds(1) + (contents(base + ".spent").flatMap { Double($0) } ?? 0)
    guard status == 0 else {
      // A step that is resumed later has not taken less time because of it.
      try write("\(seconds)", base + ".spent")
      if status == StepProcess.interrupted, machine.isInterrupted() {
        schedule.interrupt(step.name)
        return false
      }
      schedule.fail(step.name)
      failures.append((step.name, status))
      let how = status == StepProcess.interrupted ? "was stopped or killed" : "failed with status \(status)"
      machine.line.note("\(step.name) \(how); its log is \(base).log and ends with:")
      for line in process.report.lines { machine.line.note("  " + line) }
      return false
    }
    try remove(base + ".spent")
    let record = Record(recipe: recipes[step.name] ?? "", seconds: seconds, machine: machine.name)
    try JSONEncoder().encode(record).write(to: URL(fileURLWithPath: base + ".done"), options: .atomic)
    records[step.name] = record
    schedule.end(step.name, seconds: seconds)
    machine.line.note("\(step.name): done in \(ProgressLine.clock(seconds))")
    return true
  }

  /// Two processes in one run folder would overwrite each other's checkpoints.
  private func requireUnused(_ base: String, _ step: ReproductionStep) throws {
    guard let text = contents(base + ".pid"), let identifier = Int32(text), identifier != getpid(),
      let command = contents("/proc/\(identifier)/cmdline"), command.contains(base)
    else { return }
    throw failure(
      "\(step.name) is still running as process \(identifier), from a reproduction that was killed; wait for it or stop it",
      75
    )
  }

  // MARK: Progress

  private func show() {
    let (steps, jobs) = (schedule.running, machine.jobs)
    machine.line.show(share: Double(schedule.doneCount) / Double(max(1, schedule.steps.count))) {
      var left: [String: Double] = [:]
      var places: [String] = []
      for step in steps {
        guard let (process, began) = running[step.name] else { continue }
        let report = process.report
        let passed = (ContinuousClock.now - began) / .seconds(1)
        left[step.name] = report.secondsLeft ?? max(0, schedule.expected(step) - passed)
        places.append(step.name + (report.place.map { " \($0)" } ?? ""))
      }
      let total = schedule.secondsLeft(jobs: jobs, remaining: left)
      return ["\(schedule.doneCount) of \(schedule.steps.count) steps"] + places + ["\(ProgressLine.clock(total)) left"]
    }
  }

  // MARK: Recipes

  /// What determines the result of each step.
  static func recipes(_ plan: ReproductionPlan) -> [String: String] {
    var recipes: [String: String] = [:]
    for step in plan.steps {
      let text = (step.arguments + [step.settings] + step.inputs.map { recipes[$0] ?? "" }).joined(separator: "\n")
      // The folder's location does not matter.
      let portable = text.replacing(plan.folder + "/", with: "")
      recipes[step.name] = SHA256.hash(data: Data(portable.utf8)).map { String(format: "%02x", $0) }.joined()
    }
    return recipes
  }

  // MARK: Files

  private func contents(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  private func write(_ text: String, _ path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  private func remove(_ path: String) throws {
    if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
  }
}
