import Foundation
import Yams

/// Everything `adld` is told; `config/adld.yaml` documents each setting.
package struct DaemonSettings: Equatable, Sendable {
  /// The machine's name in topics.
  package var node: String
  package var model: ModelSettings
  package var cameras: [CameraSettings]
  package var recognition: RecognitionSettings
  package var events: EventSettings
  package var log: LogSettings
  /// What is allowed but probably not meant.
  package var warnings: [Finding]

  /// Larger files are not settings.
  private static let largestFile = 1 << 20

  /// - Throws: `SettingsError` with all findings.
  package static func load(path: String, hostName: String) throws(SettingsError) -> DaemonSettings {
    func failed(_ text: String) -> SettingsError { SettingsError(path: path, findings: [Finding(text: text)]) }
    let data: Data
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }  // read-only: nothing can be lost
      data = try handle.read(upToCount: largestFile + 1) ?? Data()
    } catch {
      throw failed("cannot be read: \(reason(error))")
    }
    guard data.count <= largestFile else { throw failed("is larger than 1 MiB, which no settings file is") }
    guard let text = String(data: data, encoding: .utf8) else { throw failed("is not UTF-8 text") }
    return try parse(text, path: path, hostName: hostName)
  }

  /// - Parameters:
  ///   - text: the file's content.
  ///   - path: its name in messages.
  ///   - hostName: stands for `node` when that is not set; characters that topics do not allow become `-`.
  package static func parse(_ text: String, path: String, hostName: String) throws(SettingsError) -> DaemonSettings {
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw SettingsError(path: path, findings: [finding(error)])
    }
    let findings = Findings()
    let settings = DaemonSettings(SettingsTable(root: root, findings: findings), hostName: hostName)
    guard findings.errors.isEmpty else {
      throw SettingsError(path: path, findings: findings.errors.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
    }
    return settings
  }

  /// Names of all settings, as `cameras[].name`; `*` stands for a label.
  package static var knownSettings: Set<String> {
    let findings = Findings()
    let sample = "cameras: [{region: {x: 0}}]\nrecognition: {activities: {label: {}}}"
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
    recognition = RecognitionSettings(table.table("recognition"))
    events = EventSettings(table.table("events"))
    log = LogSettings(table.table("log"))
    if !cameras.contains(where: \.isEnabled) {
      table.require("cameras", "at least one enabled camera with a name and a source")
    }
    var names: Set<String> = []
    for camera in cameras where !names.insert(camera.name).inserted {
      table.refuse("cameras", "a list of cameras with different names; '\(camera.name)' appears twice")
    }
    table.finish()
    warnings = table.findings.warnings
  }

  /// Checks the labels under `recognition.activities` against the model's.
  ///
  /// - Throws: `SettingsError` naming each that the model lacks, with the nearest it has.
  package func check(againstLabels labels: [String], path: String) throws(SettingsError) {
    let known = Set(labels)
    let findings = recognition.activities.keys.filter { !known.contains($0) }.sorted().map { label in
      let near = nearest(label, among: labels).map { "; did you mean \($0)?" } ?? ""
      return Finding(text: "recognition.activities.\(label): the model has no such activity\(near)")
    }
    if !findings.isEmpty { throw SettingsError(path: path, findings: findings) }
  }

  private static func finding(_ error: any Error) -> Finding {
    guard let error = error as? YamlError else { return Finding(text: "is not YAML: \(error)") }
    return switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      Finding(line: mark.line, text: "this is not YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      Finding(
        line: context.mark.line, text: "appears twice: \(keys.joined(separator: ", "))")
    default: Finding(text: "this is not YAML: \(error)")
    }
  }

  private static func reason(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    return (underlying ?? error as NSError).localizedDescription
  }
}
