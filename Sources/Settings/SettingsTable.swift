internal import Basics
import Yams

/// Collects the problems found while a file is read, so that all are reported at once.
final class Findings {
  var errors: [Finding] = []
  var warnings: [Finding] = []
  /// Every setting that was read, such as `cameras[].name`; the documentation must cover them all.
  var known: Set<String> = []
}

/// One mapping in the file, read key by key; keys that were not read are rejected at the end.
struct SettingsTable {
  /// The table's path, for messages: `cameras[0]`.
  let name: String
  private let schemaName: String
  private let mapping: Node.Mapping?
  private let line: Int?
  let findings: Findings
  private let asked = Asked()

  private final class Asked {
    var keys: Set<String> = []
  }

  /// The whole file; `nil` counts as an empty file.
  init(root: Node?, findings: Findings) {
    self.init(root, name: "", schemaName: "", findings)
  }

  private init(_ node: Node?, name: String, schemaName: String, _ findings: Findings) {
    self.name = name
    self.schemaName = schemaName
    self.findings = findings
    line = node?.mark?.line
    mapping = node?.mapping
    if let node, node.mapping == nil, node.null == nil {
      findings.errors.append(
        Finding(line: line, text: "\(name.isEmpty ? "the file" : name) must consist of `key: value` lines"))
    }
  }

  func isSet(_ key: String) -> Bool { node(key) != nil }

  /// Reports the keys that were not read.
  func finish() {
    for (key, _) in mapping ?? [:] {
      let text = key.string ?? "?"
      guard !asked.keys.contains(text) else { continue }
      let near = nearest(text, among: asked.keys).map { "; did you mean \($0)?" } ?? ""
      let shown = SourceAddress(String(text.prefix(100)))
      findings.errors.append(
        Finding(line: key.mark?.line, text: "\(full("\(shown)")) is not a setting\(near)"))
    }
  }

  func text(_ key: String, default standard: String? = nil) -> String? {
    guard let node = node(key) else { return standard }
    guard let text = node.scalar?.string else {
      refuse(key, node, "a text")
      return standard
    }
    return text
  }

  /// A name that may appear in topics.
  func identifier(_ key: String, default standard: String? = nil) -> String? {
    guard let text = text(key, default: standard) else { return nil }
    guard isIdentifier(text) else {
      refuse(key, node(key), "1 to 64 of a-z, 0-9, _ and -")
      return standard
    }
    return text
  }

  func flag(_ key: String, default standard: Bool) -> Bool {
    guard let node = node(key) else { return standard }
    guard let value = node.bool else {
      refuse(key, node, "true or false")
      return standard
    }
    return value
  }

  func number(_ key: String, default standard: Double, _ range: ClosedRange<Double>) -> Double {
    optionalNumber(key, range) ?? standard
  }

  func optionalNumber(_ key: String, _ range: ClosedRange<Double>) -> Double? {
    guard let node = node(key) else { return nil }
    guard let value = node.float, value.isFinite, range.contains(value) else {
      refuse(key, node, "a number from \(short(range.lowerBound)) to \(short(range.upperBound))")
      return nil
    }
    return value
  }

