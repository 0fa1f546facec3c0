package import Networks
import Yams

/// A YAML file that groups a model's labels into families, one per line: `Drink: [drinking, drinking beer]`.
package enum FamiliesFile {
  /// In KiB.
  private static let largest = 1024
  /// Further findings are only counted, because each requires a comparison with every label.
  private static let mostFindings = 20

  /// - Parameters:
  ///   - path: the file, UTF-8 of at most 1 MiB.
  ///   - labels: the model's labels.
  /// - Returns: families that fit the labels, in file order.
  /// - Throws: `SettingsError` with the line and reason of every problem.
  package static func load(path: String, labels: [String]) throws(SettingsError) -> [LabelFamily] {
    try parse(
      SettingsFile.text(path: path, largest: largest, kind: "file of families"), path: path, labels: labels)
  }

  /// Parses the file's text; see `load`.
  package static func parse(_ text: String, path: String, labels: [String]) throws(SettingsError) -> [LabelFamily] {
    let root = try SettingsFile.parse(text, path: path)
    var entries: [Entry] = []
    var findings: [Finding] = []
    if let mapping = root?.mapping {
      for (key, value) in mapping {
        switch Entry.read(key, value) {
        case .success(let entry): entries.append(entry)
        case .failure(let error): findings.append(error.finding)
        }
      }
    } else if let root, root.null == nil {
      findings.append(
        Finding(line: root.mark?.line, text: "the file must consist of `Family: [label, label]` lines"))
    }
    if findings.isEmpty, entries.isEmpty { findings.append(Finding(text: "has no families")) }
    // Faults are only searched for if the whole file could be read.
    if findings.isEmpty { findings = faults(entries, labels) }
    guard findings.isEmpty else {
      let more = findings.count - mostFindings
      let rest = more > 0 ? [Finding(text: "and \(more) more")] : []
      throw SettingsError(path: path, findings: findings.prefix(mostFindings) + rest)
    }
    return entries.map(\.family)
  }

  private static func faults(_ entries: [Entry], _ labels: [String]) -> [Finding] {
    let faults = LabelFamily.faults(in: entries.map(\.family), of: labels)
    return faults.enumerated().map { index, fault in
      let entry = entries[fault.family]
      let near = index < mostFindings ? fault.unknownLabel.flatMap { nearest($0, among: labels) } : nil
      return Finding(
        line: fault.label.flatMap { entry.labelLines[$0] } ?? entry.line,
        text: fault.description + (near.map { "; did you mean \(LabelFamily.quoted($0))?" } ?? ""))
    }
  }

  /// A family, and its position in the file.
  private struct Entry {
    struct Unreadable: Error {
      var finding: Finding
    }

    var family: LabelFamily
    var line: Int?
    var labelLines: [Int?]

    static func read(_ key: Node, _ value: Node) -> Result<Entry, Unreadable> {
      guard let name = key.scalar?.string else {
        return .failure(Unreadable(finding: Finding(line: key.mark?.line, text: "a family's name must be a text")))
      }
      // A name without a value is a family without labels.
      let nodes = value.null == nil ? value.sequence.map(Array.init) : []
      guard let nodes, nodes.allSatisfy({ $0.scalar != nil }) else {
        let text = "\(LabelFamily.quoted(name)) must be a list of labels, as in Drink: [drinking, drinking beer]"
        return .failure(Unreadable(finding: Finding(line: value.mark?.line, text: text)))
      }
      let family = LabelFamily(name: name, labels: nodes.compactMap { $0.scalar?.string })
      return .success(Entry(family: family, line: key.mark?.line, labelLines: nodes.map { $0.mark?.line }))
    }
  }
}
