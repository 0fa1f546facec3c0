import Basics
import Evaluation
import Foundation
import Testing

private func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-6) -> Bool { abs(a - b) <= tolerance }

struct EvaluationTests {
  @Test func `accuracies of five clips are those counted by hand`() throws {
    let result = EvaluationResult(try fiveClips(), pooling: .paper)
    #expect(result.clipCount == 5 && result.windowCount == 5)
    #expect(result.top1 == 0.6)
    #expect(result.top5 == 1)
    #expect(result.confusion.counts == [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]])
    let nll = -(log(0.7) + log(0.2) + log(0.62) + log(0.2) + log(0.82)) / 5
    #expect(isClose(result.negativeLogLikelihood, nll))
  }

  @Test func `mean class accuracy excludes and lists activities that do not occur`() throws {
    let result = EvaluationResult(try fiveClips(), pooling: .paper)
    // Recalls 1/2, 1 and 1/2; counting D as zero would give one half.
    #expect(isClose(result.meanClassAccuracy, 2.0 / 3))
    #expect(result.absentClasses == [3])
    #expect(result.perClass[3].recall == nil && result.perClass[3].precision == nil)
  }

  @Test func `each activity has its number of clips, recall, precision and most frequent confusion`() throws {
    let perClass = EvaluationResult(try fiveClips(), pooling: .code).perClass
    #expect(perClass.map(\.label) == ["A", "B", "C", "D"])
    #expect(perClass.map(\.support) == [2, 1, 2, 0])
    #expect(perClass.map(\.recall) == [0.5, 1, 0.5, nil])
    #expect(perClass.map(\.precision) == [0.5, 0.5, 1, nil])
    #expect(perClass.map(\.mostConfusedWith) == [1, nil, 0, nil])
  }

  @Test func `the table of activities quotes names and leaves undefined values empty`() throws {
    let table = EvaluationResult(try fiveClips(), pooling: .code).classTable()
    #expect(
      table == """
        class,clips,recall,precision,most_confused_with
        A,2,0.500000,0.500000,B
        B,1,1.000000,0.500000,
        C,2,0.500000,1.000000,A
        D,0,,,

        """)
    let named = EvaluationResult(
      try scores([clip("a", 0, [0.7, 0.3])], labels: ["say \"hi\", wave", "sit"]), pooling: .paper)
    #expect(named.classTable().contains("\"say \"\"hi\"\", wave\",1,1.000000"))
  }

  @Test func `calibration error weights each bin's gap by its clips`() throws {
    let apart = EvaluationResult(try fiveClips(), pooling: .paper)
    #expect(isClose(apart.calibrationError, (0.3 + 0.5 + 0.38 + 0.42 + 0.18) / 5))
    // Both predictions fall into the eleventh bin: half of them correct, predicted 0.71.
    let together = EvaluationResult(
      try scores([clip("a", 0, [0.7, 0.3]), clip("b", 1, [0.72, 0.28])]), pooling: .paper)
    #expect(isClose(together.calibrationError, 0.21))
    #expect(together.reliability.map(\.count) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0])
    #expect(isClose(together.reliability[10].confidence, 0.71) && together.reliability[10].accuracy == 0.5)
  }

  @Test func `a prediction with probability 1 counts in the last bin`() throws {
    let sure = ScoredClip(name: "sure", label: 0, windows: [[1000, 0]])
    let result = EvaluationResult(try scores([sure]), pooling: .paper)
    #expect(result.reliability[14].count == 1)
    #expect(result.calibrationError == 0 && result.negativeLogLikelihood == 0)
  }

  @Test func `a true activity with probability zero makes the likelihood small but finite`() throws {
    let wrong = ScoredClip(name: "wrong", label: 1, windows: [[3e38, -3e38]])
    for pooling in WindowPooling.allCases {
      let result = EvaluationResult(try scores([wrong]), pooling: pooling)
      #expect(result.negativeLogLikelihood.isFinite && result.negativeLogLikelihood > 700)
    }
  }

  @Test func `the paper's pooling takes the most certain window, the others the sum or mean of logits`() throws {
    let windows: [[Float]] = [[3, 0], [0, 2], [0, 2]]
    let surest = [1 / (1 + exp(-3.0)), 1 / (1 + exp(-2.0))]
    for (score, expected) in zip(WindowPooling.paper.scores(of: windows), surest) { #expect(isClose(score, expected)) }
    #expect(WindowPooling.code.scores(of: windows) == [3, 4])
    #expect(WindowPooling.mean.scores(of: windows) == [1, 4.0 / 3])
    let share = surest[0] / (surest[0] + surest[1])
    #expect(isClose(WindowPooling.paper.probabilities(of: windows)[0], share))
    for pooling in [WindowPooling.code, .mean] {
      #expect(isClose(pooling.probabilities(of: windows)[0], 1 / (1 + exp(1.0 / 3))))
    }
    let file = try scores([ScoredClip(name: "a", label: 0, windows: windows)])
    #expect(EvaluationResult(file, pooling: .paper).top1 == 1)
    #expect(EvaluationResult(file, pooling: .code).top1 == 0)
  }

  @Test func `temperature divides the logits under every pooling`() throws {
    let file = try scores([ScoredClip(name: "a", label: 0, windows: [[4, 0]])])
    for pooling in WindowPooling.allCases {
      let result = EvaluationResult(file, pooling: pooling, temperature: 2)
      #expect(isClose(result.negativeLogLikelihood, log(1 + exp(-2.0))))
    }
  }

  @Test func `top five includes ranks one to five, and equal scores rank in label order`() throws {
    let ranked: [Float] = [6, 5, 4, 3, 2, 1]
    let clips = (0..<6).map { ScoredClip(name: "\($0)", label: $0, windows: [ranked]) }
    #expect(isClose(EvaluationResult(try scores(clips), pooling: .code).top5, 5.0 / 6))
    let equal = (0..<6).map { ScoredClip(name: "\($0)", label: $0, windows: [[Float](repeating: 0, count: 6)]) }
    let result = EvaluationResult(try scores(equal), pooling: .paper)
    #expect(isClose(result.top1, 1.0 / 6) && isClose(result.top5, 5.0 / 6))
    #expect(result.confusion.counts.allSatisfy { $0 == [1, 0, 0, 0, 0, 0] })
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `measures of random scores stay within bounds and agree with the matrix`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let clips = (0..<200).map { index in
      let windows = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        (0..<7).map { _ in Float.random(in: -3...3, using: &random) }
      }
      return ScoredClip(name: "\(index)", label: Int.random(in: 0..<7, using: &random), windows: windows)
    }
    for pooling in WindowPooling.allCases {
      let result = EvaluationResult(try scores(clips), pooling: pooling)
      let diagonal = (0..<7).reduce(0) { $0 + result.confusion.counts[$1][$1] }
      #expect(result.top1 == Double(diagonal) / 200)
      #expect(result.top5 >= result.top1 && result.top5 <= 1)
      #expect(result.reliability.reduce(0) { $0 + $1.count } == 200)
      #expect((0...1).contains(result.calibrationError))
      for clip in clips { #expect(isClose(pooling.probabilities(of: clip.windows).reduce(0, +), 1)) }
    }
  }
}

