import Foundation
import ModelFile

/// A report on a run as a single self-contained page: no network, no other files.
package struct HTMLReport: Sendable {
  /// A line of the report's table about the run.
  package struct Fact: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The heading.
  package var title: String
  /// What was trained and how: network, parameters, temperature, dates, commit.
  package var facts: [Fact]
  /// The result the page is about.
  package var main: EvaluationResult
  /// All results to compare: both poolings, with poses, poses only; the main one is highlighted.
  package var results: [EvaluationResult]
  /// Loss and accuracy over the run.
  package var charts: [LineChart]

  package init(
    title: String, facts: [Fact], main: EvaluationResult, results: [EvaluationResult], charts: [LineChart] = []
  ) {
    self.title = title
    self.facts = facts
    self.main = main
    self.results = results
    self.charts = charts
  }

  /// Writes the page; an existing page is kept if anything fails.
  ///
  /// - Throws: `EvaluationError.cannotWrite`.
  package func write(_ path: String) throws(EvaluationError) {
    let page = Data(html().utf8)
    do {
      try AtomicFile.write(to: path) { try $0.write(contentsOf: page) }
    } catch {
      throw EvaluationError(error)
    }
  }

  /// The page as HTML.
  package func html() -> String {
    let sections = [
      header, factTable, resultTable, curves, confusion, worstConfusions, reliability, classTable, definitions,
    ]
    return Self.page(title, sections.joined(separator: "\n"))
  }

  /// A page that loads nothing else.
  static func page(_ title: String, _ main: String) -> String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(Markup.escaped(title))</title>
    <style>\(Style.picture)
    \(Style.page)</style></head>
    <body><main>
    \(main)
    </main></body></html>

    """
  }

  private var header: String {
    let tiles = [
      ("Top-1", Markup.percent(main.top1)), ("Mean class accuracy", Markup.percent(main.meanClassAccuracy)),
      ("Top-5", Markup.percent(main.top5)), ("Calibration error", Markup.percent(main.calibrationError)),
    ]
    let cells = tiles.map { "<div class=\"tile\"><span class=\"quiet\">\($0)</span><b>\($1)</b></div>" }.joined()
    let subject = "\(main.system) on \(main.dataset), \(main.protocolName), \(main.partition)"
    let counts = "\(main.clipCount) clips, \(main.windowCount) windows, pooling “\(main.pooling.rawValue)”"
    return """
      <h1>\(Markup.escaped(title))</h1>
      <p class="quiet">\(Markup.escaped(subject)) · \(counts)</p>
      <div class="tiles">\(cells)</div>
      """
  }

  private var factTable: String {
    guard !facts.isEmpty else { return "" }
    let rows = facts.map { "<tr><th>\(Markup.escaped($0.name))</th><td>\(Markup.escaped($0.value))</td></tr>" }
    return section("Run", "<table class=\"facts\"><tbody>\(rows.joined())</tbody></table>")
  }

  private var resultTable: String {
    guard !results.isEmpty else { return "" }
    let names = ["Top-1", "Mean class", "Top-5", "Calibration error", "NLL", "Temperature", "Clips"]
    let rows = results.map { result in
      let values = [
        Markup.percent(result.top1), Markup.percent(result.meanClassAccuracy), Markup.percent(result.top5),
        Markup.percent(result.calibrationError), Markup.decimal(result.negativeLogLikelihood, 3),
        Markup.decimal(result.temperature, 3), "\(result.clipCount)",
      ]
      let isMain =
        result.system == main.system && result.pooling == main.pooling && result.temperature == main.temperature
      return """
        <tr\(isMain ? " class=\"shown\"" : "")><th>\(Markup.escaped(result.system))</th><td>\(result.pooling.rawValue)</td>\
        \(values.map { "<td class=\"n\">\($0)</td>" }.joined())</tr>
        """
    }
    let heads = "<th>System</th><th>Windows</th>" + names.map { "<th class=\"n\">\($0)</th>" }.joined()
    return section("Results", wide("<table><thead><tr>\(heads)</tr></thead><tbody>\(rows.joined())</tbody></table>"))
  }

  private var curves: String {
    let panels = charts.compactMap { chart in
      chart.inlineSVG().map { "<div class=\"panel\"><h3>\(Markup.escaped(chart.title))</h3>\($0)</div>" }
    }
    return panels.isEmpty ? "" : section("Training", "<div class=\"charts\">\(panels.joined())</div>")
  }

  private var confusion: String {
    section(
      "Confusion matrix",
      """
      <p class="quiet">Colours and figures are percentages of the true activity's clips. Hover over a cell for its \
      count.</p>\(wide(main.confusion.inlineSVG()))
      """)
  }

  private var worstConfusions: String {
    let rows = main.confusion.worstConfusions(15).map { confusion in
      """
      <tr><th>\(label(confusion.truth))</th><td>\(label(confusion.prediction))</td><td class="n">\(confusion.count)</td>\
      <td class="n">\(Markup.percent(main.confusion.share(confusion.truth, confusion.prediction)))</td></tr>
      """
    }
    guard !rows.isEmpty else { return section("Worst confusions", "<p>There are none.</p>") }
    let heads =
      "<th>True activity</th><th>Recognised as</th><th class=\"n\">Clips</th><th class=\"n\">Share of its clips</th>"
    return section(
      "Worst confusions", wide("<table><thead><tr>\(heads)</tr></thead><tbody>\(rows.joined())</tbody></table>"))
  }

  private var reliability: String {
    section(
      "Reliability",
      """
      <div class="row"><div class="panel wide">\(ReliabilityDiagram(bins: main.reliability).inlineSVG())</div>
      <div class="beside"><p>Bars: share of correct results among those with about the same probability. Orange marks: the \
      predicted probability, on the dashed line. Below: the number of clips in each bar.</p>
      <p>Expected calibration error \(Markup.percent(main.calibrationError, digits: 2)), mean negative log-likelihood \
      \(Markup.decimal(main.negativeLogLikelihood, 4)), at temperature \(Markup.decimal(main.temperature, 3)).</p></div></div>
      """)
  }

  private var classTable: String {
    let rows = main.perClass.map { result in
      let recall = result.recall.map { Markup.decimal(100 * $0, 1) } ?? "0"
      return """
        <tr><th>\(Markup.escaped(result.label))</th><td class="n">\(result.support)</td>\
        <td class="n">\(Markup.percent(result.recall))</td>\
        <td><span class="bar"><i style="width:\(recall)%"></i></span></td>\
        <td class="n">\(Markup.percent(result.precision))</td><td>\(result.mostConfusedWith.map(label) ?? "–")</td></tr>
        """
    }
    let heads = """
      <th>Activity</th><th class="n">Clips</th><th class="n">Recall</th><th></th><th class="n">Precision</th>\
      <th>Most often confused with</th>
      """
    return section(
      "Activities", wide("<table><thead><tr>\(heads)</tr></thead><tbody>\(rows.joined())</tbody></table>"))
  }

  private var definitions: String {
    let absent = main.absentClasses.map(label)
    let left =
      absent.isEmpty
      ? "All activities occur in the list."
      : "Excluded, because the list has no clips of \(absent.count == 1 ? "it" : "them"): \(absent.joined(separator: ", "))."
    return section(
      "Definitions",
      """
      <p><b>Mean class accuracy</b>: mean of the recalls of the activities that occur in the list. \(left)</p>
      <p><b>Windows “paper”</b>: softmax of each window, then the maximum over windows. <b>“code”</b>: sum of raw logits \
      over windows.</p>
      <p><b>Calibration error</b>: \(EvaluationResult.binCount) bins of equal width over the probability of the result; mean of \
      |share correct − mean probability|, weighted by clips. Probabilities are the pooled scores divided by their sum \
      (“paper”) or the softmax of the mean logits (“code”).</p>
      """)
  }

  private func label(_ index: Int) -> String { Markup.escaped(main.labels[index]) }

  private func wide(_ content: String) -> String { "<div class=\"wide\">\(content)</div>" }

  private func section(_ title: String, _ content: String) -> String {
    "<section><h2>\(title)</h2>\(content)</section>"
  }
}
