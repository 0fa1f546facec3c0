import Testing

@testable import Evaluation

@Suite struct `Scores of streams` {
  private typealias Subject = StreamScore.Subject

  private let truth = StreamTruth([
    line("idle", 0, 10), line("Walk", 10, 15), line("Sit", 16, 18), line("Read", 20, 40), line("unknown", 42, 60),
  ])

  private static func line(_ label: String, _ begin: Double, _ end: Double, person: Int = 1) -> StreamTruth.Line {
    StreamTruth.Line(StreamSpan(label: label, begin: begin, end: end), person: person)
  }

  private func span(_ label: String, _ begin: Double, _ end: Double) -> StreamSpan {
    StreamSpan(label: label, begin: begin, end: end)
  }

  private func score(_ recognised: StreamSpan...) -> StreamScore {
    StreamScore(truth: truth, subjects: [Subject(activities: recognised)])
  }

  @Test func `stream scores of the truth itself are perfect`() {
    let score = score(span("Walk", 10, 15), span("Sit", 16, 18), span("Read", 20, 40))
    #expect(score.recognised == 1 && score.falsePerMinute == 0 && score.medianDelay == 0)
    #expect(score.silence == (28, 28) && score.quiet == 1)
    #expect(score.activities.map(\.truth.span.label) == ["Walk", "Sit", "Read"])
  }

  @Test func `stream scores count what starts within the tolerance, before or after`() {
    #expect(score(span("Walk", 12, 15)).activities.map(\.onset) == [12, nil, nil])
    #expect(score(span("Walk", 8, 15)).activities.map(\.onset) == [8, nil, nil])
    #expect(score(span("Walk", 12.01, 15)).recognised == 0)
    #expect(score(span("Walk", 12, 15)).recognised == 1.0 / 3)
  }

  @Test func `stream scores count a recognised activity once, for the nearest start`() {
    let truth = StreamTruth([Self.line("Walk", 5, 9, person: 1), Self.line("Walk", 6, 9, person: 2)])
    let one = StreamScore(truth: truth, subjects: [Subject(activities: [span("Walk", 5.9, 9)])])
    #expect(one.activities.map(\.onset) == [nil, 5.9] && one.recognised == 0.5)
    let two = StreamScore(
      truth: truth,
      subjects: [Subject(activities: [span("Walk", 5.9, 9)]), Subject(activities: [span("Walk", 7, 9)])])
    #expect(two.activities.map(\.onset) == [7, 5.9])
  }

  @Test func `stream scores count as false what happens nowhere near, while something else does`() {
    // Too late to count as recognised, but not false: the activity is really going on.
    #expect(score(span("Read", 30, 40)).falseOnes.isEmpty)
    let drink = span("Drink", 22, 30)
    #expect(score(drink).falseOnes == [drink] && score(drink).falsePerMinute == 1)
    // Between one thing and the next.
    #expect(score(span("Drink", 18, 20)).falseOnes.isEmpty)
    #expect(score(span("Walk", 45, 50)).falseOnes.count == 1)
    // Half of it, from 40 to 42, lies between lines; two people with a line there do not change that.
    #expect(score(span("Drink", 39, 42)).falseOnes.isEmpty)
    let two = StreamTruth(truth.lines + [Self.line("idle", 39, 40, person: 2)])
    #expect(StreamScore(truth: two, subjects: [Subject(activities: [span("Drink", 39, 42)])]).falseOnes.isEmpty)
  }

  @Test func `seconds without an activity are quiet if nothing was recognised`() {
    // Open in the middle of 3 of the 10 idle seconds and of 4 of the 18 unknown ones.
    let score = score(span("Walk", 7, 14), span("Drink", 50, 54))
    #expect(score.silence == (28, 21) && score.quiet == 0.75)
  }

  @Test func `windows are quiet according to their own person's activities`() {
    let walker = Subject(activities: [span("Walk", 4, 9)], windows: [1...3, 4...6, 5...7, 9...11, 44...46])
    let other = Subject(activities: [], windows: [4...6])
    let score = StreamScore(truth: truth, subjects: [walker, other])
    // 9...11 overlaps the walk; the walker's 4...6 and 5...7 are not quiet, the other person's is.
    #expect(score.silence == (5, 3) && score.quiet == 0.6)
  }

  @Test func `a person who has left counts as absent until they come back`() {
    let lines = [
      Self.line("Leave", 2, 4), Self.line("Enter", 10, 12), Self.line("idle", 13, 16), Self.line("Leave", 17, 18),
      Self.line("idle", 0, 20, person: 2),
    ]
    let truth = StreamTruth(lines)
    #expect(truth.quiet == TimeSet([4...10, 13...16, 18...20]))
    #expect(StreamTruth(Array(lines.prefix(4))).quiet == TimeSet([4...10, 13...16]))
    let drink = StreamScore(
      truth: StreamTruth(Array(lines.prefix(4))), subjects: [Subject(activities: [span("Drink", 5, 8)])])
    #expect(drink.falseOnes.count == 1)
  }

  @Test func `streams of two people are quiet only while neither does anything`() {
    let truth = StreamTruth([
      Self.line("idle", 0, 10), Self.line("Walk", 3, 6, person: 2), Self.line("unknown", 6, 9, person: 2),
    ])
    #expect(truth.quiet == TimeSet([6...9]))
    #expect(truth.of(1).quiet == TimeSet([0...10]))
  }

  @Test func `where nothing is to be recognised, no share of it is`() {
    let score = StreamScore(truth: StreamTruth([Self.line("idle", 0, 3)]), subjects: [])
    #expect(score.recognised == nil && score.falsePerMinute == 0 && score.medianDelay == nil && score.quiet == nil)
  }
}

@Suite struct `Truths of streams` {
  @Test func `stream truths are read with and without people`() throws {
    let one = try StreamTruth(csv: "begin,end,label\n5,7.5,Walk\n0,5,idle\n", path: "t")
    #expect(one.lines.map(\.span.label) == ["idle", "Walk"] && one.people == [1] && one.length == 7.5)
    let two = try StreamTruth(csv: "begin,end,label,person\n0,5,idle,2\n0,6,Walk,1\n", path: "t")
    #expect(two.lines.map(\.person) == [1, 2] && two.of(2).length == 5 && two.of(3).lines.isEmpty)
  }

  @Test func `stream truths give the label that applies throughout a window`() throws {
    let truth = try StreamTruth(csv: "begin,end,label\n0,5,idle\n5.2,7.5,Walk\n", path: "t")
    #expect(truth.label(during: 0...5) == "idle" && truth.label(during: 5.2...7) == "Walk")
    #expect(truth.label(during: 4...6) == nil && truth.label(during: 5...5.1) == nil)
    #expect(truth.label(during: 7...8) == nil)
  }

  @Test(arguments: [
    ("", 1), ("begin,end\n", 1), ("begin,end,label\n", 2),
    ("begin,end,label\n1,1,Walk\n", 2), ("begin,end,label\n1,0,Walk\n", 2), ("begin,end,label\n0,1,Walk\n0,1,\n", 3),
    ("begin,end,label\n\n0,nan,Walk\n", 3), ("begin,end,label,person\n0,1,Walk,x\n", 2),
  ])
  func `invalid stream truths are refused with the line`(csv: String, line: Int) {
    let error = #expect(throws: EvaluationError.self) { try StreamTruth(csv: csv, path: "t.csv") }
    #expect(error?.description.hasPrefix("t.csv, line \(line): ") == true)
  }
}
