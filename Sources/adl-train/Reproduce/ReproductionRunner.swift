import ArgumentParser
import Crypto
import Dispatch
import Foundation

/// Runs the steps of a plan that are not done yet, each as the command a person would type.
///
/// Beside what a step makes lie NAME.recipe, a hash of its command, settings and inputs' recipes, written before it
/// begins, and NAME.done, the same when it has ended well. A step begun under the same recipe goes on; under another it
/// begins anew, and so does all that reads from it.
struct ReproductionRunner {
  let plan: ReproductionPlan

  /// Seconds each step took, of those that are done.
  private(set) var seconds: [String: Double] = [:]

  private let start: ([String]) throws -> Void

  private static let interrupted: Int32 = 75

  /// - Parameters:
  ///   - plan: what to run.
  ///   - start: runs this program with arguments to its end; as a process of its own when left out.
  init(_ plan: ReproductionPlan, start: @escaping ([String]) throws -> Void = ReproductionRunner.startProcess) {
    (self.plan, self.start) = (plan, start)
  }

  /// - Throws: what the first step that fails ends with.
  mutating func run() throws {
    let steps = plan.steps
    let recipes = recipes()
    for (index, step) in steps.enumerated() {
      let base = plan.path(step.name)
      let recipe = recipes[step.name] ?? ""
      if let done = read(base + ".done"), done.hasPrefix(recipe + " ") {
        seconds[step.name] = done.split(separator: " ").last.flatMap { Double($0) } ?? 0
        continue
      }
      let continues = read(base + ".recipe") == recipe
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: base).deletingLastPathComponent(), withIntermediateDirectories: true)
      try write(recipe, base + ".recipe")
      if !step.settings.isEmpty { try write(step.settings, base + ".yaml") }
      let isTraining = !step.settings.isEmpty
      let arguments = step.arguments + (isTraining && !continues ? ["--restart"] : [])
      complain("[\(index + 1)/\(steps.count)] adl-train \(arguments.joined(separator: " "))")
      let begin = ContinuousClock.now
      try start(arguments)
      let taken = (ContinuousClock.now - begin) / .seconds(1)
      try write(String(format: "%@ %.1f", recipe, taken), base + ".done")
      seconds[step.name] = taken
    }
  }

  /// What decides about the result of each step.
  func recipes() -> [String: String] {
    var recipes: [String: String] = [:]
    for step in plan.steps {
      let text = (step.arguments + [step.settings] + step.inputs.map { recipes[$0] ?? "" }).joined(separator: "\n")
      // Where everything lies changes nothing.
      let portable = text.replacing(plan.folder + "/", with: "")
      recipes[step.name] = SHA256.hash(data: Data(portable.utf8)).map { String(format: "%02x", $0) }.joined()
    }
    return recipes
  }

  /// - Throws: `ExitCode` of a process that fails.
  private static func startProcess(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    // The step has a process group of its own: signals are handed on. It writes its checkpoint and ends, and we with it.
    let interruption = Interruption(answering: nil)
    var isHandedOn = false
    while ended.wait(timeout: .now() + .milliseconds(200)) == .timedOut {
      if interruption.isAsked, !isHandedOn {
        process.terminate()
        isHandedOn = true
      }
    }
    let status = process.terminationReason == .exit ? process.terminationStatus : interrupted
    guard status == 0, !interruption.isAsked else {
      complain("the same command goes on from here")
      throw ExitCode(status == 0 ? interrupted : status)
    }
  }

  private func read(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  private func write(_ text: String, _ path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}
