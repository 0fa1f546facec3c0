import Basics
import Foundation

/// A subset of a manifest's recordings, for studies with few labels or faster evaluation.
///
/// Every label keeps its share in each partition, spread over as many people as possible; the same seed keeps the same
/// recordings.
package struct ManifestSubset: Hashable, Sendable {
  /// Fraction of the recordings to keep in each partition; all by default.
  package var shares: [Partition: Double] = [:]
  /// Keeps only recordings with both video and skeleton, so that systems with and without poses see the same ones.
  package var needsBoth = false
  package var seed: UInt64 = 1

  package init() {}

  /// The list of what is kept, to be stored in the same folder.
  ///
  /// - Parameter path: the manifest to reduce.
  /// - Returns: CSV text, in the manifest's line order.
  /// - Throws: `DatasetError` if the manifest is invalid, or nothing is left of it.
  package func list(of path: String) throws(DatasetError) -> String {
    let (header, rows) = try Manifest.table(path)
    let columns = Dictionary(uniqueKeysWithValues: header.enumerated().map { ($1, $0) })
    func value(_ row: [String], _ column: String) -> String { columns[column].map { row[$0] } ?? "" }
    struct Part: Hashable {
      var split: String
      var label: String
    }
    var parts: [Part: [Int]] = [:]
    for (index, row) in rows.enumerated() {
      if needsBoth, value(row.fields, "video").isEmpty || value(row.fields, "skeleton").isEmpty { continue }
      let part = Part(split: value(row.fields, "split"), label: value(row.fields, "label"))
      parts[part, default: []].append(index)
    }
    var kept: Set<Int> = []
    for (part, members) in parts {
      let share = Partition(rawValue: part.split).flatMap { shares[$0] } ?? 1
      let count = Int((share * Double(members.count)).rounded(.up))
      var random = SplitMix64(seed: seed, name: "\(part.split)/\(part.label)")
      // Take recordings from each person in turn.
      let people = Dictionary(grouping: members) { value(rows[$0].fields, "subject") }
        .sorted { $0.key < $1.key }.map { $0.value.shuffled(using: &random) }.shuffled(using: &random)
      let turns = (0..<(people.map(\.count).max() ?? 0)).flatMap { turn in
        people.compactMap { turn < $0.count ? $0[turn] : nil }
      }
      kept.formUnion(turns.prefix(count))
    }
    guard !kept.isEmpty else {
      throw .unreadable(path: path, reason: "nothing is left of it: no recording has both video and skeleton")
    }
    return CSVText.text([header] + rows.indices.filter(kept.contains).map { rows[$0].fields })
  }
}
