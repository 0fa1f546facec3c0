import ArgumentParser
import Foundation
import Golden
import Tensors
import Training

/// The command `adl-train selftest`: compares libtorch's results with recorded outputs of the published networks.
struct SelftestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract: "Check the training networks against recorded outputs of the published ones.",
    discussion: """
      Builds the student, AGCN-J, the 2-block attention and VPN* with formula weights, runs the recorded inputs and compares \
      every recorded value. Exit status 1 if a relative L2 error is above 1e-4.
      """)

  @Option(help: ArgumentHelp("Use this recording instead of the built-in one.", valueName: "file"))
  var golden: String?

  @OptionGroup var machine: MachineOptions

  func run() throws {
    try reporting {
      let device = try machine.prepare()
      let file: GoldenFile
      if let golden {
        guard let json = FileManager.default.contents(atPath: golden) else {
          throw GoldenError.unreadable(file: golden)
        }
        file = try GoldenFile(json: json, name: golden)
      } else {
        file = try GoldenFile.embedded()
      }
      print("libtorch \(Library.version) on \(device), \(machine.precision.rawValue)")
      var misses = 0
      try Selftest(on: device, machine.precision).run(file) { report in
        print("\n\(report.name): relative error (tolerance \(Selftest.tolerance))")
        for finding in report.findings {
          let agrees = finding.error <= Selftest.tolerance
          misses += agrees ? 0 : 1
          let name = finding.endpoint.padding(toLength: 20, withPad: " ", startingAt: 0)
          print("  " + name + String(format: " %.2e", finding.error) + (agrees ? "" : "  MISS"))
        }
      }
      guard misses == 0 else { throw failure("\(misses) values are off by more than the tolerance", 1) }
      print("\nall values agree")
    }
  }
}
