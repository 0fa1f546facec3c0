internal import Basics

/// All settings of `adl-mqtt`; `config/adl-mqtt.yaml` documents each one.
package struct BridgeSettings: Equatable, Sendable {
  /// The name of adld's machine in topics; `nil` uses adld's default name.
  package var node: String?
  package var broker: BrokerSettings
  package var adl: EventSourceSettings
  package var topics: BridgeTopicSettings
  package var homeAssistant: HomeAssistantSettings
  /// Cameras whose messages are forwarded; all if empty.
  package var cameras: [String]
  package var log: LogSettings
  /// What is valid but probably unintended.
  package var warnings: [Finding]

  /// - Throws: `SettingsError` with all findings.
  package static func load(path: String) throws(SettingsError) -> BridgeSettings {
    try parse(SettingsFile.text(path: path), path: path)
  }

  /// - Parameters:
  ///   - text: the file's content.
  ///   - path: the file's name in messages.
  /// - Returns: consistent settings; the things they name are not checked.
  /// - Throws: `SettingsError` with all findings.
  package static func parse(_ text: String, path: String) throws(SettingsError) -> BridgeSettings {
    let root = try SettingsFile.parse(text, path: path)
    let findings = Findings()
    let settings = BridgeSettings(SettingsTable(root: root, findings: findings))
    guard findings.errors.isEmpty else {
      throw SettingsError(path: path, findings: findings.errors.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
    }
    return settings
  }

  /// Names of all settings, such as `broker.tls.ca`.
  package static var knownSettings: Set<String> {
    let findings = Findings()
    _ = BridgeSettings(SettingsTable(root: nil, findings: findings))
    return findings.known
  }

  private init(_ table: SettingsTable) {
    node = table.identifier("node")
    broker = BrokerSettings(table.table("broker"))
    adl = EventSourceSettings(table.table("adl"))
    topics = BridgeTopicSettings(table.table("topics"))
    homeAssistant = HomeAssistantSettings(table.table("homeAssistant"))
    cameras = table.texts("cameras")
    if let wrong = cameras.first(where: { !isIdentifier($0) }) {
      table.refuse("cameras", "a list of camera names (a-z, 0-9, _ and -); '\(wrong.prefix(64))' is not one")
    }
    log = LogSettings(table.table("log"))
    table.finish()
    warnings = table.findings.warnings
  }
}

/// `adl`: where the daemon publishes and answers.
package struct EventSourceSettings: Equatable, Sendable {
  package var endpoint: String
  package var query: String
  /// The address for predictions; `nil` if they are not forwarded.
  package var predictions: String?
  /// Seconds between the daemon's heartbeats.
  package var heartbeat: Double
  /// Paths of the daemon's public key and our own secret key; `nil` for a daemon on this machine.
  package var keys: Keys?

  package struct Keys: Equatable, Sendable {
    package var serverKey: String
    package var key: String
  }

  init(_ table: SettingsTable) {
    endpoint = table.text("endpoint", default: "ipc:///run/adl/events.sock") ?? ""
    query = table.text("query", default: "ipc:///run/adl/query.sock") ?? ""
    let predictions = table.table("predictions")
    let isWanted = predictions.flag("enabled", default: false)
    let from = predictions.text("endpoint", default: "ipc:///run/adl/predictions.sock")
    self.predictions = isWanted ? from : nil
    predictions.finish()
    heartbeat = table.number("heartbeat", default: 5, 0.1...3600)
    switch (table.text("serverKey"), table.text("key")) {
    case (let serverKey?, let key?): keys = Keys(serverKey: serverKey, key: key)
    case (nil, nil): keys = nil
    case (_?, nil): table.require("key", "the file of this client's secret key, made by `adl keys generate`")
    case (nil, _?): table.require("serverKey", "the file of the daemon's public key, for its events.remote")
    }
    table.finish()
  }
}

/// `topics`: where messages go at the broker.
package struct BridgeTopicSettings: Equatable, Sendable {
  package var prefix: String

  init(_ table: SettingsTable) {
    prefix = table.topic("prefix", default: "adl") ?? "adl"
    table.finish()
  }
}

/// `homeAssistant`: what to announce to Home Assistant.
package struct HomeAssistantSettings: Equatable, Sendable {
  /// Prefix of the discovery topics; `nil` announces nothing.
  package var discovery: String?
  /// Labels, or families, that get their own binary sensor.
  package var labels: [String]
  /// All labels, or families, of the model: the possible values of the activity sensor; any if empty.
  package var activities: [String]
  /// The daemon's rules, so that each has a sensor before its first alert.
  package var rules: [String]

  init(_ table: SettingsTable) {
    let text = table.text("discovery", default: "homeassistant") ?? ""
    discovery = text.isEmpty || text == "off" ? nil : table.topic("discovery", default: "homeassistant")
    labels = table.texts("labels")
    activities = table.texts("activities")
    rules = table.texts("rules")
    let slugs = labels.map(topicName)
    if slugs.contains(where: \.isEmpty) || Set(slugs).count < slugs.count {
      table.refuse("labels", "a list of labels that differ in their letters and digits")
    }
    if let wrong = rules.first(where: { !isIdentifier($0) }) {
      table.refuse("rules", "a list of rule names (a-z, 0-9, _ and -); '\(wrong.prefix(64))' is not one")
    }
    table.finish()
  }
}

extension SettingsTable {
  /// A topic without wildcards.
  func topic(_ key: String, default standard: String) -> String? {
    guard let text = text(key, default: standard) else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let isGood = parts.allSatisfy { part in
      isIdentifier(part.lowercased()) && part.utf8.count == part.lowercased().utf8.count
    }
    guard isGood else {
      refuse(key, "a topic of letters, digits, _ and -, such as home/adl")
      return standard
    }
    return text
  }
}
