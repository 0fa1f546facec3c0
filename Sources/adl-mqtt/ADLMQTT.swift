import ArgumentParser
import Basics
import Events
import Foundation
import Logging
import Settings
import Systemd

@main
struct ADLMQTT: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adl-mqtt",
    abstract: "Forwards adld's events to an MQTT broker, and announces its cameras to Home Assistant.",
    discussion: """
      Runs until SIGTERM, SIGINT or SIGHUP, and waits for a broker or a daemon that is not there. Exit status: 0 stopped, 1 \
      the daemon's node name has changed and the bridge must be restarted, 78 the settings, or something they name, cannot \
      be used.
      """)

  @Option(help: ArgumentHelp("The settings file.", valueName: "file"))
  var config = "/etc/adl/adl-mqtt.yaml"

  @Flag(help: "Check the settings and everything they name, and exit.")
  var check = false

  func run() throws {
    StandardStreams.prepare()
    CommandLineText.requireUTF8(program: "adl-mqtt")
    // The reader of the log may go away, as journald can; the bridge keeps running.
    signal(SIGPIPE, SIG_IGN)
    let settings: BridgeSettings
    let access: BrokerAccess
    let source: EventSource
    do {
      settings = try BridgeSettings.load(path: config)
      for warning in settings.warnings { complain("\(config):\(warning) (warning)") }
      access = try BrokerAccess(settings.broker)
      source = try EventSource(settings.adl)
    } catch {
      complain("\(error)")
      throw ExitCode(78)
    }
    if check {
      let announced = settings.homeAssistant.discovery.map { "announced under \($0)/" } ?? "not announced"
      print(
        "\(config) is valid: \(settings.adl.endpoint) to \(settings.broker.host) port \(settings.broker.port), "
          + "topics under \(settings.topics.prefix)/, \(announced)")
      return
    }
    let environment = ProcessInfo.processInfo.environment
    let level = Logger.Level(rawValue: settings.log.level.rawValue) ?? .info
    let underJournal = environment["JOURNAL_STREAM"] != nil
    let logger = Logger(label: "adl-mqtt") { _ in JournalLogHandler(level: level, underJournal: underJournal) }
    let notification = ServiceNotification(environment, pid: ProcessInfo.processInfo.processIdentifier)
    let service = BridgeService(settings, access, source, logger, notification)
    guard service.run() else { throw ExitCode(1) }
  }

  private func complain(_ text: String) { StandardStreams.complain("\(text)\n") }
}
