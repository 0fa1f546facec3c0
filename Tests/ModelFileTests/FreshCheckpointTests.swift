import Foundation
import TestSupport
import Testing

@testable import ModelFile

/// Checkpoints written by the installed PyTorch, whatever its version.
///
/// `ADL_PYTHON` names an interpreter that has it; the default is `python3` on PATH.
@Suite(.enabled(if: Python.hasTorch, "no Python with torch; set ADL_PYTHON to one"))
struct FreshCheckpointTests {
  @Test func `new files from the installed PyTorch contain the same tensors as the stored ones`() throws {
    let folder = try TemporaryFolder()
    #expect(try Python.run([fixture("make_fixtures.py"), folder.path]) == 0)
    for name in ["nested-zip.pt", "nested-legacy.pt", "plain-zip.pt", "numpy.ckpt", "training-zip.pt", "module.pt"] {
      let fresh = try Checkpoint(path: folder.file(name))
      let kept = try Checkpoint(path: fixture(name))
      #expect(fresh.location == kept.location)
      #expect(fresh.tensors.mapValues { $0.values() } == kept.tensors.mapValues { $0.values() })
      #expect(fresh.tensors.mapValues(\.shape) == kept.tensors.mapValues(\.shape))
    }
  }
}

private enum Python {
  static let hasTorch: Bool = {
    do { return try run(["-c", "import torch"]) == 0 } catch { return false }
  }()

  static func run(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [ProcessInfo.processInfo.environment["ADL_PYTHON"] ?? "python3"] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
