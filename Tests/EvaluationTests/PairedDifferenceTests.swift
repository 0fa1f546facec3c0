import Basics
import Foundation
import Testing

@testable import Evaluation

@Suite struct `Paired differences` {
  private func pair(_ group: String, _ label: Int, _ first: [Bool], _ second: [Bool]) -> PairedDifference.Clip {
    PairedDifference.Clip(group: group, label: label, first: first, second: second)
  }

  @Test func `paired differences are of mean class accuracies, averaged over seeds`() {
    // Class 0: three clips, of which the second system gains one under the first seed; class 1: one clip, lost under
    // the second.
    let difference = PairedDifference([
      pair("a", 0, [false, true], [true, true]),
      pair("a", 0, [true, true], [true, true]),
      pair("b", 0, [false, false], [false, false]),
      pair("b", 1, [true, true], [true, false]),
    ])
    #expect(abs(difference.mean - (1.0 / 3 / 2 - 1.0 / 2) / 2) < 1e-12)
    #expect(difference.seeds == 2 && difference.groups == 2)
    #expect(difference.low <= difference.mean && difference.mean <= difference.high)
  }

  @Test func `paired differences that are the same everywhere have an interval of zero width`() {
    let clips = (0..<12).map { pair("\($0 % 4)", $0 % 3, [false, false, false], [true, true, true]) }
    let difference = PairedDifference(clips)
    #expect(difference.mean == 1 && difference.low == 1 && difference.high == 1)
  }

  @Test func `paired differences cover the groups' values when one seed and two groups are drawn`() {
    // Samples are a twice, b twice, or both: 1, 0 and one half, with probabilities 1/4, 1/4, 1/2.
    let clips = [pair("a", 0, [false], [true]), pair("b", 0, [true], [true])]
    let difference = PairedDifference(clips)
    #expect(difference.mean == 0.5 && difference.low == 0 && difference.high == 1)
    let half = PairedDifference(clips, level: 0.4)
    #expect(half.low == 0.5 && half.high == 0.5)
    #expect(PairedDifference(clips, draws: 100, seed: 3) == PairedDifference(clips, draws: 100, seed: 3))
  }

  /// Seeds, people and chance all affect predictions; 95 % intervals contain the true difference nearly that often.
  @Test(arguments: [(seeds: 3, spread: 0.03), (seeds: 5, spread: 0.05)])
  func `paired differences have intervals that contain the truth as often as they claim`(seeds: Int, spread: Double) {
    var random = SplitMix64(seed: 11)
    let (people, classes, truth, rounds) = (12, 5, 0.05, 150)
    var held = 0
    for round in 0..<rounds {
      let byPerson = (0..<people).map { _ in 0.2 * Double(random.normal()) }
      let bySeed = (0..<seeds).map { _ in spread * Double(random.normal()) }
      let clips = (0..<people * classes).map { index in
        let base = Double.random(in: 0.3...0.7, using: &random)
        func right(_ chance: Double) -> Bool { Double.random(in: 0..<1, using: &random) < chance }
        return pair(
          "\(index / classes)", index % classes, (0..<seeds).map { _ in right(base) },
          (0..<seeds).map { right(base + truth + byPerson[index / classes] + bySeed[$0]) })
      }
      let difference = PairedDifference(clips, draws: 200, seed: UInt64(round))
      if (difference.low...difference.high).contains(truth) { held += 1 }
    }
    // Of 150 intervals 143 should contain it, give or take three standard deviations.
    #expect((0.89...0.995).contains(Double(held) / Double(rounds)), "\(held) of \(rounds)")
  }

  @Test func `paired differences pair clips by name, and skip clips that one system has not evaluated`() throws {
    let first = try scores([
      clip("a", 0, [0.9, 0.1]), clip("b", 1, [0.9, 0.1]), clip("c", 1, [0.9, 0.1]),
    ])
    let second = try scores([clip("c", 1, [0.2, 0.8]), clip("a", 0, [0.9, 0.1])], system: "VPN")
    let difference = try #require(PairedDifference.between([first], [second]) { $0 })
    // Of a and c: class 0 unchanged, class 1 gained.
    #expect(difference.mean == 0.5 && difference.groups == 2)
    let other = try scores([clip("d", 0, [0.9, 0.1])])
    #expect(PairedDifference.between([first], [other]) { $0 } == nil)
  }
}
