import Basics
import Recognition
import Testing

/// A timeline in which each character is a window of half a second: a letter is the activity the network is certain of,
/// `-` a window without a certain activity.
private struct Timeline {
  static let labels = ["A", "B", "C", "idle", "other"]
  static let hop = Duration.milliseconds(500)
  static let span = Duration.seconds(4)

  /// Probability of the certain activity.
  var sure: Float = 0.9
  var motion: Float = 10

  /// Scores of the window at `index`, which ends `index` hops after the first one's end.
  func scores(_ character: Character, at index: Int) -> WindowScores {
    var probabilities = [Float](repeating: 0.2, count: Self.labels.count)
    let names: [Character: Int] = ["A": 0, "B": 1, "C": 2, "i": 3, "o": 4]
    if let winner = names[character] {
      probabilities = [Float](repeating: (1 - sure) / 4, count: Self.labels.count)
      probabilities[winner] = sure
    }
    let end = Self.span + Self.hop * index
    return WindowScores(probabilities: probabilities, begin: end - Self.span, end: end, motion: motion)
  }

  /// Middle of the window at `index`.
  static func middle(_ index: Int) -> Duration { span / 2 + hop * index }

  func run(_ text: String, _ options: RecognitionOptions) -> (changes: [ActivityChange], decider: ActivityDecider) {
    var decider = ActivityDecider(labels: Self.labels, options: options)
    let changes = text.enumerated().flatMap { decider.decide(scores($0.element, at: $0.offset)) }
    return (changes, decider)
  }
}

/// Options without smoothing, so that timelines can be followed by eye.
private func plain(_ edit: (inout RecognitionOptions) -> Void = { _ in }) -> RecognitionOptions {
  var options = RecognitionOptions()
  options.smoothingWindows = 1
  edit(&options)
  return options
}

private func described(_ changes: [ActivityChange]) -> [String] {
  changes.map { change in
    switch change {
    case .started(let activity): "+\(Timeline.labels[activity.index]) \(activity.onset)"
    case .updated(let activity): "~\(Timeline.labels[activity.index])"
    case .ended(let activity, let reason):
      "-\(Timeline.labels[activity.index]) \(activity.offset ?? .zero) \(reason.rawValue)"
    }
  }
}

@Suite struct `Activity decisions` {
  @Test func `an activity starts after its hold, back-dated to the middle of the first certain window`() {
    let (changes, _) = Timeline().run("--AA", plain())
    #expect(described(changes) == ["+A \(Timeline.middle(2))"])
  }

  @Test func `one certain window is not enough for a hold of two`() {
    #expect(Timeline().run("-A-A-A-", plain()).changes.isEmpty)
  }

