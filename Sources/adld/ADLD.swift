import ArgumentParser
import Basics
import Daemon
import Detection
import Foundation
import Logging
import ModelFile
import Settings
import Synthesis
import Systemd

/// The settings cannot be used; the text says why.
private struct Unusable: Error, CustomStringConvertible {
  var text: String
  var description: String { text }
}

@main
struct ADLD: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adld",
    abstract: "Watches cameras and publishes the activities of daily living that it recognises.",
    discussion: """
      Runs until SIGTERM or SIGINT, then ends open activities and flushes their events. At SIGHUP it reads the settings again \
      and applies all of them, or none if something cannot be used, which is logged; in a terminal SIGHUP ends it. Exit \
      status: 0 stopped; 1 failed while running, or a socket, folder or disk is not available, which systemd tries again; 78 the \
      settings, or a model, detector, families or key file that they name, cannot be used.
      """)

  @Option(help: ArgumentHelp("The settings file.", valueName: "file"))
  var config = "/etc/adl/adld.yaml"

  @Flag(
    help: "Check the settings and the files they name, and exit. Devices, streams and sockets are not opened.")
  var check = false

  func run() async throws {
    StandardStreams.prepare()
    CommandLineText.requireUTF8(program: "adld")
    // The reader of the log may go away, as journald can; the daemon keeps running.
    signal(SIGPIPE, SIG_IGN)
    let environment = ProcessInfo.processInfo.environment
    let daemon: LiveService
    do {
      daemon = try Self.load(config, environment)
    } catch {
      Self.complain(Self.text(error))
      throw ExitCode(78)
    }
    if check {
      for absence in daemon.absences { Self.complain("\(config): \(absence) (warning)") }
      print("\(config) is valid: \(daemon.summary)")
      return
    }
    let level = Logger.Level(rawValue: daemon.settings.log.level.rawValue) ?? .info
    let underJournal = environment["JOURNAL_STREAM"] != nil
    let logger = Logger(label: "adld") { _ in JournalLogHandler(level: level, underJournal: underJournal) }
    do {
      try await run(daemon, environment, logger)
    } catch {
      logger.critical("\(error)")
      throw ExitCode(1)
    }
  }

  /// Runs with these settings, and with those reloaded on SIGHUP, until the daemon should stop.
  private func run(_ daemon: LiveService, _ environment: [String: String], _ logger: Logger) async throws {
    let notification = ServiceNotification(environment, pid: getpid())
    // Closing a terminal sends SIGHUP too, and means that the daemon should stop.
    let reloads = isatty(STDIN_FILENO) == 0
    let signals = SignalInbox(trapping: [SIGTERM, SIGINT, SIGHUP])
    let reload: @Sendable () throws -> LiveService = { [config] in
      do { return try Self.load(config, environment) } catch { throw Unusable(text: Self.text(error)) }
    }
    var (daemon, before): (LiveService, LiveService?) = (daemon, nil)
    while true {
      do {
        let next = try await daemon.run(
          logger: logger, notification: notification, signals: signals,
          reload: reloads ? reload : nil)
        guard let next else { return }
        (daemon, before) = (next, daemon)
      } catch let error as CannotStart {
        guard let usable = before else { throw error }
        logger.error("\(error); returning to the previous settings")
        (daemon, before) = (usable, nil)
      }
    }
  }

  /// Reads the settings and checks everything they name.
  private static func load(_ config: String, _ environment: [String: String]) throws -> LiveService {
    let settings = try DaemonSettings.load(path: config, hostName: ProcessInfo.processInfo.hostName)
    for warning in settings.warnings { complain("\(config):\(warning) (warning)") }
    let daemon = try LiveService(
      settings, path: config, adding: [SyntheticSource.self], stateDirectory: environment["STATE_DIRECTORY"])
    for warning in daemon.warnings { complain("\(config): \(warning) (warning)") }
    return daemon
  }

  /// Names the setting, which errors of the files it names do not.
  private static func text(_ error: any Error) -> String {
    switch error {
    case is DetectionError: "people.detector: \(error)"
    case is ModelFileError: "model.path: \(error)"
    default: "\(error)"
    }
  }

  private static func complain(_ text: String) { StandardStreams.complain("\(text)\n") }
}
