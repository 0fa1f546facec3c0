import Foundation

/// Compares systems: what each reaches under each protocol, over several seeds, and what it costs.
///
/// Missing results are shown as a dash, and missing seeds are counted.
package struct SystemComparison: Sendable {
  /// One system.
  package struct Row: Sendable {
    package var system: String
    /// Whether poses are needed to use it.
    package var needsPoses: Bool
    /// One per protocol, in the order of `protocols`.
    package var results: [Result]
    /// `nil` until there is a network.
    package var cost: Cost?

    package init(system: String, needsPoses: Bool, results: [Result], cost: Cost? = nil) {
      (self.system, self.needsPoses, self.results, self.cost) = (system, needsPoses, results, cost)
    }
  }

  /// A system's result under one protocol.
  package struct Result: Sendable {
    /// One per finished seed.
    package var accuracies: [Double]
    /// The planned number of seeds.
    package var seeds: Int
    /// Difference to the reference system; `nil` for the reference itself, and until both have results.
    package var difference: PairedDifference?

    package init(accuracies: [Double], seeds: Int, difference: PairedDifference? = nil) {
      (self.accuracies, self.seeds, self.difference) = (accuracies, seeds, difference)
    }
  }

  /// What one window costs.
  package struct Cost: Sendable {
    package var parameters: Int
    /// Multiply-accumulates per window, including poses if they are needed.
    package var multiplyAccumulates: Int
    /// Per window; `nil` until measured.
    package var milliseconds: Double?

    package init(parameters: Int, multiplyAccumulates: Int, milliseconds: Double? = nil) {
      self.parameters = parameters
      self.multiplyAccumulates = multiplyAccumulates
      self.milliseconds = milliseconds
    }
  }

  /// A paper's claim that one system is better than another.
  package struct Claim: Sendable {
    package var text: String
    /// One per protocol, in the order of `protocols`; `nil` until both have results.
    package var differences: [PairedDifference?]

    package init(_ text: String, _ differences: [PairedDifference?]) {
      (self.text, self.differences) = (text, differences)
    }
  }

  package var title: String
  package var facts: [HTMLReport.Fact]
  package var protocols: [String]
  /// The system that all others are compared with.
  package var reference: String
  package var rows: [Row]
  package var claims: [Claim]
  package var charts: [LineChart]
  /// Lines below the table.
  package var notes: [String]

  package init(
    title: String, facts: [HTMLReport.Fact], protocols: [String], reference: String, rows: [Row],
    claims: [Claim] = [], charts: [LineChart] = [], notes: [String] = []
  ) {
    self.title = title
    self.facts = facts
    self.protocols = protocols
    self.reference = reference
    self.rows = rows
    self.claims = claims
    self.charts = charts
    self.notes = notes
  }

  /// Mean and sample standard deviation, as "81.3 ± 0.9"; a single value has no deviation.
  static func spread(_ result: Result) -> String {
    let values = result.accuracies
    guard !values.isEmpty else { return missing }
    let mean = values.reduce(0, +) / Double(values.count)
    var text = Markup.decimal(100 * mean, 1)
    if values.count > 1 {
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
      text += " ± \(Markup.decimal(100 * variance.squareRoot(), 1))"
    }
    return values.count < result.seeds ? text + " (\(values.count) of \(result.seeds))" : text
  }

  /// The difference and its interval, as "+1.2 [−0.4, 2.8]".
  static func text(_ difference: PairedDifference?) -> String {
    guard let difference else { return missing }
    func points(_ value: Double) -> String {
      let text = Markup.decimal(abs(100 * value), 1)
      return value < 0 && text != "0.0" ? "−" + text : text
    }
    let mean = points(difference.mean)
    return "\(mean.hasPrefix("−") ? "" : "+")\(mean) [\(points(difference.low)), \(points(difference.high))]"
  }

  /// A claim's difference and what its interval implies.
  static func verdict(_ difference: PairedDifference?) -> String {
    guard let difference else { return missing }
    let verdict = difference.low > 0 ? "holds" : difference.high < 0 ? "the opposite" : "open"
    return "\(text(difference)): \(verdict)"
  }

  private static let missing = "–"

  private var header: [String] {
    ["System", "Needs poses"] + protocols.flatMap { [$0, "to \(reference)"] }
      + ["Parameters", "MACs", "ms per window"]
  }

  private var cells: [[String]] {
    rows.map { row in
      [row.system, row.needsPoses ? "yes" : "no"]
        + row.results.flatMap { [Self.spread($0), Self.text($0.difference)] }
        + [
          row.cost.map { Markup.decimal(Double($0.parameters) / 1e6, 2) + " M" } ?? Self.missing,
          row.cost.map { Markup.decimal(Double($0.multiplyAccumulates) / 1e9, 2) + " G" } ?? Self.missing,
          row.cost?.milliseconds.map { Markup.decimal($0, 1) } ?? Self.missing,
        ]
    }
  }

  private var claimHeader: [String] { ["Claim"] + protocols.map { $0.replacing(", %", with: "") } }

  private var claimCells: [[String]] { claims.map { [$0.text] + $0.differences.map(Self.verdict) } }

  /// The table as Markdown.
  package func markdown() -> String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    func table(_ header: [String], _ cells: [[String]]) -> String {
      ([line(header), line(header.map { _ in "---" })] + cells.map(line)).joined(separator: "\n")
    }
    let claims = claims.isEmpty ? "" : "\n\n" + table(claimHeader, claimCells)
    return """
      # \(title)

      \(facts.map { "- \($0.name): \($0.value)" }.joined(separator: "\n"))

      \(table(header, cells))\(claims)

      \(notes.joined(separator: "\n\n"))

      """
  }

  /// A self-contained page with the table and charts.
  package func html() -> String {
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>"
        + cells.enumerated().map { index, cell in
          "<\(tag)\(index > 1 ? " class=\"n\"" : "")>\(Markup.escaped(cell))</\(tag)>"
        }.joined() + "</tr>"
    }
    let list = facts.map {
      "<tr><th>\(Markup.escaped($0.name))</th><td>\(Markup.escaped($0.value))</td></tr>"
    }.joined()
    let claimTable =
      claims.isEmpty
      ? ""
      : """
      <div class="wide"><table><thead>\(row(claimHeader, "th"))</thead>
      <tbody>\(claimCells.map { row($0, "td") }.joined(separator: "\n"))</tbody></table></div>
      """
    let pictures = charts.compactMap { chart in
      chart.inlineSVG().map { "<div class=\"panel\"><h3>\(Markup.escaped(chart.title))</h3>\($0)</div>" }
    }.joined()
    return HTMLReport.page(
      title,
      """
      <h1>\(Markup.escaped(title))</h1>
      <section><table class="facts"><tbody>\(list)</tbody></table></section>
      <section><h2>Accuracy and cost</h2><div class="wide"><table><thead>\(row(header, "th"))</thead>
      <tbody>\(cells.map { row($0, "td") }.joined(separator: "\n"))</tbody></table></div>\(claimTable)
      \(notes.map { "<p>\(Markup.escaped($0))</p>" }.joined(separator: "\n"))</section>
      \(pictures.isEmpty ? "" : "<section><h2>Curves</h2><div class=\"charts\">\(pictures)</div></section>")
      """)
  }
}
