import Foundation
import FoundationXML
import TestSupport
import Testing

@testable import Evaluation

/// The elements of a picture.
private final class Elements: NSObject, XMLParserDelegate {
  private(set) var counts: [String: Int] = [:]

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    counts[name, default: 0] += 1
    for style in attributes["class", default: ""].split(separator: " ") { counts[".\(style)", default: 0] += 1 }
  }

  /// Elements by name and by class; `nil` if the text is not XML.
  static func count(_ text: String) -> [String: Int]? {
    let elements = Elements()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = elements
    return parser.parse() ? elements.counts : nil
  }
}

private let hostile = "<script>alert('x')</script> & \"\u{1B}\u{0}\u{FFFE}"

struct ConfusionMatrixTests {
  @Test func `the class table quotes names that need it`() {
    var matrix = ConfusionMatrix(labels: ["a,b", "say \"c\"", "d"])
    matrix.add(truth: 0, prediction: 1)
    matrix.add(truth: 2, prediction: 2)
    let lines = [
      #"true \ predicted,"a,b","say ""c""",d"#, #""a,b",0,1,0"#, #""say ""c""",0,0,0"#, "d,0,0,1", "",
    ]
    #expect(matrix.csv() == lines.joined(separator: "\n"))
  }

  @Test func `the worst confusions come first, and at equal counts those of rarer activities`() {
    var matrix = ConfusionMatrix(labels: ["A", "B", "C"])
    func add(_ truth: Int, _ prediction: Int, _ count: Int) {
      for _ in 0..<count { matrix.add(truth: truth, prediction: prediction) }
    }
    add(0, 0, 50)
    add(0, 1, 2)
    add(1, 2, 2)
    add(2, 0, 3)
    #expect(
      matrix.worstConfusions(9).map { [$0.truth, $0.prediction, $0.count] } == [[2, 0, 3], [1, 2, 2], [0, 1, 2]])
    #expect(matrix.worstConfusions(1).count == 1)
    #expect(matrix.support(0) == 52 && matrix.predicted(2) == 2)
    #expect(matrix.share(0, 0) == 50.0 / 52)
  }

  @Test(arguments: [1, 2, 31, 60, 120])
  func `the confusion picture is a self-contained file with a cell wherever there are clips`(count: Int) throws {
    var matrix = ConfusionMatrix(labels: (0..<count).map { "activity \($0) \(hostile)" })
    for index in 0..<count - 1 {
      matrix.add(truth: index, prediction: index)
      matrix.add(truth: index, prediction: (index + 1) % count)
    }
    let elements = try #require(Elements.count(matrix.svg()))
    // Ten more form the legend; the last activity has no clips.
    #expect(elements[".cell"] == 2 * (count - 1) + 10)
    #expect(elements[".absent"] == 1)
    #expect(elements["script"] == nil)
    #expect(elements[".figure", default: 0] == (count <= 45 ? 2 * (count - 1) : 0))
  }
}

struct HTMLReportTests {
  private func report(_ title: String = "VPN++ on Smarthome") throws -> HTMLReport {
    let file = try fiveClips()
    let charts = [
      LineChart(
        title: "Loss",
        series: [
          LineChart.Series(
            name: "train", points: (0..<5000).map { LineChart.Point(x: Double($0), y: 3 / Double(1 + $0)) })
        ]),
      LineChart(
        title: "Accuracy", horizontal: "epoch", unit: .share,
        series: [
          LineChart.Series(name: "validation", points: [LineChart.Point(x: 1, y: 0.5), LineChart.Point(x: 2, y: .nan)])
        ]),
    ]
    return HTMLReport(
      title: title, facts: [HTMLReport.Fact("Network", "I3D + Non-Local")],
      main: EvaluationResult(file, pooling: .paper),
      results: WindowPooling.allCases.map { EvaluationResult(file, pooling: $0) }, charts: charts)
  }

