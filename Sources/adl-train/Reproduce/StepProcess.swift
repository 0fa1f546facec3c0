import Dispatch
import Foundation
import Glibc
import Synchronization

/// A step running as a separate process, with its output written to a file.
///
/// `@unchecked Sendable`: the process is started once and afterwards only signalled by its number.
final class StepProcess: RunningStep, @unchecked Sendable {
  private let process = Process()
  private let ended = Mutex<Int32?>(nil)
  private let log: String

  /// Status of a process that was stopped or killed, and can be resumed.
  static let interrupted: Int32 = 75

  /// - Parameters:
  ///   - arguments: arguments for this program.
  ///   - log: the file to append to.
  /// - Throws: if the log cannot be written or the process cannot be started.
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

  /// Asks the process to write a checkpoint and stop.
  func stop() { process.terminate() }

  func kill() { Glibc.kill(process.processIdentifier, SIGKILL) }

  var report: LogTail {
    // The last lines are enough, because logs grow.
    guard let file = FileHandle(forReadingAtPath: log), let size = try? file.seekToEnd() else { return LogTail() }
    defer { try? file.close() }  // it was only read
    guard (try? file.seek(toOffset: size > 4096 ? size - 4096 : 0)) != nil, let data = try? file.readToEnd() else {
      return LogTail()
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: log)  // a missing log says nothing
    let written = attributes?[.modificationDate] as? Date
    return LogTail(String(decoding: data, as: UTF8.self), age: written.map { -$0.timeIntervalSinceNow } ?? 0)
  }
}

/// A running step, as seen by the runner.
protocol RunningStep: AnyObject {
  /// The process's identifier, if there is a process.
  var identifier: Int32? { get }
  /// Exit status once it has ended.
  var status: Int32? { get }
  /// The progress it reports.
  var report: LogTail { get }
  /// Asks it to stop in a way that allows resuming.
  func stop()
  func kill()
}

/// The end of a step's log.
struct LogTail: Equatable {
  /// The current position, such as "epoch 3/12".
  var place: String?
  /// Seconds left, by its own estimate.
  var secondsLeft: Double?
  /// The last lines.
  var lines: [String] = []

  init() {}

  /// - Parameters:
  ///   - text: the end of a log; progress lines have parts separated by two spaces, the last one such as "1:02 left".
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
