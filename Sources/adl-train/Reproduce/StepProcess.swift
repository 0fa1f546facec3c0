import Dispatch
import Foundation
import Glibc
import Synchronization

/// A step that runs as a process of its own and writes what it says into a file.
///
/// Sendable: the process is started once and signalled by its number afterwards.
final class StepProcess: RunningStep, @unchecked Sendable {
  private let process = Process()
  private let ended = Mutex<Int32?>(nil)
  private let log: String

  /// Status of a process that was stopped or killed, and goes on later.
  static let interrupted: Int32 = 75

  /// - Parameters:
  ///   - arguments: of this program.
  ///   - log: the file, to which is added.
  /// - Throws: when the log cannot be written, or the process not be started.
  init(_ arguments: [String], log: String) throws {
    self.log = log
    if !FileManager.default.fileExists(atPath: log) { try Data().write(to: URL(fileURLWithPath: log)) }
    let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    try output.seekToEnd()
    try output.write(contentsOf: Data("adl-train \(arguments.joined(separator: " "))\n".utf8))
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    process.terminationHandler = { [weak self] process in
      let status = process.terminationReason == .exit ? process.terminationStatus : Self.interrupted
      self?.ended.withLock { $0 = status }
    }
    try process.run()
    try output.close()
  }

  var identifier: Int32? { process.processIdentifier }

  var status: Int32? { ended.withLock { $0 } }

  /// A signal to write a checkpoint and end.
  func stop() { process.terminate() }

  func kill() { Glibc.kill(process.processIdentifier, SIGKILL) }

  var report: LogTail {
    // The last lines are enough, and logs grow.
    guard let file = FileHandle(forReadingAtPath: log), let size = try? file.seekToEnd() else { return LogTail() }
    defer { try? file.close() }  // it was only read
    guard (try? file.seek(toOffset: size > 4096 ? size - 4096 : 0)) != nil, let data = try? file.readToEnd() else {
      return LogTail()
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: log)  // a log that is gone tells nothing
    let written = attributes?[.modificationDate] as? Date
    return LogTail(String(decoding: data, as: UTF8.self), age: written.map { -$0.timeIntervalSinceNow } ?? 0)
  }
}

/// What starts a step gives: how it is doing.
protocol RunningStep: AnyObject {
  /// Of its process, where it has one.
  var identifier: Int32? { get }
  /// Exit status once it has ended.
  var status: Int32? { get }
  /// What it says of its progress.
  var report: LogTail { get }
  /// Asks for an end from which it can go on.
  func stop()
  func kill()
}

/// The end of a step's log.
struct LogTail: Equatable {
  /// Where it is, such as "epoch 3/12".
  var place: String?
  /// Seconds it still takes, by its own word.
  var secondsLeft: Double?
  /// The last lines.
  var lines: [String] = []

  init() {}

  /// - Parameters:
  ///   - text: the end of a log; progress lines have parts two spaces apart, the last of which is like "1:02 left".
  ///   - age: seconds since it was written.
  init(_ text: String, age: Double) {
    let lines = text.split(whereSeparator: \.isNewline).map(String.init)
    self.lines = lines.suffix(5)
    guard let line = lines.last(where: { $0.hasSuffix(" left") }) else { return }
    let parts = line.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
    place = parts.first
    let clock = parts.last?.dropLast(" left".count).split(separator: ":").map { Double($0) } ?? []
    guard let numbers = clock as? [Double], !numbers.isEmpty else { return }
    secondsLeft = max(0, numbers.reduce(0) { $0 * 60 + $1 } - age)
  }
}
