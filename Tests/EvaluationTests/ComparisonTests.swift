import Testing

@testable import Evaluation

@Suite struct `Comparisons of systems` {
  private let comparison = Comparison(
    title: "A & B", facts: [HTMLReport.Fact("Machine", "two cores")], protocols: ["cross-subject, %"],
    rows: [
      Comparison.Row(
        system: "I3D|NL", needsPoses: false, accuracies: [[0.5, 0.6, 0.7]], parameters: 1_250_000,
        multiplyAccumulates: 2_340_000_000, milliseconds: 12.34, millisecondsWithoutPoses: 12.34),
      Comparison.Row(
        system: "VPN<b>", needsPoses: true, accuracies: [[0.25]], parameters: 0, multiplyAccumulates: 0,
        milliseconds: 3, millisecondsWithoutPoses: 2),
    ],
    charts: [
      LineChart(
        title: "Noise", horizontal: "factor", unit: .share,
        series: [.init(name: "VPN++", points: [.init(x: 0, y: 0.8), .init(x: 2, y: 0.6)])])
    ],
    notes: ["A note."])

  @Test func `give mean and sample deviation in points`() {
    #expect(Comparison.spread([0.5, 0.6, 0.7]) == "60.0 ± 10.0")
    #expect(Comparison.spread([0.25]) == "25.0")
    #expect(Comparison.spread([]) == "–")
  }

  @Test func `are a Markdown table with a line a system`() {
    let lines = comparison.markdown().split(separator: "\n")
    #expect(lines.contains("# A & B") && lines.contains("- Machine: two cores") && lines.last == "A note.")
    let table = lines.filter { $0.hasPrefix("|") }
    #expect(table.count == 4)
    #expect(table[2] == "| I3D\\|NL | no | 60.0 ± 10.0 | 1.25 M | 2.34 G | 12.3 | 12.3 |")
    #expect(table[3] == "| VPN<b> | yes | 25.0 | 0.00 M | 0.00 G | 3.0 | 2.0 |")
    // A bar in a name is escaped, so every line has the same columns.
    #expect(Set(table.map { $0.replacing("\\|", with: "").count { $0 == "|" } }) == [8])
  }

  @Test func `are a page that loads nothing and means what it says`() {
    let page = comparison.html()
    #expect(page.contains("<title>A &amp; B</title>") && page.contains("VPN&lt;b&gt;"))
    #expect(!page.contains("VPN<b>") && !page.contains("http"))
    #expect(page.contains("<svg") && page.contains("60.0 ± 10.0"))
  }
}