  @Test func `an activity ends after its hold, back-dated to the middle of the first uncertain window`() {
    let (changes, decider) = Timeline().run("AAAA---", plain())
    #expect(
      described(changes) == ["+A \(Timeline.middle(0))", "-A \(Timeline.middle(4)) below_threshold"])
    #expect(decider.current == nil)
  }

  @Test func `confidence is the mean from onset to offset, including dips but not what follows`() {
    func confidence(_ text: String) -> Float? {
      for case .ended(let activity, _) in Timeline().run(text, plain()).changes { return activity.confidence }
      return nil
    }
    #expect(abs((confidence("AAAA---") ?? 0) - 0.9) < 1e-6)
    // Counted from the window that started it: three certain ones and a dip.
    #expect(abs((confidence("AAA-A---") ?? 0) - (3 * 0.9 + 0.2) / 4) < 1e-6)
  }

  @Test func `a weak newest window does not hide the strong ones behind the smoothed score`() throws {
    var options = plain()
    options.smoothingWindows = 3
    options.on = 0.5
    let changes = Timeline().run("--AA-", options).changes
    guard case .started(let activity)? = changes.first else {
      Issue.record("nothing started: \(changes)")
      return
    }
    #expect(activity.onset == Timeline.middle(2))
  }

  @Test func `a short dip does not end an activity`() {
    #expect(described(Timeline().run("AAA--AAA--A", plain()).changes) == ["+A \(Timeline.middle(0))"])
  }

  @Test func `another activity ends the first one where it starts`() {
    let (changes, decider) = Timeline().run("AAABB", plain())
    let turn = Timeline.middle(3)
    #expect(described(changes) == ["+A \(Timeline.middle(0))", "-A \(turn) other_activity", "+B \(turn)"])
    #expect(decider.state == .activity(index: 1))
  }

  @Test func `smoothing delays the decision but not the onset`() {
    var options = RecognitionOptions()
    options.smoothingWindows = 3
    let changes = Timeline().run("---AAAA", options).changes
    #expect(described(changes) == ["+A \(Timeline.middle(3))"])
  }

  @Test func `a winning label without the margin starts no activity`() {
    var decider = ActivityDecider(
      labels: ["A", "B"],
      options: plain {
        $0.on = 0.5; $0.margin = 0.2
      })
    for index in 0..<6 {
      let end = Duration.seconds(index + 4)
      let scores = WindowScores(probabilities: [0.55, 0.45], begin: end - .seconds(4), end: end)
      #expect(decider.decide(scores).isEmpty)
    }
    #expect(decider.state == .unknown)
  }

  @Test func `an activity shorter than the minimum never appears`() {
    let options = plain { $0.minimumDuration = .seconds(6) }
    #expect(Timeline().run("AAAA------", options).changes.isEmpty)
    let long = Timeline().run("AAAAAAAAAAAA", options).changes
    #expect(described(long) == ["+A \(Timeline.middle(0))"])
  }

  @Test func `a cool-down suppresses the same activity but no other`() {
    let options = plain { $0.coolDown = .seconds(10) }
    let changes = described(Timeline().run("AA---AAAA---BB", options).changes)
    #expect(changes.map { $0.prefix(2) } == ["+A", "-A", "+B"])
  }

  @Test func `an activity past the maximum is ended and starts again`() {
    let changes = described(Timeline().run("AAAAAAAAAAAAAA", plain { $0.maximumDuration = .seconds(4) }).changes)
    #expect(changes.prefix(3).map { $0.prefix(2) } == ["+A", "-A", "+A"])
    #expect(changes[1].hasSuffix("max_duration"))
  }

  @Test func `single activities may have separate thresholds or none at all`() {
    var own = RecognitionOptions.Activity()
    own.on = 0.95
    #expect(Timeline().run("AAAA", plain { $0.activities = ["A": own] }).changes.isEmpty)
    var never = RecognitionOptions.Activity()
    never.isEnabled = false
    #expect(Timeline().run("AAAA", plain { $0.activities = ["A": never] }).changes.isEmpty)
    #expect(!Timeline().run("BBBB", plain { $0.activities = ["A": never] }).changes.isEmpty)
  }

  @Test func `reserved labels are states, not activities`() {
    #expect(Timeline().run("iiii", plain()).changes.isEmpty)
    #expect(Timeline().run("iiii", plain()).decider.state == .idle)
    #expect(Timeline().run("oooo", plain()).decider.state == .unknown)
    #expect(Timeline().run("AAiii", plain()).changes.count == 2)
  }

  @Test func `a still scene starts no activity and is idle`() {
    let (changes, decider) = Timeline(motion: 0).run("AAAA", plain { $0.motionGate = 0.3 })
    #expect(changes.isEmpty && decider.state == .idle)
    #expect(!Timeline(motion: 0).run("AAAA", plain()).changes.isEmpty, "without a gate, the activity continues")
  }

  @Test func `a still person keeps an activity recognised while moving`() {
    var decider = ActivityDecider(labels: Timeline.labels, options: plain { $0.motionGate = 0.3 })
    for (index, motion) in [10, 10, 10, 0, 0, 0, 0, 0].enumerated() {
      _ = decider.decide(Timeline(motion: Float(motion)).scores("A", at: index))
    }
    #expect(decider.state == .activity(index: 0))
  }

  @Test func `an onset never extends into a time when nothing moved`() throws {
    var decider = ActivityDecider(labels: Timeline.labels, options: plain { $0.motionGate = 0.3 })
    var changes: [ActivityChange] = []
    for (index, motion) in [0, 0, 0, 0, 10, 10].enumerated() {
      changes += decider.decide(Timeline(motion: Float(motion)).scores("A", at: index))
    }
    #expect(described(changes) == ["+A \(Timeline.middle(4))"])
  }

  @Test(arguments: EndReason.allCases) func `an open activity is ended from outside exactly once`(reason: EndReason) {
    var (_, decider) = Timeline().run("AAA", plain())
    let time = Duration.seconds(60)
    #expect(described(decider.end(at: time, reason: reason)) == ["-A \(time) \(reason.rawValue)"])
    #expect(decider.end(at: time, reason: reason).isEmpty)
  }

  @Test func `recognition states follow the camera`() {
    var decider = ActivityDecider(labels: Timeline.labels)
    #expect(decider.state == .noSignal)
    decider.warmUp()
    #expect(decider.state == .warmingUp)
    _ = decider.decide(Timeline().scores("-", at: 0))
    #expect(decider.state == .unknown)
    _ = decider.end(at: .seconds(9), reason: .cameraLost)
    #expect(decider.state == .noSignal)
  }

  @Test func `scores that are not finite count as uncertain`() {
    var decider = ActivityDecider(labels: Timeline.labels, options: plain())
    func feed(_ text: String, from start: Int) -> [ActivityChange] {
      text.enumerated().flatMap { offset, character in
        var scores = Timeline().scores(character == "N" ? "-" : character, at: start + offset)
        if character == "N" { scores.activities.probabilities[1] = .nan }
        return decider.decide(scores)
      }
    }
    #expect(feed("ANA", from: 0).isEmpty, "a window that is not finite interrupts the hold")
    #expect(described(feed("A", from: 3)) == ["+A \(Timeline.middle(2))"])
    #expect(feed("NNN", from: 4).count == 1, "several such windows in a row end an activity")
    #expect(decider.notFinite == 4)
  }

  @Test func `a restarted camera clock does not hold back onsets`() {
    var (_, decider) = Timeline().run("AAA------", plain { $0.coolDown = .seconds(100) })
    _ = decider.end(at: .seconds(100), reason: .cameraLost)
    let changes = "BB".enumerated().flatMap { decider.decide(Timeline().scores($0.element, at: $0.offset)) }
    #expect(described(changes) == ["+B \(Timeline.middle(0))"])
  }

  @Test func `confidence is the mean and peak the largest probability since the start`() throws {
    var decider = ActivityDecider(labels: Timeline.labels, options: plain())
    var last: Activity?
    for (index, sure) in [0.7, 0.7, 0.9, 0.8].enumerated() {
      _ = decider.decide(Timeline(sure: Float(sure)).scores("A", at: index))
      last = decider.current
    }
    let activity = try #require(last)
    #expect(abs(activity.confidence - 0.8) < 1e-6, "the mean of 0.7, 0.9 and 0.8 includes the starting window")
    #expect(activity.peak == 0.9)
  }

  @Test func `a considerable rise of the peak is reported once`() {
    var decider = ActivityDecider(labels: Timeline.labels, options: plain())
    let changes = [0.7, 0.7, 0.75, 0.85, 0.85, 0.9].enumerated().flatMap { index, sure in
      decider.decide(Timeline(sure: Float(sure)).scores("A", at: index))
    }
    #expect(described(changes).map { $0.prefix(2) } == ["+A", "~A"])
  }

  @Test(arguments: 0..<300) func `random scores never give overlapping, unended or backward activities`(seed: UInt64)
    throws
  {
    var random = SplitMix64(seed: seed)
    var options = RecognitionOptions()
    options.smoothing = try #require(RecognitionOptions.Smoothing.allCases.randomElement(using: &random))
    options.smoothingWindows = Int.random(in: 1...5, using: &random)
    options.onHold = Int.random(in: 1...3, using: &random)
    options.offHold = Int.random(in: 1...3, using: &random)
    options.on = Float.random(in: 0.3...0.7, using: &random)
    options.off = Float.random(in: 0.1...0.3, using: &random)
    options.margin = Float.random(in: 0...0.2, using: &random)
    options.motionGate = 0.5
    options.minimumDuration = .milliseconds(Int.random(in: 0...4000, using: &random))
    options.coolDown = .milliseconds(Int.random(in: 0...4000, using: &random))
    options.maximumDuration = Bool.random(using: &random) ? .seconds(5) : nil
    var decider = ActivityDecider(labels: Timeline.labels, options: options)
    var open: Activity?
    var lastEnd = Duration.zero
    var time = Duration.seconds(4)
    func check(_ changes: [ActivityChange], at now: Duration) {
      for change in changes {
        switch change {
        case .started(let activity):
          #expect(open == nil && activity.onset >= lastEnd && activity.onset <= now, "seed \(seed)")
          open = activity
        case .updated(let activity): #expect(open?.number == activity.number, "seed \(seed)")
        case .ended(let activity, _):
          #expect(open?.number == activity.number, "seed \(seed)")
          #expect((activity.offset ?? .zero) >= activity.onset && (activity.offset ?? .zero) <= now, "seed \(seed)")
          lastEnd = activity.offset ?? .zero
          open = nil
        }
      }
    }
    var winner = 0
    for _ in 0..<120 {
      if Int.random(in: 0..<4, using: &random) == 0 { winner = Int.random(in: 0..<5, using: &random) }
      var logits = (0..<5).map { _ in Float.random(in: -1...1, using: &random) }
      logits[winner] += Float.random(in: 0...4, using: &random)
      if Int.random(in: 0..<40, using: &random) == 0 { logits[0] = .nan }
      let scores = WindowScores(
        probabilities: Softmax.probabilities(of: logits), begin: time - .seconds(4), end: time,
        motion: Float.random(in: 0...2, using: &random))
      check(decider.decide(scores), at: time)
      if Int.random(in: 0..<30, using: &random) == 0 { decider.warmUp() }
      time += .milliseconds(Int.random(in: 400...700, using: &random))
    }
    check(decider.end(at: time, reason: .shutdown), at: time)
    #expect(open == nil, "seed \(seed)")
  }
}

@Suite struct `Scores` {
  @Test func `softmax equals values computed by hand`() {
    let probabilities = Softmax.probabilities(of: [0, 1, 2])
    let expected: [Float] = [0.09003057, 0.24472848, 0.66524094]
    #expect(zip(probabilities, expected).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func `a higher temperature flattens the softmax`() {
    let probabilities = Softmax.probabilities(of: [0, 2], temperature: 2)
    #expect(abs(probabilities[1] - 0.7310586) < 1e-6)
  }

  @Test func `huge logits do not overflow the softmax`() {
    #expect(Softmax.probabilities(of: [1000, 0, -1000]) == [1, 0, 0])
  }

  @Test func `a clip's result takes each activity's best window`() {
    var verdict = ClipVerdict()
    #expect(verdict.index == nil)
    for window in [[0.5, 0.4, 0.1], [0.1, 0.7, 0.2], [0.6, 0.3, 0.1]] as [[Float]] {
      verdict.add(ActivityScores(window))
    }
    #expect(verdict.pooled == [0.6, 0.7, 0.2])
    #expect(verdict.index == 1)
  }
}
