import Basics
import Foundation

/// How much better one system is than another on the same clips, over several seeds, and how sure that is.
package struct PairedDifference: Hashable, Sendable {
  /// Mean over seeds of the second's mean class accuracy minus the first's.
  package var mean: Double
  /// Ends of the interval.
  package var low: Double
  package var high: Double
  /// What the interval is over.
  package var seeds: Int
  package var groups: Int

  /// One clip that both systems have judged under every seed.
  package struct Clip: Hashable, Sendable {
    /// Clips that belong together, such as those of one person: they are drawn together.
    package var group: String
    /// Index of the true activity.
    package var label: Int
    /// For every seed whether each system was right.
    package var first: [Bool]
    package var second: [Bool]

    package init(group: String, label: Int, first: [Bool], second: [Bool]) {
      (self.group, self.label, self.first, self.second) = (group, label, first, second)
    }
  }

  /// Draws of the bootstrap when nobody says otherwise.
  package static let draws = 2000

  /// The difference on judged clips, with the interval of a bootstrap over seeds and groups.
  ///
  /// Each draw takes as many seeds and as many groups as there are, with replacement and independently of each other,
  /// and computes the difference anew; classes that a draw leaves without clips are left out of its mean. The interval
  /// lies between the draws' quantiles. Where neither seeds nor groups matter, and only chance does, it is too wide, at
  /// worst by the square root of three. With three seeds that differ more than the groups do it is a little too narrow:
  /// 93 of 100 intervals of 95 % hold the truth then. Of a single seed it says nothing about other seeds.
  ///
  /// - Parameters:
  ///   - clips: at least one; as many verdicts of each system in every clip, at least one.
  ///   - level: share of intervals that are to hold the truth.
  ///   - draws: how often seeds and groups are drawn.
  ///   - seed: of the draws; the same gives the same interval.
  /// - Source: Owen, The pigeonhole bootstrap (2007), for two crossed factors.
  package init(_ clips: [Clip], level: Double = 0.95, draws: Int = PairedDifference.draws, seed: UInt64 = 1) {
    precondition(!clips.isEmpty && draws > 0 && (0..<1).contains(level))
    let seeds = clips[0].first.count
    precondition(seeds > 0 && clips.allSatisfy { $0.first.count == seeds && $0.second.count == seeds })
    let table = Table(clips, seeds: seeds)
    (self.seeds, groups) = (seeds, table.groupCount)
    let whole = table.difference(
      seeds: [Double](repeating: 1, count: seeds), groups: [Double](repeating: 1, count: table.groupCount))
    mean = whole ?? 0
    var random = SplitMix64(seed: seed, name: "bootstrap")
    func drawn(_ count: Int) -> [Double] {
      var weights = [Double](repeating: 0, count: count)
      for _ in 0..<count { weights[Int.random(in: 0..<count, using: &random)] += 1 }
      return weights
    }
    let values = (0..<draws).compactMap { _ in table.difference(seeds: drawn(seeds), groups: drawn(table.groupCount)) }
      .sorted()
    low = Self.quantile(values, (1 - level) / 2)
    high = Self.quantile(values, (1 + level) / 2)
  }

  /// Between the two nearest of sorted values.
  private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }

  /// Clips counted by group and class: all that a draw needs.
  private struct Table {
    private struct Cell {
      var group: Int
      var label: Int
      var clips = 0.0
      /// Right verdicts of the second minus those of the first, by seed.
      var gain: [Double]
    }

    private(set) var groupCount = 0
    private var classCount = 0
    private var cells: [Cell] = []

    init(_ clips: [Clip], seeds: Int) {
      struct Place: Hashable {
        var group: String
        var label: Int
      }
      var groups: [String: Int] = [:]
      var places: [Place: Int] = [:]
      for clip in clips {
        let group = groups[clip.group] ?? groups.count
        groups[clip.group] = group
        let place = Place(group: clip.group, label: clip.label)
        let index = places[place] ?? cells.count
        if index == cells.count {
          places[place] = index
          cells.append(Cell(group: group, label: clip.label, gain: [Double](repeating: 0, count: seeds)))
        }
        cells[index].clips += 1
        for seed in 0..<seeds {
          cells[index].gain[seed] += (clip.second[seed] ? 1 : 0) - (clip.first[seed] ? 1 : 0)
        }
      }
      groupCount = groups.count
      classCount = (clips.map(\.label).max() ?? 0) + 1
    }

    /// The difference where each seed and group counts so many times; `nil` when no clip does.
    func difference(seeds: [Double], groups: [Double]) -> Double? {
      let total = seeds.reduce(0, +)
      var clips = [Double](repeating: 0, count: classCount)
      var gains = [Double](repeating: 0, count: classCount)
      for cell in cells where groups[cell.group] > 0 {
        clips[cell.label] += groups[cell.group] * cell.clips
        var gain = 0.0
        for seed in seeds.indices { gain += cell.gain[seed] * seeds[seed] }
        gains[cell.label] += groups[cell.group] * gain / total
      }
      let shown = clips.indices.filter { clips[$0] > 0 }
      guard !shown.isEmpty else { return nil }
      return shown.reduce(0) { $0 + gains[$1] / clips[$1] } / Double(shown.count)
    }
  }
}

extension PairedDifference {
  /// The difference between two systems' scores; a file of each for every seed, in the same order.
  ///
  /// Clips are paired by name. Those that some file lacks are left out: a system that needs poses has no verdict on a
  /// recording without them.
  ///
  /// - Parameters:
  ///   - first: the system that the other is compared with.
  ///   - second: the other.
  ///   - pooling: how windows become a verdict.
  ///   - group: which clips are drawn together, by name.
  /// - Returns: `nil` when there is no clip that all have judged.
  /// - Precondition: as many files of each, at least one.
  package static func between(
    _ first: [ScoreFile], _ second: [ScoreFile], pooling: WindowPooling = .paper, group: (String) -> String
  ) -> PairedDifference? {
    precondition(first.count == second.count && !first.isEmpty)
    let verdicts = (first + second).map { file in
      Dictionary(
        uniqueKeysWithValues: file.clips.map { clip in
          let scores = pooling.scores(of: clip.windows)
          return (clip.name, (scores.indices.max { (scores[$0], $1) < (scores[$1], $0) } ?? 0) == clip.label)
        })
    }
    let clips = first[0].clips.compactMap { clip -> Clip? in
      let right = verdicts.compactMap { $0[clip.name] }
      guard right.count == verdicts.count else { return nil }
      return Clip(
        group: group(clip.name), label: clip.label, first: Array(right[..<first.count]),
        second: Array(right[first.count...]))
    }
    return clips.isEmpty ? nil : PairedDifference(clips)
  }
}
