/// Labels of a model that share one name, such as `Drink` for drinking, drinking beer and drinking shots.
package struct LabelFamily: Codable, Equatable, Sendable {
  /// The name for labels in no family; no family may use it.
  package static let other = "other"
  /// Maximum length of a name, in characters.
  package static let longestName = 100

  package var name: String
  package var labels: [String]

  package init(name: String, labels: [String]) {
    self.name = name
    self.labels = labels
  }
}

extension LabelFamily {
  /// A reason why families cannot be used.
  package struct Fault: Equatable, Sendable, CustomStringConvertible {
    /// Index of the family.
    package let family: Int
    /// Index of the label within it; `nil` if the whole family is at fault.
    package let label: Int?
    package let description: String
    /// A label that the model does not have.
    package let unknownLabel: String?
  }

  /// What is wrong with families for a model's labels, in order; empty if they can be used.
  package static func faults(in families: [LabelFamily], of labels: [String]) -> [Fault] {
    let known = Set(labels)
    var names: Set<String> = []
    var owners: [String: Int] = [:]
    var faults: [Fault] = []
    for (index, family) in families.enumerated() {
      func add(_ text: String, at label: Int? = nil, unknown: String? = nil) {
        faults.append(Fault(family: index, label: label, description: text, unknownLabel: unknown))
      }
      if let fault = nameFault(family.name) { add(fault) }
      if !names.insert(family.name).inserted { add("two families are named \(quoted(family.name))") }
      if family.labels.isEmpty { add("\(quoted(family.name)) has no labels") }
      for (position, label) in family.labels.enumerated() {
        if !known.contains(label) {
          add(
            "\(quoted(family.name)) names \(quoted(label)), a label the model does not have", at: position,
            unknown: label)
        } else if let owner = owners[label] {
          let both =
            owner == index
            ? "twice in \(quoted(family.name))" : "in \(quoted(families[owner].name)) and in \(quoted(family.name))"
          add("the label \(quoted(label)) is \(both)", at: position)
        } else {
          owners[label] = index
        }
      }
    }
    return faults
  }

  private static func nameFault(_ name: String) -> String? {
    if name.allSatisfy(\.isWhitespace) { return "a family has no name" }
    if name.lowercased() == other {
      return "no family can be named \(quoted(name)): that is the name for labels in no family"
    }
    if name.unicodeScalars.contains(where: isControl) {
      return "the family name \(quoted(name)) has control characters"
    }
    if name.count > longestName { return "the family name \(quoted(name)) is longer than \(longestName) characters" }
    return nil
  }

  /// A name of external origin for messages: shortened, and with control characters escaped.
  package static func quoted(_ name: String) -> String {
    let shown = name.prefix(longestName).unicodeScalars.map { isControl($0) ? $0.escaped(asASCII: true) : String($0) }
    return "'\(shown.joined())\(name.count > longestName ? "…" : "")'"
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
