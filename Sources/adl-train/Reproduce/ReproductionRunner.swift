import ArgumentParser
import Basics
import Crypto
import Foundation
import Glibc

/// Runs the steps of a plan that are not done yet, each as the command a person would type, several at a time.
///
/// Beside what a step makes lie NAME.recipe, a hash of its command, settings and inputs' recipes, written before it
/// begins, NAME.log, what it says, and NAME.done, written when it has ended well. A step begun under the same recipe goes
/// on; under another it begins anew, and so does all that reads from it.
final class ReproductionRunner {
  /// How steps are started and watched.
  struct Machine {
    var jobs = 1
    var cores = MachineLimits.current.threads
    /// What a step ran on, as the results name it.
    var name = ""
    var start: ([String], _ log: String) throws -> any RunningStep = { try StepProcess($0, log: $1) }
    var isInterrupted: () -> Bool = { false }
    /// Interrupted once more: nothing may be waited for.
    var isUrgent: () -> Bool = { false }
    /// Between two looks at running steps.
    var pause: () -> Void = { usleep(200_000) }
    var line = ProgressLine()
  }

  /// What NAME.done holds.
  struct Record: Codable, Equatable {
    var recipe: String
    var seconds: Double
    var machine: String
  }

  let plan: ReproductionPlan
  private(set) var schedule: ReproductionSchedule
  /// Of all steps that are done, by name.
  private(set) var records: [String: Record] = [:]

  private var machine: Machine
  private let recipes: [String: String]
  private var running: [String: (step: any RunningStep, began: ContinuousClock.Instant)] = [:]
  private var failures: [(name: String, status: Int32)] = []

  /// - Parameters:
  ///   - plan: what to run.
  ///   - machine: how.
  init(_ plan: ReproductionPlan, on machine: Machine) {
    (self.plan, self.machine) = (plan, machine)
    let steps = plan.steps
    recipes = Self.recipes(plan)
    for step in steps {
      guard let data = FileManager.default.contents(atPath: plan.path(step.name) + ".done"),
        // What cannot be read is done again.
        let record = try? JSONDecoder().decode(Record.self, from: data), record.recipe == recipes[step.name]
      else { continue }
      records[step.name] = record
    }
    schedule = ReproductionSchedule(steps, done: records.mapValues(\.seconds))
  }

  /// Runs to the end, as far as steps succeed.
  ///
  /// - Parameter ended: called after each step that ended well.
  /// - Throws: `ExitCode` when a step failed or all were interrupted, after everything that ran has ended.
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
        machine.line.note("stopping what runs; it writes checkpoints, and once more ends it at once")
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
        complain("left out, as they need what failed: " + schedule.left.joined(separator: ", "))
      }
      throw ExitCode(first.status)
    }
    guard schedule.doneCount == schedule.steps.count else {
      complain("stopped; the same command goes on from here")
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

  /// Whether the step ended well.
  private func end(_ step: ReproductionStep, _ status: Int32) throws -> Bool {
    guard let (process, began) = running.removeValue(forKey: step.name) else { return false }
    let base = plan.path(step.name)
    try remove(base + ".pid")
    let seconds = (ContinuousClock.now - began) / .seconds(1) + (contents(base + ".spent").flatMap { Double($0) } ?? 0)
    guard status == 0 else {
      // What goes on later has not taken less for it.
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

  /// Two processes in one run folder would spoil each other's checkpoints.
  private func requireUnused(_ base: String, _ step: ReproductionStep) throws {
    guard let text = contents(base + ".pid"), let identifier = Int32(text), identifier != getpid(),
      let command = contents("/proc/\(identifier)/cmdline"), command.contains(base)
    else { return }
    throw failure(
      "\(step.name) still runs as process \(identifier), from a reproduction that was killed; wait for it or end it", 75
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

  /// What decides about the result of each step.
  static func recipes(_ plan: ReproductionPlan) -> [String: String] {
    var recipes: [String: String] = [:]
    for step in plan.steps {
      let text = (step.arguments + [step.settings] + step.inputs.map { recipes[$0] ?? "" }).joined(separator: "\n")
      // Where everything lies changes nothing.
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
