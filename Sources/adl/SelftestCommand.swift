import ArgumentParser
import Basics
import Foundation
import Golden
import Inference

/// The command `adl selftest`: compares this machine's engine with recorded outputs of the published network.
struct SelftestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract: "Check this machine's arithmetic against recorded outputs of the published network.",
    discussion: """
      Builds the student network with formula weights, runs the recorded clips and compares every endpoint. Exit \
      status 1 if an error (relative L2) is above the tolerance: 1e-4 in f32, 2e-2 in bf16.
      """)

  @Option(help: ArgumentHelp("Use this recording instead of the built-in one.", valueName: "file"))
  var golden: String?

  @Option(help: "Number format: auto, f32 or bf16. Default: f32, and bf16 if this CPU has it.")
  var precision: Precision?

  @Option(help: "Cores to use.")
  var threads = MachineLimits.current.threads

  func validate() throws {
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
  }

  func run() throws {
    let checks: [StudentCheck]
    let others: [String]
    do {
      (checks, others) = try StudentCheck.all(in: recording())
    } catch {
      StandardStreams.complain("Error: \(error)\n")
      throw ExitCode(65)
    }
    let precisions = try precision.map { [try $0.resolved()] } ?? Precision.native
    print("oneDNN \(Precision.libraryVersion), \(Precision.instructionSet), \(threads) threads")
    var misses = 0
    for check in checks {
      for precision in precisions { misses += try report(check, precision) }
    }
    for name in others { print("\(name): trained side only") }
    guard misses == 0 else {
      print("\(misses) endpoints are off by more than the tolerance")
      throw ExitCode(1)
    }
    print("all endpoints agree")
  }

  private func recording() throws(GoldenError) -> GoldenFile {
    guard let golden else { return try GoldenFile.embedded() }
    guard let json = FileManager.default.contents(atPath: golden) else { throw .unreadable(file: golden) }
    return try GoldenFile(json: json, name: golden)
  }

  /// Prints a table of errors and returns how many are too large.
  private func report(_ check: StudentCheck, _ precision: Precision) throws -> Int {
    let engine = try ClipEngine(
      network: check.network, parameters: check.parameters, precision: precision, threads: threads,
      keepingEndpoints: true)
    _ = try engine.run(normalized: check.input().span)
    let findings = try check.compare(engine.values(of:))
    print("\n\(check.name) in \(precision.rawValue): relative error (tolerance)")
    var misses = 0
    for finding in findings {
      let tolerance = precision.tolerance
      let agrees = finding.error <= tolerance
      misses += agrees ? 0 : 1
      let name = finding.endpoint.padding(toLength: 20, withPad: " ", startingAt: 0)
      print("  " + name + String(format: " %.2e  (%.0e)", finding.error, tolerance) + (agrees ? "" : "  MISS"))
    }
    return misses
  }
}

extension Precision: ExpressibleByArgument {}
