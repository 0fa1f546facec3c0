/// A stretch of time with one label, in seconds from the start of a stream.
package struct StreamSpan: Equatable, Sendable {
  package var label: String
  package var begin: Double
  package var end: Double

  package init(label: String, begin: Double, end: Double) {
    (self.label, self.begin, self.end) = (label, begin, end)
  }
}

/// What really happens in a stream: who does what, from when to when.
///
/// Between a person's lines they are changing from one thing to the next: nothing is expected there, and nothing is
/// wrong. After `Leave` the person is absent until their next line.
package struct StreamTruth: Equatable, Sendable {
  /// One thing that one person does.
  package struct Line: Equatable, Sendable {
    package var span: StreamSpan
    /// The person's number, from 1.
    package var person: Int

    package init(_ span: StreamSpan, person: Int = 1) { (self.span, self.person) = (span, person) }
  }

  /// Labels during which nothing should be recognised.
  package static let silent: Set = ["idle", "unknown", "background"]
  private static let header = "begin,end,label"

  /// Ordered by start.
  package let lines: [Line]

  package init(_ lines: [Line]) {
    self.lines = lines.sorted { ($0.span.begin, $0.person) < ($1.span.begin, $1.person) }
  }

  /// Parses the output of `adl synth --stream`: columns begin, end (seconds) and label, and person if there are
  /// several.
  ///
  /// - Parameters:
  ///   - csv: the text.
  ///   - path: the file's path, for messages.
  /// - Throws: `EvaluationError.malformed` with the line.
  package init(csv: String, path: String) throws(EvaluationError) {
    let rows = csv.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let header = rows.first.map(String.init) ?? ""
    let hasPeople = header == Self.header + ",person"
    guard hasPeople || header == Self.header else {
      throw .malformed(path: path, line: 1, reason: "it must be \(Self.header) or \(Self.header),person")
    }
    var lines: [Line] = []
    for (index, row) in rows.enumerated().dropFirst() where !row.isEmpty {
      let fields = row.split(separator: ",", maxSplits: hasPeople ? 3 : 2, omittingEmptySubsequences: false)
      let who = hasPeople ? fields.last.flatMap { Int($0) } : 1
      guard fields.count == (hasPeople ? 4 : 3), let who, let begin = Double(fields[0]), let end = Double(fields[1]),
        begin.isFinite, end.isFinite, begin < end, !fields[2].isEmpty
      else {
        throw .malformed(path: path, line: index + 1, reason: "'\(row)' is not \(header) with begin before end")
      }
      lines.append(Line(StreamSpan(label: String(fields[2]), begin: begin, end: end), person: who))
    }
    guard !lines.isEmpty else { throw .malformed(path: path, line: 2, reason: "there is no line about what happens") }
    self.init(lines)
  }

  /// All people's numbers, in order.
  package var people: [Int] { Set(lines.map(\.person)).sorted() }

  /// What one person does.
  ///
  /// - Parameter person: their number.
  /// - Returns: only that person's lines; empty if there is no such person.
  package func of(_ person: Int) -> StreamTruth { StreamTruth(lines.filter { $0.person == person }) }

  /// The label that applies throughout a stretch of time.
  ///
  /// - Parameter time: seconds.
  /// - Returns: the label; `nil` if it changes or there is none.
  package func label(during time: ClosedRange<Double>) -> String? {
    lines.first { $0.span.begin <= time.lowerBound && time.upperBound <= $0.span.end }?.span.label
  }

  /// Seconds until the end of the last line.
  package var length: Double { lines.map(\.span.end).max() ?? 0 }

  /// The lines that should be recognised.
  var activities: [Line] { lines.filter { !Self.silent.contains($0.span.label) } }

  /// The times covered by a line or an absence, rather than by a change from one thing to the next.
  var known: TimeSet { TimeSet(lines.map { $0.span.begin...$0.span.end } + absences) }

  /// The times when nothing should be recognised, for any person.
  var quiet: TimeSet {
    let each = people.map { person in
      let own = of(person)
      let silent = own.lines.filter { Self.silent.contains($0.span.label) }
      return TimeSet(silent.map { $0.span.begin...$0.span.end } + absences(of: own))
    }
    return each.dropFirst().reduce(each.first ?? TimeSet([])) { $0.intersection($1) }
  }

  private var absences: [ClosedRange<Double>] { people.flatMap { absences(of: of($0)) } }

  /// From the end of each `Leave` to the person's next line, or to the end of the stream.
  private func absences(of one: StreamTruth) -> [ClosedRange<Double>] {
    one.lines.enumerated().compactMap { index, line in
      guard line.span.label == "Leave" else { return nil }
      let next = index + 1 < one.lines.count ? one.lines[index + 1].span.begin : length
      return next > line.span.end ? line.span.end...next : nil
    }
  }
}

/// Disjoint stretches of time, in order.
struct TimeSet: Equatable {
  let ranges: [ClosedRange<Double>]

  /// Joins overlapping and touching ranges.
  init(_ ranges: [ClosedRange<Double>]) {
    var joined: [ClosedRange<Double>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = joined.last, range.lowerBound <= last.upperBound {
        joined[joined.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        joined.append(range)
      }
    }
    self.ranges = joined
  }

  func intersection(_ other: TimeSet) -> TimeSet {
    TimeSet(ranges.flatMap { a in other.ranges.filter { $0.overlaps(a) }.map { $0.clamped(to: a) } })
  }

  /// Whether it contains a whole stretch.
  func covers(_ range: ClosedRange<Double>) -> Bool {
    ranges.contains { $0.lowerBound <= range.lowerBound && $0.upperBound >= range.upperBound }
  }

  /// Seconds of a stretch that it contains.
  func overlap(_ range: ClosedRange<Double>) -> Double {
    ranges.filter { $0.overlaps(range) }.reduce(0) { sum, own in
      let common = own.clamped(to: range)
      return sum + common.upperBound - common.lowerBound
    }
  }
}
