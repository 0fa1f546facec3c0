import Foundation
import TestSupport
import Testing

/// The built programs and the files a test needs around them.
struct Programs: ~Copyable {
  private let files: TemporaryFolder

  init() throws { files = try TemporaryFolder() }

  /// Holds everything a test writes.
  var folder: String { files.path }

  /// The folder of this build's products: next to the test bundle.
  static var products: String {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: bundle).deletingLastPathComponent().path
  }

  /// The package's own folder.
  static var package: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .path
  }

  /// The bundled model of rendered people.
  static var peopleModel: String { package + "/Models/people.safetensors" }

  /// Labels of `smallModel`.
  static let labels = ["background", "Walk", "Sit", "Wave", "Bend", "Lie"]

  /// A person who stands still for five seconds and then walks, small and quickly rendered: the model of rendered
  /// people recognises that from the whole picture.
  static func walk(seconds: Int, rate: Int, size: String = "128x96") -> String {
    "synthetic:3?activities=Walk&length=\(seconds)&rate=\(rate)&size=\(size)"
  }

  /// Creates a small model with random weights that analyses the whole picture and is certain to see `Lie`.
  func smallModel() throws -> String {
    let labels = try write(Self.labels.joined(separator: "\n") + "\n", to: "labels.txt")
    let path = "\(folder)/small.safetensors"
    let outcome = try run(
      "adl", "model", "create", "--seed", "2", "--width", "0.0625", "--frames", "16", "--size", "112", "--labels",
      labels, "--temperature", "0.01", "--name", "small", "--out", path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return path
  }

  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  /// Runs one of our programs to its end.
  func run(_ program: String, _ arguments: String...) throws -> Outcome {
    let running = try start(program, arguments)
    return running.finish()
  }

  func start(_ program: String, _ arguments: [String]) throws -> Running {
    try Running("\(Self.products)/\(program)", arguments, folder: folder)
  }

  /// A program whose output goes to files, so that it never waits for us.
  final class Running {
    private let process = Process()
    private let output: String
    private let errors: String

    init(_ path: String, _ arguments: [String], folder: String) throws {
      let name = UUID().uuidString.prefix(8)
      output = "\(folder)/\(name).out"
      errors = "\(folder)/\(name).err"
      for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
      process.executableURL = URL(fileURLWithPath: path)
      process.arguments = arguments
      // The test runner may have it, as the programs are linked into it.
      process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "GOMP_SPINCOUNT" }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
      process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
      try process.run()
    }

    /// Stops it with SIGTERM.
    func terminate() { process.terminate() }
    func hangUp() { Glibc.kill(process.processIdentifier, SIGHUP) }
    func kill() { Glibc.kill(process.processIdentifier, SIGKILL) }

    var errorsSoFar: String { text(errors) }
    /// The process's environment variables, as `NAME=value`.
    var environment: [Substring] { text("/proc/\(process.processIdentifier)/environ").split(separator: "\0") }

    func finish() -> Outcome {
      process.waitUntilExit()
      return Outcome(status: process.terminationStatus, output: text(output), errors: text(errors))
    }

    private func text(_ path: String) -> String {
      String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
  }

  /// Runs one of the package's scripts on the programs; its output says what it checked.
  static func check(with script: String) throws {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "\(package)/\(script)")
    process.arguments = [products]
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    print(output)
    #expect(process.terminationStatus == 0, "\(output)")
  }

  func write(_ text: String, to name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }
}