struct CalibrationTests {
  /// Clips of two activities predicted with a lead of `lead`: the first `right` are correct.
  private func clips(_ count: Int, right: Int, lead: Float, windowsOfWrong: Int = 1) -> [ScoredClip] {
    (0..<count).map { index in
      let windows = [[Float]](repeating: [lead, 0], count: index < right ? 1 : windowsOfWrong)
      return ScoredClip(name: "\(index)", label: index < right ? 0 : 1, windows: windows)
    }
  }

  @Test func `the temperature makes the predicted probability equal the accuracy`() {
    // Sigmoid of 4 / T is 8/10 where T = 4 / log 4.
    #expect(isClose(Calibration.temperature(fitting: clips(10, right: 8, lead: 4)), 4 / log(4), 1e-5))
  }

  @Test func `a clip has the same weight however many windows it has`() {
    let fitted = Calibration.temperature(fitting: clips(4, right: 3, lead: 2, windowsOfWrong: 50))
    #expect(isClose(fitted, 2 / log(3), 1e-5))
  }

  @Test(arguments: [0.4, 1, 2.5])
  func `calibration finds the temperature its logits were made with`(planted: Double) throws {
    var random = SplitMix64(seed: 11)
    let drawn = (0..<8000).map { index in
      let logits = (0..<5).map { _ in Float.random(in: -2...2, using: &random) }
      let powers = logits.map { exp(Double($0)) }
      var rest = Double.random(in: 0..<powers.reduce(0, +), using: &random)
      let label = powers.firstIndex { power in
        rest -= power
        return rest < 0
      }
      return ScoredClip(name: "\(index)", label: label ?? 4, windows: [logits.map { $0 * Float(planted) }])
    }
    let fitted = Calibration.temperature(fitting: drawn)
    #expect(abs(fitted / planted - 1) < 0.05)
    let file = try scores(drawn)
    let before = EvaluationResult(file, pooling: .paper)
    let after = EvaluationResult(file, pooling: .paper, temperature: fitted)
    #expect(after.negativeLogLikelihood <= before.negativeLogLikelihood)
    #expect(after.calibrationError < 0.03)
  }

  @Test func `clips that do not determine the temperature give an end of the range, and no clips give one`() {
    #expect(isClose(Calibration.temperature(fitting: clips(5, right: 5, lead: 1)), 0.05, 1e-5))
    #expect(isClose(Calibration.temperature(fitting: clips(5, right: 0, lead: 1)), 20, 1e-4))
    #expect(Calibration.temperature(fitting: []) == 1)
  }
}
