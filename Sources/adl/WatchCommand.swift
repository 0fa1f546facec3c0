import ArgumentParser
import Evaluation
import Events
import Foundation

/// The command `adl watch`: shows what the daemon publishes, as it happens.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Show people and their activities as the daemon recognises them.",
    discussion: """
      If people are followed, lines name them by number: who came, what each is doing, who left. Alerts are shown as they are \
      raised and cleared.

      Reconnects automatically and indefinitely, and reports missed messages, restarts of the daemon, and when it is silent. \
      With --json each line is one object: {"topic": …, "message": …}, or {"notice": …}.

      If the daemon plays a recording whose truth is known, --truth also shows what really begins.
      """)

  @Option(help: "Where the daemon publishes: its events.endpoint.")
  var endpoint = "ipc:///run/adl/events.sock"

  @Option(help: "Where it answers queries: its events.query. With this option, a missing daemon is an error at once.")
  var query: String?

  @Option(help: ArgumentHelp("Also show predictions, from its events.predictions.endpoint.", valueName: "endpoint"))
  var predictions: String?

  @OptionGroup var client: ClientOptions

  @Option(help: "Show only this camera; may be repeated.")
  var camera: [String] = []

  @Option(help: "Show only events of this activity; may be repeated.")
  var activity: [String] = []

  @Option(
    help: ArgumentHelp(
      "The truth about the recording that the daemon plays, as `adl synth` writes it.", valueName: "csv"))
  var truth: String?

  @Flag(help: "One JSON object per line.")
  var json = false

  @Flag(help: "Also show heartbeats; --json always does.")
  var heartbeats = false

  @Flag(help: "Exit when the daemon says that it stops.")
  var untilEnd = false

  @Option(help: "Exit after this many messages.")
  var count: Int?

  @Option(help: "Exit after this many seconds.")
  var seconds: Double?

  func validate() throws {
    guard truth == nil || !json else { throw ValidationError("--truth is for people; omit --json") }
    guard count.map({ $0 > 0 }) ?? true else { throw ValidationError("--count must be at least 1") }
    guard seconds.map({ $0 > 0 }) ?? true else { throw ValidationError("--seconds must be more than 0") }
  }

  func run() async throws {
    try reporting { try watch() }
  }

  private func watch() throws {
    let keys = try client.identity()
    if let query { _ = try EventQuery.ask(#"{"query":"version"}"#, at: query, timeout: .seconds(5), keys: keys) }
    let subscriber = try EventSubscriber(endpoint: endpoint, predictions: predictions, keys: keys)
    let printer = MessagePrinter(
      json: json, heartbeats: heartbeats,
      colors: isTerminal(STDOUT_FILENO) && ProcessInfo.processInfo.environment["NO_COLOR"] == nil)
    let deadline = seconds.map { ContinuousClock.now + .seconds($0) }
    var beside = try truth.map { TruthBeside(try StreamTruth(path: $0)) }
    var shown = 0
    while true {
      if let deadline, ContinuousClock.now >= deadline { return }
      for text in beside?.due() ?? [] { printer.truth(text) }
      guard let arrival = subscriber.next(timeout: .milliseconds(100)) else { continue }
      switch arrival {
      case .message(let message):
        let content = MessageContent(message)
        beside?.hear(content)
        guard isWanted(content) else { continue }
        if printer.show(content) { shown += 1 }
        if let count, shown >= count { return }
        if untilEnd, content.isStopping { return }
      case .gap(let topic, let missing): printer.notice("missed \(missing) messages of \(topic)")
      case .restarted: printer.notice("the daemon was restarted")
      case .refused: throw EventError.unknownClient(endpoint: endpoint)
      case .silent:
        printer.notice("no sign from the daemon; waiting for it" + (keys == nil ? "" : " (is --server-key its own?)"))
      }
    }
  }

  private func isWanted(_ content: MessageContent) -> Bool {
    if case .heartbeat = content.body { return true }
    if case .alert(let alert) = content.body {
      return activity.isEmpty && (camera.isEmpty || alert.cameras.contains(where: camera.contains))
    }
    guard camera.isEmpty || camera.contains(content.topic.camera) else { return false }
    if case .event(let event) = content.body { return activity.isEmpty || activity.contains(event.activity.label) }
    return activity.isEmpty
  }
}
