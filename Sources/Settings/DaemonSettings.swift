internal import Basics
import Foundation
package import Networks
import Yams

/// All settings of `adld`; `config/adld.yaml` documents each one.
package struct DaemonSettings: Equatable, Sendable {
  /// The machine's name in topics.
  package var node: String
  package var model: ModelSettings
  package var cameras: [CameraSettings]
  package var people: PeopleSettings
  package var recognition: RecognitionSettings
  package var rules: RuleSettings
  package var events: EventSettings
  package var history: HistorySettings
  package var page: PageSettings
  package var log: LogSettings
  /// What is valid but probably unintended.
  package var warnings: [Finding]

  /// - Throws: `SettingsError` with all findings.
  package static func load(path: String, hostName: String) throws(SettingsError) -> DaemonSettings {
    try parse(SettingsFile.text(path: path), path: path, hostName: hostName)
  }

  /// - Parameters:
  ///   - text: the file's content.
  ///   - path: the file's name in messages.
  ///   - hostName: the default for `node`; characters not allowed in topics become `-`.
  /// - Returns: consistent settings; the things they name are not checked.
  /// - Throws: `SettingsError` with all findings.
  package static func parse(_ text: String, path: String, hostName: String) throws(SettingsError) -> DaemonSettings {
    let root = try SettingsFile.parse(text, path: path)
    let findings = Findings()
    let settings = DaemonSettings(SettingsTable(root: root, findings: findings), hostName: hostName)
    guard findings.errors.isEmpty else {
      throw SettingsError(path: path, findings: findings.errors.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
    }
    return settings
  }

  /// Names of all settings, such as `cameras[].name`; `*` stands for a label.
  package static var knownSettings: Set<String> {
    let findings = Findings()
    let sample = "cameras: [{region: {x: 0}}]\nrecognition: {activities: {label: {}}}\nrules: {alerts: {name: {}}}"
    do {
      _ = DaemonSettings(SettingsTable(root: try Yams.compose(yaml: sample), findings: findings), hostName: "")
    } catch {
      preconditionFailure("\(error)")
    }
    return findings.known
  }

  private init(_ table: SettingsTable, hostName: String) {
    let host = String(hostName.lowercased().map { isIdentifier(String($0)) ? $0 : "-" }.prefix(64))
    node = table.identifier("node", default: host.isEmpty ? "node" : host) ?? "node"
    model = ModelSettings(table.table("model"))
    cameras = table.tables("cameras").map(CameraSettings.init)
    people = PeopleSettings(table.table("people"))
    recognition = RecognitionSettings(table.table("recognition"))
    rules = RuleSettings(table.table("rules"), cameras: cameras.filter(\.isEnabled).map(\.name))
    events = EventSettings(table.table("events"))
    history = HistorySettings(table.table("history"))
    page = PageSettings(table.table("page"))
    log = LogSettings(table.table("log"))
    if !cameras.contains(where: \.isEnabled) {
      table.require("cameras", "at least one enabled camera with a name and a source")
    }
    var names: Set<String> = []
    for camera in cameras where !camera.name.isEmpty && !names.insert(camera.name).inserted {
      table.refuse("cameras", "a list of cameras with different names; '\(camera.name)' appears twice")
    }
    // Topics of the daemon's own messages share the level of camera names.
    for name in ["_daemon", "_rules"] where names.contains(name) {
      table.refuse("cameras", "a list of cameras with other names; '\(name)' is reserved for the daemon")
    }
    table.finish()
    warnings = table.findings.warnings
  }

  /// Checks the names under `recognition.activities` and `rules` against the model's labels, or its families if it has
  /// any.
  ///
  /// - Throws: `SettingsError` that names each unknown name, with the nearest known ones.
  package func check(againstLabels labels: [String], families: [LabelFamily] = [], path: String) throws(SettingsError) {
    let known = families.isEmpty ? labels : families.map(\.name) + [LabelFamily.other]
    let findings = recognition.activities.keys.sorted().compactMap { name in
      reason(name, known, labels, families).map { Finding(text: "recognition.activities.\(name): " + $0) }
    }
    let all = findings + rules.findings(labels: labels, families: families, recognition: recognition)
    if !all.isEmpty { throw SettingsError(path: path, findings: all) }
  }

  /// Why options for an activity of this name cannot be set; `nil` if they can.
  private func reason(_ name: String, _ known: [String], _ labels: [String], _ families: [LabelFamily]) -> String? {
    if known.contains(name) {
      guard let reserved = ReservedLabel(label: name), reserved != .other else { return nil }
      return "this means that no activity is going on, and needs no options"
    }
    if let family = families.first(where: { $0.labels.contains(name) })?.name {
      return "this label is part of a family; set recognition.activities.\(family)"
    }
    if labels.contains(name) {
      return "this label is in no family; set recognition.activities.\(LabelFamily.other), or put it into a family"
    }
    let near = near(name, among: known)
    return "the model has no such \(families.isEmpty ? "activity" : "family")"
      + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?")
  }
}
