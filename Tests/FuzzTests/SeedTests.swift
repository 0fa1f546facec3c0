import Foundation
import Testing

/// The fuzzer's initial inputs, in an ordinary build: what once crashed the process must not do so again.
@Suite struct `Seeds of the fuzzer` {
  static let folder = Bundle.module.bundleURL.appendingPathComponent("Seeds")

  /// Inputs by name; the names of findings start with `refused-`.
  private func seeds(_ target: FuzzTarget) throws -> [(name: String, input: [UInt8])] {
    let folder = Self.folder.appendingPathComponent(target.rawValue)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
      (name, [UInt8](try Data(contentsOf: folder.appendingPathComponent(name))))
    }
  }

  @Test(arguments: FuzzTarget.allCases)
  func `fuzzed readers accept valid seeds and refuse the others`(_ target: FuzzTarget) throws {
    let seeds = try seeds(target)
    #expect(seeds.contains { !$0.name.hasPrefix("refused-") })
    for (name, input) in seeds {
      let outcome = target.run(input)
      if name.hasPrefix("refused-"), case .refused(let reason) = outcome {
        #expect(!reason.isEmpty, "\(name)")
      } else {
        #expect(outcome == .taken, "\(name)")
      }
    }
  }

  /// Ten kilobytes of each are enough to start with.
  @Test(arguments: FuzzTarget.allCases) func `fuzz seeds are few and small`(_ target: FuzzTarget) throws {
    #expect(try seeds(target).map(\.input.count).reduce(0, +) < 16 << 10)
  }
}
