import Testing

@testable import Evaluation

@Suite struct `Comparisons of systems` {
  private let comparison = SystemComparison(
    title: "A & B", facts: [HTMLReport.Fact("Machine", "two cores")], protocols: ["cross-subject, %"],
    reference: "I3D",
    rows: [
      SystemComparison.Row(
        system: "I3D|NL", needsPoses: false,
        results: [
          .init(
            accuracies: [0.5, 0.6, 0.7], seeds: 3,
            difference: PairedDifference([.init(group: "a", label: 0, first: [false], second: [true])]))
        ], cost: .init(parameters: 1_250_000, multiplyAccumulates: 2_340_000_000, milliseconds: 12.34)),
      SystemComparison.Row(system: "VPN<b>", needsPoses: true, results: [.init(accuracies: [0.25], seeds: 3)]),
    ],
    claims: [SystemComparison.Claim("VPN over I3D", [nil])],
    charts: [
      LineChart(
        title: "Noise", horizontal: "factor", unit: .share,
        series: [.init(name: "VPN++", points: [.init(x: 0, y: 0.8), .init(x: 2, y: 0.6)])])
    ],
    notes: ["A note."])

  @Test func `comparisons give mean and sample deviation in points`() {
    #expect(SystemComparison.spread(.init(accuracies: [0.5, 0.6, 0.7], seeds: 3)) == "60.0 ± 10.0")
    #expect(SystemComparison.spread(.init(accuracies: [0.25], seeds: 1)) == "25.0")
    #expect(SystemComparison.spread(.init(accuracies: [0.5, 0.6], seeds: 3)) == "55.0 ± 7.1 (2 of 3)")
    #expect(SystemComparison.spread(.init(accuracies: [], seeds: 3)) == "–")
  }

  @Test func `comparisons give differences in points, with their sign`() {
    func clip(_ group: String, _ first: [Bool], _ second: [Bool]) -> PairedDifference.Clip {
      PairedDifference.Clip(group: group, label: 0, first: first, second: second)
    }
    #expect(SystemComparison.text(nil) == "–")
    #expect(SystemComparison.text(PairedDifference([clip("a", [true], [false])])) == "−100.0 [−100.0, −100.0]")
    #expect(
      SystemComparison.text(PairedDifference([clip("a", [true], [false]), clip("b", [true], [true])]))
        == "−50.0 [−100.0, 0.0]")
    let (gained, same) = (clip("a", [false], [true]), clip("b", [true], [true]))
    #expect(SystemComparison.text(PairedDifference([same])) == "+0.0 [0.0, 0.0]")
    #expect(SystemComparison.verdict(PairedDifference([gained])) == "+100.0 [100.0, 100.0]: holds")
    #expect(SystemComparison.verdict(PairedDifference([gained, same])) == "+50.0 [0.0, 100.0]: open")
    #expect(SystemComparison.verdict(PairedDifference([clip("a", [true], [false])])).hasSuffix(": the opposite"))
  }

  @Test func `comparisons are Markdown tables with one line per system`() {
    let lines = comparison.markdown().split(separator: "\n")
    #expect(lines.contains("# A & B") && lines.contains("- Machine: two cores") && lines.last == "A note.")
    let table = lines.filter { $0.hasPrefix("|") }
    #expect(table.count == 7 && table[6] == "| VPN over I3D | – |")
    #expect(table[2] == "| I3D\\|NL | no | 60.0 ± 10.0 | +100.0 [100.0, 100.0] | 1.25 M | 2.34 G | 12.3 |")
    #expect(table[3] == "| VPN<b> | yes | 25.0 (1 of 3) | – | – | – | – |")
    // A bar in a name is escaped, so every line has the same columns.
    #expect(Set(table.prefix(4).map { $0.replacing("\\|", with: "").count { $0 == "|" } }) == [8])
  }

  @Test func `comparisons are pages that load nothing and escape their text`() {
    let page = comparison.html()
    #expect(page.contains("<title>A &amp; B</title>") && page.contains("VPN&lt;b&gt;"))
    #expect(!page.contains("VPN<b>") && !page.contains("http"))
    #expect(page.contains("<svg") && page.contains("60.0 ± 10.0"))
  }
}
