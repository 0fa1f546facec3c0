import Yams

/// All settings of a training stage; `config/train/` has one preset per data set and stage.
package struct TrainingSettings: Equatable, Sendable {
  package var data: DataSettings
  package var clip: ClipSettings
  package var augmentation: AugmentationSettings
  package var pose: PoseSettings
  package var network: NetworkSettings
  package var start: StartSettings
  package var optimizer: OptimizerSettings
  package var schedule: ScheduleSettings
  package var run: RunSettings
  package var feature: FeatureSettings
  package var attention: AttentionSettings
  package var vpn: VPNSettings
  package var evaluation: EvaluationSettings

  /// Reads a file, then applies the overrides from the command line.
  ///
  /// - Parameters:
  ///   - path: a YAML file.
  ///   - overrides: `section.key=value`; later ones win.
  /// - Returns: consistent settings; the things they name are not checked.
  /// - Throws: `SettingsError` with all findings.
  package static func load(path: String, overrides: [String] = []) throws(SettingsError) -> TrainingSettings {
    try parse(SettingsFile.text(path: path), path: path, overrides: overrides)
  }

  package static func parse(_ text: String, path: String, overrides: [String] = []) throws(SettingsError)
    -> TrainingSettings
  {
    let root = try merged(text, path: path, overrides: overrides)
    let findings = Findings()
    let settings = TrainingSettings(SettingsTable(root: root, findings: findings))
    guard findings.errors.isEmpty else {
      throw SettingsError(path: path, findings: findings.errors.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
    }
    return settings
  }

  /// The text of a settings file with the overrides applied, so that it can be read again without them.
  ///
  /// - Parameters:
  ///   - path: a YAML file.
  ///   - overrides: `section.key=value`; later ones win.
  /// - Returns: YAML, without the file's comments.
  /// - Throws: `SettingsError` if the file or overrides are not YAML.
  package static func text(path: String, overrides: [String]) throws(SettingsError) -> String {
    let root = try merged(SettingsFile.text(path: path), path: path, overrides: overrides)
    do {
      return try Yams.serialize(node: root)
    } catch {
      throw SettingsError(path: path, findings: [Finding(text: "cannot be written again: \(error)")])
    }
  }

  private static func merged(_ text: String, path: String, overrides: [String]) throws(SettingsError) -> Node {
    var root = try SettingsFile.parse(text, path: path) ?? Node.mapping([:])
    for override in overrides {
      guard let equals = override.firstIndex(of: "=") else {
        throw SettingsError(path: "--set \(override)", findings: [Finding(text: "must be section.key=value")])
      }
      let keys = override[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      let value = try SettingsFile.parse(String(override[override.index(after: equals)...]), path: "--set \(override)")
      guard root.replace(keys[...], by: value ?? Node("null", .implicit, .plain)) else {
        throw SettingsError(path: "--set \(override)", findings: [Finding(text: "must be section.key=value")])
      }
    }
    return root
  }

  /// Names of all settings, such as `optimizer.learningRate`.
  package static var knownSettings: Set<String> {
    let findings = Findings()
    _ = TrainingSettings(SettingsTable(root: nil, findings: findings))
    return findings.known
  }

  private init(_ table: SettingsTable) {
    data = DataSettings(table.table("data"))
    clip = ClipSettings(table.table("clip"))
    augmentation = AugmentationSettings(table.table("augmentation"))
    pose = PoseSettings(table.table("pose"))
    network = NetworkSettings(table.table("network"))
    start = StartSettings(table.table("start"))
    optimizer = OptimizerSettings(table.table("optimizer"))
    schedule = ScheduleSettings(table.table("schedule"))
    run = RunSettings(table.table("run"))
    feature = FeatureSettings(table.table("feature"))
    attention = AttentionSettings(table.table("attention"))
    vpn = VPNSettings(table.table("vpn"))
    evaluation = EvaluationSettings(table.table("evaluation"))
    table.finish()
  }
}

extension Node {
  /// Sets the value at a path of keys, creating tables as needed; false if the path leads through something else.
  fileprivate mutating func replace(_ keys: ArraySlice<String>, by value: Node) -> Bool {
    guard let key = keys.first, !key.isEmpty else { return false }
    guard var mapping = mapping else { return false }
    if keys.count == 1 {
      mapping[Node(key)] = value
    } else {
      var inner = mapping[Node(key)] ?? Node.mapping([:])
      if inner.null != nil { inner = Node.mapping([:]) }
      guard inner.replace(keys.dropFirst(), by: value) else { return false }
      mapping[Node(key)] = inner
    }
    self = .mapping(mapping)
    return true
  }
}
