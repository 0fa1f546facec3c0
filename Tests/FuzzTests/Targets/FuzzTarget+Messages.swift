import Alerts
import Foundation
import History
import Rules
import Settings

@testable import Bridge
@testable import Events
@testable import Page

extension FuzzTarget {
  /// What arrives over sockets, and key files.
  static var messageReaders: [Reader] {
    [
      { try subscribe($0) },
      { try query($0) },
      { bytes in
        let page = try HistoryPage(answer: Data(bytes))
        for message in page.messages { _ = ActivitySpan(json: message.json) }
      },
      { bytes in
        try InputFile.with(bytes) { path in
          _ = try KeyFile.secret(path: path, setting: "key")
          _ = try KeyFile.publicKey(path: path, setting: "key")
        }
      },
      { login($0) },
      { try browse($0) },
      { _ = try Endpoint(text($0), setting: "events.endpoint") },
      { _ = try Endpoint(text($0), setting: "events.endpoint", isEncrypted: true) },
      // A recording of `adl watch --json`, for rules.
      { bytes in
        var rules = RecordedRules(try rules.get())
        for line in text(bytes).split(separator: "\n") { _ = rules.read(line) }
        _ = rules.raised
        guard rules.count > 0 else { throw Refused() }
      },
      // A broker's retained message: a topic, and below it the payload.
      { bytes in
        let lines = text(bytes).split(separator: "\n", maxSplits: 1).map(String.init)
        guard lines.count == 2 else { throw Unwanted() }
        var translator = bridge
        _ = translator.take(brokerTopic: lines[0], payload: lines[1], isRetained: true)
        _ = translator.announcement
      },
    ]
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// Lines with a topic and a message, as received by a subscriber and the bridge.
  private static func subscribe(_ bytes: [UInt8]) throws {
    var reader = MessageReader()
    var translator = bridge
    var count = 0
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 1).map(Array.init)
      for arrival in reader.arrivals(parts) ?? [] {
        switch arrival {
        case .message(let message):
          count += 1
          _ = translator.take(message, at: .seconds(1))
        case .restarted: translator.daemonRestarted()
        case .silent: _ = translator.daemonIsSilent()
        case .gap, .refused: break
        }
      }
    }
    _ = translator.announcement
    guard count > 0 else { throw Refused() }
  }

  private static let bridge = {
    var options = BridgeOptions(node: "flat12")
    (options.labels, options.rules) = (["Drink"], ["fallen"])
    return Translator(options)
  }()

  private static let rules = Result { () throws(SettingsError) in
    try DaemonSettings.parse(
      """
      model: {path: m}
      cameras: [{name: kitchen, source: "synthetic:1"}]
      rules:
        timeZone: Europe/Berlin
        alerts:
          fallen: {when: activity, activities: [Fall], for: 1s}
          dark: {when: absent, for: 2m}
          away: {when: cameraAway, for: 1s}
      """, path: "adld.yaml", hostName: "flat12")
  }

  /// A query, answered from memory and from the history.
  private static func query(_ bytes: [UInt8]) throws {
    let text = try JSONDecoder().decode(QueryText.self, from: Data(bytes))
    let request = try HistoryRequest(text)
    let page = past.memory.page(request)
    _ = try HistoryPage(answer: Data(page.json(epoch: "e", node: "flat12")))
    _ = try past.file.page(request)
  }

  private static let past = Past()

  /// What libzmq passes on about a client that wants to connect: parts separated by zeros, the last one a key.
  private static func login(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0, maxSplits: 6, omittingEmptySubsequences: false).map(Array.init)
    _ = Authenticator.name(in: parts, of: ClientKeys())
  }

  /// A browser's request, and its answer.
  private static func browse(_ bytes: [UInt8]) throws {
    guard case .complete(let request) = HTTPRequest.read(bytes) else { throw Refused() }
    _ = page.answer(request).bytes
  }

  private static let page = PageRouter(
    PageRouter.Sources(
      board: Board(
        node: "flat12", epoch: "e", model: Past.model, labels: ["Walk"], cameras: ["kitchen"], rules: ["fallen"],
        started: Past.start, keptActivities: 10), faults: { [] }, spans: { try past.file.spans(from: $0, to: $1) },
      hasHistory: true, historyBytes: { nil }), hosts: [], timeZone: .gmt)
}
