import Testing

@testable import Recognition

@Suite struct `Scores of streams` {
  private typealias Span = StreamScore.Span

  private let truth = [
    Span(label: "idle", begin: 0, end: 10), Span(label: "Walk", begin: 10, end: 15),
    Span(label: "Sit", begin: 16, end: 18), Span(label: "Read", begin: 20, end: 40),
    Span(label: "unknown", begin: 42, end: 60),
  ]

  private func score(_ recognised: [Span]) -> StreamScore {
    StreamScore(truth: truth, recognised: recognised, tolerance: 2, length: 60)
  }

  @Test func `of the truth itself are full`() {
    let score = score([truth[1], truth[2], truth[3]])
    #expect(score.found == 1 && score.falsePerMinute == 0 && score.medianDelay == 0)
    #expect(score.silence == (28, 28))
    #expect(score.activities.map(\.truth.label) == ["Walk", "Sit", "Read"])
  }

  @Test func `find what begins within the tolerance, before or after`() {
    #expect(score([Span(label: "Walk", begin: 12, end: 15)]).activities.map(\.onset) == [12, nil, nil])
    #expect(score([Span(label: "Walk", begin: 8, end: 15)]).activities.map(\.onset) == [8, nil, nil])
    #expect(score([Span(label: "Walk", begin: 12.01, end: 15)]).found == 0)
  }

  @Test func `count as false what goes on nowhere near, where something else does`() {
    // Too late to be found, and still no false one: it does go on.
    #expect(score([Span(label: "Read", begin: 30, end: 40)]).falseOnes.isEmpty)
    let drink = Span(label: "Drink", begin: 22, end: 30)
    #expect(score([drink]).falseOnes == [drink])
    #expect(score([drink]).falsePerMinute == 1)
    // On the way from one thing to the next.
    #expect(score([Span(label: "Drink", begin: 18, end: 20)]).falseOnes.isEmpty)
    #expect(score([Span(label: "Walk", begin: 45, end: 50)]).falseOnes.count == 1)
  }

  @Test func `measure how long nothing was said where nothing was to be`() {
    let score = score([Span(label: "Walk", begin: 7, end: 14), Span(label: "Drink", begin: 50, end: 54)])
    #expect(score.silence == (28, 21))
  }

  @Test func `of an empty stream are nothing to complain about`() {
    let score = StreamScore(truth: [], recognised: [], length: 0)
    #expect(score.found == 1 && score.falsePerMinute == 0 && score.medianDelay == nil)
  }
}
