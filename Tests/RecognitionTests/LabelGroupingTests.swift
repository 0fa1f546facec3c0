import Networks
import Recognition
import Testing

private let labels = ["drinking", "drinking beer", "drinking shots", "archery", "background", "bowling"]
private let families = [
  LabelFamily(name: "Drink", labels: ["drinking shots", "drinking", "drinking beer"]),
  LabelFamily(name: "Aim", labels: ["archery"]),
]
private let grouping = LabelGrouping(labels: labels, families: families)

/// Scores of windows of four seconds, one per second.
private struct Windows {
  var decider: ActivityDecider
  private var count = 0

  init(_ edit: (inout RecognitionOptions) -> Void = { _ in }, grouping: LabelGrouping = grouping) {
    var options = RecognitionOptions()
    options.smoothingWindows = 1
    options.onHold = 1
    options.offHold = 1
    edit(&options)
    decider = ActivityDecider(grouping, options: options)
  }

  mutating func decide(_ probabilities: [Float], grouping: LabelGrouping = grouping) -> [ActivityChange] {
    count += 1
    let end = Duration.seconds(count + 4)
    return decider.decide(WindowScores(grouping.scores(probabilities), begin: end - .seconds(4), end: end))
  }
}

private func words(_ changes: [ActivityChange], _ grouping: LabelGrouping = grouping) -> [String] {
  func word(_ activity: Activity) -> String {
    grouping.activities[activity.index] + (activity.member.map { " (\(grouping.labels[$0]))" } ?? "")
  }
  return changes.map { change in
    switch change {
    case .started(let activity): "+\(word(activity))"
    case .updated(let activity): "~\(word(activity))"
    case .ended(let activity, _): "-\(word(activity))"
    }
  }
}

@Suite struct `Grouping of labels` {
  @Test func `a grouping sums each family's probabilities, and the rest as other`() {
    #expect(grouping.activities == ["Drink", "Aim", "background", "other"])
    let scores = grouping.scores([0.25, 0.125, 0.125, 0.25, 0.125, 0.125])
    #expect(scores.probabilities == [0.5, 0.25, 0.125, 0.125])
    #expect(scores.labels == [0.25, 0.125, 0.125, 0.25, 0.125, 0.125])
  }

  @Test func `a grouping names the best label of each family`() {
    let scores = grouping.scores([0.1, 0.3, 0.1, 0.2, 0, 0.3])
    let top = grouping.top(scores, count: 3)
    #expect(top.map { grouping.activities[$0.index] } == ["Drink", "other", "Aim"])
    #expect(top.map { $0.member.map { labels[$0] } } == ["drinking beer", "bowling", "archery"])
  }

  @Test func `a grouping has an other only if labels are left`() {
    let all = LabelGrouping(labels: ["a", "b"], families: [LabelFamily(name: "A", labels: ["a", "b"])])
    #expect(all.activities == ["A"])
    #expect(
      LabelGrouping(labels: ["a", "Other", "b"], families: [LabelFamily(name: "A", labels: ["a"])]).activities == [
        "A", "other",
      ])
    let joined = LabelGrouping(
      labels: ["a", "b", "background"], families: [LabelFamily(name: "background", labels: ["b"])])
    #expect(joined.scores([0.25, 0.25, 0.5]).probabilities == [0.75, 0.25], "a reserved name is a single activity")
  }

  @Test func `a grouping leaves a model without families unchanged`() {
    let plain = LabelGrouping(labels: labels)
    #expect(plain.activities == labels && !plain.hasFamilies)
    let probabilities: [Float] = [0.1, 0.2, 0.3, 0.1, 0.2, 0.1]
    #expect(plain.scores(probabilities) == ActivityScores(probabilities))
    #expect(plain.top(plain.scores(probabilities), count: 1).map(\.member) == [nil])
    var windows = Windows(grouping: plain)
    #expect(words(windows.decide([0.05, 0.9, 0, 0, 0.05, 0], grouping: plain), plain) == ["+drinking beer"])
    #expect(windows.decider.state == .activity(index: 1))
  }

  @Test func `a grouping gives a clip's result for families`() {
    var verdict = ClipVerdict()
    verdict.add(grouping.scores([0.1, 0.3, 0.2, 0.4, 0, 0]))
    verdict.add(grouping.scores([0.2, 0.1, 0.1, 0.5, 0, 0.1]))
    #expect(verdict.pooled.map { ($0 * 10).rounded() / 10 } == [0.6, 0.5, 0, 0.1])
    #expect(verdict.index == 0 && verdict.member(grouping) == 1)
  }
}