  func integer(_ key: String, default standard: Int, _ range: ClosedRange<Int>) -> Int {
    guard let node = node(key) else { return standard }
    guard let value = node.wholeNumber, range.contains(value) else {
      refuse(key, node, "a whole number from \(range.lowerBound) to \(range.upperBound)")
      return standard
    }
    return value
  }

  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, default standard: Choice) -> Choice
  where Choice.RawValue == String {
    guard let node = node(key) else { return standard }
    guard let value = node.scalar.flatMap({ Choice(rawValue: $0.string) }) else {
      refuse(key, node, "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
      return standard
    }
    return value
  }

  func table(_ key: String) -> SettingsTable {
    SettingsTable(node(key), name: full(key), schemaName: schema(key), findings)
  }

  /// A list of tables; an empty list still yields one table, so that its settings become known.
  func tables(_ key: String) -> [SettingsTable] {
    list(key).enumerated().map { index, node in
      SettingsTable(node, name: "\(full(key))[\(index)]", schemaName: schema(key) + "[]", findings)
    }
  }

  /// Tables by name, as under `recognition.activities`.
  func namedTables(_ key: String) -> [(name: String, table: SettingsTable)] {
    let table = table(key)
    return (table.mapping ?? [:]).compactMap { key, value in
      guard let name = key.string else { return nil }
      return (
        name, SettingsTable(value, name: "\(table.name).\(name)", schemaName: table.schemaName + ".*", findings)
      )
    }
  }

  /// Integers by name, as under `cameras[].controls`.
  func namedIntegers(_ key: String) -> [String: Int] {
    let table = table(key)
    var values: [String: Int] = [:]
    for (key, value) in table.mapping ?? [:] {
      guard let name = key.string, let number = value.wholeNumber else {
        findings.errors.append(
          Finding(line: value.mark?.line, text: "\(table.name).\(key.string ?? "?") must be a whole number"))
        continue
      }
      values[name] = number
    }
    return values
  }

  /// A list of texts; a single one may be written without brackets.
  func texts(_ key: String) -> [String] {
    guard let node = node(key) else { return [] }
    let nodes = node.scalar == nil ? list(key) : [node]
    let texts = nodes.compactMap { $0.scalar?.string }
    if texts.count < nodes.count { refuse(key, node, "a list of texts") }
    return texts
  }

  /// A list of integers.
  func integers(_ key: String, _ range: ClosedRange<Int>) -> [Int] {
    let values = list(key).map { $0.wholeNumber ?? Int.min }
    guard values.allSatisfy(range.contains) else {
      refuse(key, "a list of whole numbers from \(range.lowerBound) to \(range.upperBound)")
      return []
    }
    return values
  }

  /// Polygons as lists of [x, y], each from 0 to 1.
  func polygons(_ key: String) -> [[[Double]]] {
    list(key).enumerated().map { index, node in
      let corners = (node.sequence ?? []).map { $0.sequence.map { $0.compactMap(\.float) } ?? [] }
      let holds = corners.count >= 3 && corners.allSatisfy { $0.count == 2 && $0.allSatisfy { (0...1).contains($0) } }
      if !holds {
        findings.errors.append(
          Finding(
            line: node.mark?.line,
            text: "\(full(key))[\(index)] must be at least three corners [x, y], each value from 0 to 1"))
      }
      return holds ? corners : []
    }
  }

  func refuse(_ key: String, _ allowed: String) { refuse(key, node(key), allowed) }

  /// Rejects a value that must not be shown.
  func refuseUnshown(_ key: String, _ allowed: String) {
    findings.errors.append(
      Finding(line: node(key)?.mark?.line ?? line, text: "\(full(key)) is refused; it must be \(allowed)"))
  }

  /// Rejects the table as a whole.
  func refuse(_ allowed: String) {
    findings.errors.append(
      Finding(line: line, text: "\(SourceAddress(String(name.prefix(200)))) is refused; it must be \(allowed)"))
  }

  func warn(_ key: String, _ text: String) {
    findings.warnings.append(Finding(line: node(key)?.mark?.line, text: "\(full(key)) \(text)"))
  }

  func require(_ key: String, _ purpose: String) {
    findings.errors.append(Finding(line: line, text: "\(full(key)) is missing: \(purpose)"))
  }

  private func refuse(_ key: String, _ node: Node?, _ allowed: String) {
    let value = node?.scalar.map { ": '\(SourceAddress(String($0.string.prefix(200))))'" } ?? ""
    findings.errors.append(
      Finding(line: node?.mark?.line ?? line, text: "\(full(key))\(value) is refused; it must be \(allowed)"))
  }

  /// The value of a key; an explicit null counts as absent.
  private func node(_ key: String) -> Node? {
    asked.keys.insert(key)
    findings.known.insert(schema(key))
    guard let node = mapping?[key], node.null == nil else { return nil }
    return node
  }

  private func list(_ key: String) -> [Node] {
    guard let node = node(key) else { return [] }
    guard let sequence = node.sequence else {
      refuse(key, node, "a list")
      return []
    }
    return Array(sequence)
  }

  private func full(_ key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }
  private func schema(_ key: String) -> String { schemaName.isEmpty ? key : "\(schemaName).\(key)" }
  private func short(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
}

extension Node {
  /// The value as an integer; `nil` if it is not one.
  ///
  /// In old YAML, numbers with colons are in base sixty. They are of no use here, and long ones crash Yams, which does
  /// not check for overflow.
  fileprivate var wholeNumber: Int? { scalar?.string.contains(":") ?? true ? nil : int }
}

/// The known word with the fewest edits from `word`, if at most a third of it differs.
func nearest(_ word: String, among words: some Sequence<String>) -> String? { near(word, among: words).first }

/// The known words with the fewest edits from `word`, best first; none differs by more than a third.
func near(_ word: String, among words: some Sequence<String>) -> [String] {
  let word = Array(word.prefix(64))
  let known = words.map { (distance(word, Array($0)), $0) }.filter { $0.0 <= max(1, word.count / 3) }
  return known.sorted { $0 < $1 }.prefix(3).map(\.1)
}

/// Levenshtein distance.
private func distance(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, left) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, right) in b.enumerated() {
      let above = row[j + 1]
      row[j + 1] = min(above + 1, row[j] + 1, diagonal + (left == right ? 0 : 1))
      diagonal = above
    }
  }
  return row[b.count]
}