  @Test func `the report shows results, facts, curves, matrix and activities`() throws {
    let page = try report().html()
    for text in [
      "<h1>VPN++ on Smarthome</h1>", "60.0 %", "66.7 %", "I3D + Non-Local", "Worst confusions", "Reliability",
      "Excluded, because the list has no clips of it: D.", "<td>paper</td>", "<td>code</td>", "<td>mean</td>", "Loss",
      "Accuracy",
    ] { #expect(page.contains(text), "\(text)") }
    #expect(page.ranges(of: "<svg").count == 4)
    #expect(page.ranges(of: "class=\"shown\"").count == 1)
  }

  @Test func `the report needs no other files and runs no scripts`() throws {
    let page = try report().html()
    for text in ["http:", "https:", "src=", "url(", "@import", "<script", "<link"] {
      #expect(!page.contains(text), "\(text)")
    }
  }

  @Test func `the report is well-formed with any text in it`() throws {
    let labels = ["A\(hostile)", "B\(hostile)", "C\(hostile)", "D\(hostile)"]
    let five = try fiveClips()
    let file = try scores(five.clips, labels: labels, system: hostile)
    var report = try report(hostile)
    report.main = EvaluationResult(file, pooling: .code)
    report.results = [report.main]
    report.facts = [HTMLReport.Fact(hostile, hostile)]
    report.charts[0].title = hostile
    report.charts[0].series[0].name = hostile
    // Apart from the void meta elements the page is XML.
    let page = report.html().replacing(/<!doctype html>|<meta [^>]*>/, with: "")
    let elements = try #require(Elements.count(page))
    #expect(elements["script"] == nil)
    #expect(elements["svg"] == 4)
  }

  @Test func `long curves are drawn with about one point per pixel, and NaN not at all`() throws {
    let page = try report().html()
    let points = page.split(separator: "points=\"")[1].prefix { $0 != "\"" }.split(separator: " ")
    #expect((400...480).contains(points.count))
    #expect(!page.lowercased().contains("nan"))
  }

  @Test(
    arguments: [
      [], [.nan], [0], [5, 5], [1e300, -1e300], [1e-300, 2e-300], [.infinity, 1], [1e9, 1e9 + 1e-6],
      [.greatestFiniteMagnitude, -.greatestFiniteMagnitude], [0, .leastNonzeroMagnitude], [3e38, 1],
    ] as [[Double]])
  func `charts draw curves with any values`(values: [Double]) throws {
    var report = try report()
    let points = values.enumerated().map { LineChart.Point(x: Double($0.offset), y: $0.element) }
    report.charts = [LineChart(title: "Odd", series: [LineChart.Series(name: "odd", points: points)])]
    let page = report.html()
    #expect(page.contains("<h3>Odd</h3>") == values.contains { abs($0) < 1e100 })
    for text in ["nan", "=\"inf", "=\"-inf"] { #expect(!page.lowercased().contains(text)) }
  }

  @Test(arguments: [
    (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]), (-5, -1, ["-5", "-4", "-3", "-2", "-1"]),
    (-0.3, 0.3, ["-0.2", "0", "0.2"]), (1, 8000, ["2000", "4000", "6000", "8000"]),
    (3, 3, ["2.6", "2.8", "3.0", "3.2", "3.4"]),
  ])
  func `a chart's scales have round numbers`(low: Double, high: Double, ticks: [String]) {
    let axis = Axis(low...high, ticks: 5)
    #expect(axis.ticks.map(axis.text) == ticks)
  }

  @Test func `a chart takes its curves from a log`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("step,loss,accuracy\n1,2.5,\n2,1.5,0.5\n")
    let chart = LineChart(title: "Loss", log: try CSVTable.read(path), columns: ["loss", "accuracy", "unknown"])
    #expect(chart.series.map(\.name) == ["loss", "accuracy"])
    #expect(chart.series[1].points == [LineChart.Point(x: 2, y: 0.5)])
  }

  @Test func `a report is written completely`() throws {
    let folder = try TemporaryFolder()
    try report().write(folder.file("report.html"))
    #expect(try folder.text("report.html") == report().html())
    #expect(throws: EvaluationError.self) { try report().write(folder.file("missing/report.html")) }
  }
}
