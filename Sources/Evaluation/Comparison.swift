import Foundation

/// Systems side by side: what each reaches under each protocol, over several seeds, and what it costs.
package struct Comparison: Sendable {
  package struct Row: Sendable {
    package var system: String
    /// Whether poses are needed to use it.
    package var needsPoses: Bool
    /// Accuracy of each seed, a list for each protocol, in the order of `protocols`.
    package var accuracies: [[Double]]
    package var parameters: Int
    /// Multiply-accumulates of one window, poses included where they are needed.
    package var multiplyAccumulates: Int
    /// Of one window, with what poses need besides the pictures and without.
    package var milliseconds: Double
    package var millisecondsWithoutPoses: Double

    package init(
      system: String, needsPoses: Bool, accuracies: [[Double]], parameters: Int, multiplyAccumulates: Int,
      milliseconds: Double, millisecondsWithoutPoses: Double
    ) {
      self.system = system
      self.needsPoses = needsPoses
      self.accuracies = accuracies
      self.parameters = parameters
      self.multiplyAccumulates = multiplyAccumulates
      self.milliseconds = milliseconds
      self.millisecondsWithoutPoses = millisecondsWithoutPoses
    }
  }

  package var title: String
  package var facts: [HTMLReport.Fact]
  package var protocols: [String]
  package var rows: [Row]
  package var charts: [LineChart]
  /// Lines below the table.
  package var notes: [String]

  package init(
    title: String, facts: [HTMLReport.Fact], protocols: [String], rows: [Row], charts: [LineChart] = [],
    notes: [String] = []
  ) {
    self.title = title
    self.facts = facts
    self.protocols = protocols
    self.rows = rows
    self.charts = charts
    self.notes = notes
  }

  /// Mean and sample standard deviation, as "81.3 ± 0.9"; the deviation of a single value is left out.
  static func spread(_ values: [Double]) -> String {
    guard !values.isEmpty else { return "–" }
    let mean = values.reduce(0, +) / Double(values.count)
    guard values.count > 1 else { return Markup.decimal(100 * mean, 1) }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    return "\(Markup.decimal(100 * mean, 1)) ± \(Markup.decimal(100 * variance.squareRoot(), 1))"
  }

  private var header: [String] {
    ["System", "Needs poses"] + protocols
      + ["Parameters", "MACs", "ms a window", "without its poses"]
  }

  private var cells: [[String]] {
    rows.map { row in
      [row.system, row.needsPoses ? "yes" : "no"] + row.accuracies.map(Self.spread)
        + [
          Markup.decimal(Double(row.parameters) / 1e6, 2) + " M",
          Markup.decimal(Double(row.multiplyAccumulates) / 1e9, 2) + " G",
          Markup.decimal(row.milliseconds, 1), Markup.decimal(row.millisecondsWithoutPoses, 1),
        ]
    }
  }

  /// The table for a README.
  package func markdown() -> String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    let table = [line(header), line(header.map { _ in "---" })] + cells.map(line)
    return """
      # \(title)

      \(facts.map { "- \($0.name): \($0.value)" }.joined(separator: "\n"))

      \(table.joined(separator: "\n"))

      \(notes.joined(separator: "\n\n"))

      """
  }

  /// A self-contained page with the table and the charts.
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
    let pictures = charts.compactMap { chart in
      chart.inlineSVG().map { "<div class=\"panel\"><h3>\(Markup.escaped(chart.title))</h3>\($0)</div>" }
    }.joined()
    return HTMLReport.page(
      title,
      """
      <h1>\(Markup.escaped(title))</h1>
      <section><table class="facts"><tbody>\(list)</tbody></table></section>
      <section><h2>Accuracy and cost</h2><div class="wide"><table><thead>\(row(header, "th"))</thead>
      <tbody>\(cells.map { row($0, "td") }.joined(separator: "\n"))</tbody></table></div>
      \(notes.map { "<p>\(Markup.escaped($0))</p>" }.joined(separator: "\n"))</section>
      \(pictures.isEmpty ? "" : "<section><h2>Curves</h2><div class=\"charts\">\(pictures)</div></section>")
      """)
  }
}
