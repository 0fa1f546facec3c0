import ArgumentParser
import Basics
import Foundation
import Glibc

/// The command `adl train`: runs `adl-train`, a separate program because only it needs libtorch.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train networks: runs adl-train.",
    discussion: "`adl train --help` shows adl-train's own help.")

  @Argument(parsing: .captureForPassthrough, help: "A command of adl-train and its options.")
  var arguments: [String] = []

  func run() throws {
    let program = "adl-train"
    guard let path = Self.places(program).first(where: { unsafe access($0, X_OK) == 0 }) else {
      throw stopped(
        "\(program) is neither next to adl nor on PATH: `make train` builds it in the source folder",
        ExitStatus.unavailable)
    }
    execute([path] + arguments)
    throw stopped("\(path) cannot be started: \(reasonText(errno))", ExitStatus.unavailable)
  }

  /// Next to this program first, so that versions match.
  private static func places(_ program: String) -> [String] {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return ([own] + path.split(separator: ":").map(String.init)).map { $0 + "/" + program }
  }

  /// Replaces this process with the program, which then owns signals and terminal; returns only if that fails.
  private func execute(_ command: [String]) {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer { unsafe pointers.forEach { unsafe free($0) } }
    _ = unsafe execv(command[0], pointers)
  }
}
