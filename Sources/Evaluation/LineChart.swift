import Foundation

/// Curves over the steps or epochs of a run.
package struct LineChart: Sendable {
  /// A point of a curve.
  package struct Point: Hashable, Sendable {
    package var x: Double
    package var y: Double

    package init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }

    /// False for NaN, and for values too large to compute a scale with.
    fileprivate var isDrawable: Bool { abs(x) < 1e100 && abs(y) < 1e100 }
  }

  /// A curve.
  package struct Series: Hashable, Sendable {
    package var name: String
    /// Ordered by x; NaN interrupts the curve.
    package var points: [Point]

    package init(name: String, points: [Point]) {
      self.name = name
      self.points = points
    }
  }

  /// How values are formatted.
  package enum Unit: Sendable { case number, share }

  package var title: String
  package var horizontal: String
  package var unit: Unit
  package var series: [Series]

  /// - Parameters:
  ///   - title: what the values are.
  ///   - horizontal: what x is.
  ///   - unit: shares are drawn from 0 to 100 %.
  ///   - series: colours distinguish at most six.
  package init(title: String, horizontal: String = "step", unit: Unit = .number, series: [Series]) {
    self.title = title
    self.horizontal = horizontal
    self.unit = unit
    self.series = series
  }

  /// Curves of a log's columns; missing and empty columns are skipped.
  package init(
    title: String, horizontal: String = "step", unit: Unit = .number, log: CSVTable, columns: [String]
  ) {
    let series = columns.map { Series(name: $0, points: log.points($0)) }.filter { !$0.points.isEmpty }
    self.init(title: title, horizontal: horizontal, unit: unit, series: series)
  }

  /// Most points drawn per curve: about one per pixel.
  private static let resolution = 480

  /// The picture for the report's page; `nil` if there is nothing to draw.
  func inlineSVG() -> String? {
    let drawable = series.flatMap { $0.points.filter(\.isDrawable) }
    guard let first = drawable.first else { return nil }
    let curves = series.map { Self.thinned($0.points) }
    let values = curves.joined().filter(\.isDrawable).map(\.y)
    var x = Axis(drawable.reduce(first.x...first.x) { min($0.lowerBound, $1.x)...max($0.upperBound, $1.x) }, ticks: 6)
    var y = unit == .share ? Axis(0...1, ticks: 5) : Axis((values.min() ?? 0)...(values.max() ?? 1), ticks: 5)
    y.includeTicks()

    let (left, width, height) = (58.0, 500.0, 216.0)
    let legend = legend(left: left, right: left + width)
    let top = legend.height + 16
    x.begin(at: left, length: width)
    y.begin(at: top + height, length: -height)
    var picture = Drawing(width: left + width + 22, height: top + height + 44)
    for tick in y.ticks {
      picture.line(left, y.place(tick), left + width, y.place(tick), "grid")
      picture.text(text(tick, y), left - 8, y.place(tick) + 3.5, "label quiet", anchor: .end)
    }
    for tick in x.ticks {
      picture.text(x.text(tick), x.place(tick), top + height + 18, "label quiet", anchor: .middle)
    }
    picture.text(horizontal, left + width / 2, top + height + 36, "muted", anchor: .middle)

    for (index, curve) in curves.enumerated() {
      let color = "c\(index % Style.colorCount)"
      for run in curve.split(whereSeparator: { !$0.isDrawable }) {
        picture.polyline(run.map { (x.place($0.x), y.place($0.y)) }, "curve \(color)")
        // Few points are measurements worth marking; a single one has no line.
        for point in run where curve.count <= 60 {
          let value = unit == .share ? Markup.percent(point.y) : String(format: "%.4g", point.y)
          let hint = "\(series[index].name), \(horizontal) \(x.text(point.x)): \(value)"
          picture.circle(x.place(point.x), y.place(point.y), 3, "dot \(color)", hint: hint)
        }
      }
      let entry = legend.entries[index]
      picture.rectangle(entry.x, entry.y - 6, 14, 4, "dot \(color)")
      picture.text(entry.name, entry.x + 20, entry.y)
    }
    return picture.inline(title: title)
  }

  private func text(_ tick: Double, _ axis: Axis) -> String {
    unit == .share ? Markup.percent(tick, digits: 0) : axis.text(tick)
  }

  /// Names side by side, in as many rows as needed.
  private func legend(left: Double, right: Double) -> (entries: [(name: String, x: Double, y: Double)], height: Double)
  {
    var (x, y) = (left, 16.0)
    let entries = series.map { one in
      let name = Markup.cut(one.name, to: 26)
      let width = 38 + Double(name.count) * 6.2
      if x > left, x + width > right { (x, y) = (left, y + 16) }
      defer { x += width }
      return (name, x, y)
    }
    return (entries, y)
  }

  /// Averages neighbours, so that a run of 100,000 steps does not make a page of megabytes.
  private static func thinned(_ points: [Point]) -> [Point] {
    guard points.count > resolution else { return points }
    let size = (points.count + resolution - 1) / resolution
    return stride(from: 0, to: points.count, by: size).map { start in
      let part = points[start..<min(start + size, points.count)]
      return Point(
        x: part.reduce(0) { $0 + $1.x } / Double(part.count), y: part.reduce(0) { $0 + $1.y } / Double(part.count))
    }
  }
}

/// A scale with round numbers.
struct Axis {
  private var range: ClosedRange<Double>
  private let step: Double
  private var origin = 0.0
  private var length = 1.0

  /// - Parameters:
  ///   - range: the range of the values; widened if it is a single value.
  ///   - count: approximate number of ticks.
  init(_ range: ClosedRange<Double>, ticks count: Int) {
    let (low, high) = (range.lowerBound, range.upperBound)
    // Wide enough that steps do not vanish in rounding.
    let least = max(abs(low), abs(high), 1e-90) * 1e-9
    self.range = high - low > least ? range : low - max(0.5, least)...high + max(0.5, least)
    let rough = (self.range.upperBound - self.range.lowerBound) / Double(count)
    let power = pow(10, floor(log10(rough)))
    let factors: [Double] = [1, 2, 5, 10]
    step = (factors.first { $0 * power >= rough } ?? 10) * power
  }

  /// Widens the range to whole steps.
  mutating func includeTicks() {
    range = floor(range.lowerBound / step) * step...ceil(range.upperBound / step) * step
  }

  /// Sets where the range starts in the drawing, and how long it is.
  mutating func begin(at origin: Double, length: Double) { (self.origin, self.length) = (origin, length) }

  var ticks: [Double] {
    let first = (range.lowerBound / step).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    guard first.isFinite, last.isFinite, last >= first, last - first < 100 else { return [] }
    // Adding zero turns -0 into 0.
    return (0...Int(last - first)).map { (first + Double($0)) * step + 0 }
  }

  func place(_ value: Double) -> Double {
    origin + (value - range.lowerBound) / (range.upperBound - range.lowerBound) * length
  }

  /// As many digits as neighbouring ticks need to differ.
  func text(_ value: Double) -> String {
    if value == 0 { return "0" }
    if abs(value) >= 1e6 || step < 1e-4 { return String(format: "%.4g", value) }
    return Markup.decimal(value, max(0, Int(-floor(log10(step)))))
  }
}
