import ArgumentParser
import Basics
import Daemon
import Detection
import Foundation
import Logging
import Settings
import Synthesis
import Systemd

@main
struct ADLD: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adld",
    abstract: "Watches cameras and publishes the activities of daily living that it recognises.",
    discussion: """
      Runs until SIGTERM, SIGINT or SIGHUP, ends open activities and flushes their events. Exit status: 0 stopped, 1 failed \
      while running, 78 settings or what they name cannot be used.
      """)

  @Option(help: ArgumentHelp("The settings.", valueName: "file"))
  var config = "/etc/adl/adld.yaml"

  @Flag(help: "Check the settings and everything they name, and exit.")
  var check = false

  func run() async throws {
    StandardStreams.prepare()
    // Whoever reads the log may go, as journald does; the daemon stays.
    signal(SIGPIPE, SIG_IGN)
    let environment = ProcessInfo.processInfo.environment
    let daemon: LiveService
    do {
      let settings = try DaemonSettings.load(path: config, hostName: ProcessInfo.processInfo.hostName)
      for warning in settings.warnings { complain("\(config):\(warning) (warning)") }
      daemon = try LiveService(
        settings, path: config, adding: [SyntheticSource.self], stateDirectory: environment["STATE_DIRECTORY"])
      for warning in daemon.warnings { complain("\(config): \(warning) (warning)") }
    } catch let error as DetectionError {
      complain("people.detector: \(error)")
      throw ExitCode(78)
    } catch {
      complain("\(error)")
      throw ExitCode(78)
    }
    if check {
      print("\(config) is good: \(daemon.summary)")
      return
    }
    let level = Logger.Level(rawValue: daemon.settings.log.level.rawValue) ?? .info
    let underJournal = environment["JOURNAL_STREAM"] != nil
    let logger = Logger(label: "adld") { _ in JournalLogHandler(level: level, underJournal: underJournal) }
    do {
      try await daemon.run(
        logger: logger, notification: ServiceNotification(socketPath: environment["NOTIFY_SOCKET"]))
    } catch {
      logger.critical("\(error)")
      throw ExitCode(1)
    }
  }

  private func complain(_ text: String) { StandardStreams.complain("\(text)\n") }
}