@Suite struct `Decisions on families` {
  @Test func `three labels at 0.3 add up to a family that requires 0.8`() {
    let third: [Float] = [0.3, 0.3, 0.3, 0, 0.1, 0]
    var windows = Windows {
      $0.activities["Drink"] = .init()
      $0.activities["Drink"]?.on = 0.8
      $0.activities["Drink"]?.off = 0.5
      $0.onHold = 2
      $0.offHold = 2
    }
    #expect(windows.decide(third).isEmpty, "the hold applies to the family")
    #expect(words(windows.decide(third)) == ["+Drink (drinking)"])
    #expect(windows.decide([0.2, 0.2, 0.2, 0.3, 0.1, 0]).isEmpty, "0.6 is above the off threshold")
    #expect(windows.decide([0.1, 0.1, 0.1, 0.3, 0.4, 0]).isEmpty)
    #expect(words(windows.decide([0.1, 0.1, 0.1, 0.3, 0.4, 0])) == ["-Drink (drinking)"])
    var plain = Windows(grouping: LabelGrouping(labels: labels))
    for _ in 0..<5 { #expect(plain.decide(third, grouping: LabelGrouping(labels: labels)).isEmpty) }
  }

  @Test func `family sums are smoothed, so labels may alternate`() {
    var windows = Windows {
      $0.smoothingWindows = 3
      $0.onHold = 3
      $0.on = 0.8
    }
    #expect(windows.decide([0.9, 0, 0, 0, 0.1, 0]).isEmpty)
    #expect(windows.decide([0, 0.85, 0, 0, 0.15, 0]).isEmpty)
    #expect(words(windows.decide([0, 0.9, 0, 0, 0.1, 0])) == ["+Drink (drinking beer)"])
  }

  @Test func `a family keeps naming the label that was most probable over the whole activity`() {
    var windows = Windows()
    #expect(words(windows.decide([0.1, 0.6, 0.1, 0.1, 0.1, 0])) == ["+Drink (drinking beer)"])
    #expect(windows.decide([0.5, 0.1, 0.1, 0.1, 0.2, 0]).isEmpty)
    #expect(windows.decider.state == .activity(index: 0, member: 1), "0.7 against 0.6")
    #expect(windows.decide([0.5, 0.1, 0.1, 0.1, 0.2, 0]).isEmpty)
    #expect(windows.decider.state == .activity(index: 0, member: 0), "0.8 against 1.1")
    #expect(words(windows.decide([0, 0.1, 0.1, 0.1, 0.7, 0])) == ["-Drink (drinking)"])
  }

  @Test func `a family's label is chosen from the windows since the onset, none before`() {
    var windows = Windows {
      $0.onHold = 2
      $0.on = 0.7
    }
    for _ in 0..<5 { #expect(windows.decide([0.5, 0, 0, 0.5, 0, 0]).isEmpty) }
    #expect(windows.decide([0.6, 0.2, 0, 0.2, 0, 0]).isEmpty)
    #expect(words(windows.decide([0.1, 0.65, 0, 0.25, 0, 0])) == ["+Drink (drinking beer)"], "0.7 against 0.85")
  }

  @Test func `other and background open nothing, unless other is requested`() {
    var silent = Windows()
    #expect(silent.decide([0, 0, 0, 0, 0.05, 0.95]).isEmpty)
    #expect(silent.decider.state == .unknown)
    #expect(silent.decide([0, 0, 0, 0, 0.95, 0.05]).isEmpty)
    #expect(silent.decider.state == .idle)
    var asked = Windows { $0.opensOther = true }
    #expect(words(asked.decide([0, 0, 0, 0, 0.05, 0.95])) == ["+other (bowling)"])
    #expect(words(asked.decide([0, 0, 0, 0, 0.95, 0.05])) == ["-other (bowling)"], "background still opens nothing")
  }

  @Test func `a label called other counts as other`() {
    let plain = LabelGrouping(labels: ["Walk", "Other"])
    var silent = Windows(grouping: plain)
    #expect(silent.decide([0.1, 0.9], grouping: plain).isEmpty)
    var asked = Windows({ $0.opensOther = true }, grouping: plain)
    #expect(words(asked.decide([0.1, 0.9], grouping: plain), plain) == ["+Other"])
  }

  @Test func `label scores that are not finite count as uncertain`() {
    var windows = Windows()
    #expect(words(windows.decide([0.9, 0, 0, 0, 0.1, 0])) == ["+Drink (drinking)"])
    #expect(words(windows.decide([0.9, .nan, 0, 0, 0.1, 0])) == ["-Drink (drinking)"])
    #expect(windows.decider.notFinite == 1)
  }
}
