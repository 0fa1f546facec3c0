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
  private static let largestFile = 256 << 10
  /// Deeper nesting is no settings file, and would exhaust the parser's stack.
  private static let deepest = 32

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
    guard data.count <= largestFile else { throw failed("is larger than 256 KiB, which no settings file is") }
    guard let text = String(data: data, encoding: .utf8) else { throw failed("is not UTF-8 text") }
    return try parse(text, path: path, hostName: hostName)
  }

  /// - Parameters:
  ///   - text: the file's content.
  ///   - path: its name in messages.
  ///   - hostName: stands for `node` when that is not set; characters that topics do not allow become `-`.
  /// - Returns: settings that hold together; what they name is not looked at.
  /// - Throws: `SettingsError` with all findings.
  package static func parse(_ text: String, path: String, hostName: String) throws(SettingsError) -> DaemonSettings {
    guard nesting(of: text) <= deepest else {
      throw SettingsError(path: path, findings: [Finding(text: "nests deeper than \(deepest) levels")])
    }
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw SettingsError(path: path, findings: [finding(error)])
    }
    // Without aliases every value takes a byte of the file; more values mean that aliases multiply them.
    var budget = text.utf8.count + 1
    guard root.map({ spend(&budget, on: $0) }) ?? true else {
      throw SettingsError(path: path, findings: [Finding(text: "its aliases (*name) expand to more than the file")])
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
    for camera in cameras where !camera.name.isEmpty && !names.insert(camera.name).inserted {
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

  /// A bound on how deep lists and tables stand in each other, without parsing.
  private static func nesting(of text: String) -> Int {
    var (open, deepest) = (0, 0)
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      var marks = 0
      for byte in line {
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"): open = max(0, open - 1)
        case UInt8(ascii: "-"), UInt8(ascii: "?"): marks += 1
        case UInt8(ascii: " "): continue
        // Only marks that begin a line stand in each other.
        default: break
        }
        deepest = max(deepest, open)
        if byte != UInt8(ascii: "-") && byte != UInt8(ascii: "?") {
          deepest = max(deepest, marks)
          marks = 0
        }
      }
      deepest = max(deepest, marks)
    }
    return deepest
  }

  /// Counts a node and all within; false once the budget is spent.
  private static func spend(_ budget: inout Int, on node: Node) -> Bool {
    budget -= 1
    guard budget > 0 else { return false }
    switch node {
    case .mapping(let mapping): return mapping.allSatisfy { spend(&budget, on: $0.key) && spend(&budget, on: $0.value) }
    case .sequence(let sequence): return sequence.allSatisfy { spend(&budget, on: $0) }
    case .scalar, .alias: return true
    }
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
    // Foundation puts a sentence before the kernel's own words.
    return (underlying ?? error as NSError).localizedDescription
      .replacing("The operation could not be completed. ", with: "")
  }
}
