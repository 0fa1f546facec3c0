import Foundation

/// Combines the scores of two systems, as for "VPN++ + 3D poses".
package enum LateFusion {
  /// The measure by which a weight is chosen.
  package enum Measure: String, Codable, CaseIterable, Sendable {
    case top1, meanClassAccuracy

    fileprivate func value(_ evaluation: EvaluationResult) -> Double {
      switch self {
      case .top1: evaluation.top1
      case .meanClassAccuracy: evaluation.meanClassAccuracy
      }
    }
  }

  /// The weighted average of two systems' softmax scores, clip by clip.
  ///
  /// Clips are paired by name. Each system's windows are pooled first, to probabilities that sum to one. The result has
  /// one window per clip, the logarithms of the averages: its softmax, and so its prediction under either pooling, is
  /// the average itself.
  ///
  /// - Parameters:
  ///   - first: for example the RGB network's scores.
  ///   - second: for example AGCN-J's.
  ///   - weight: the second system's share, 0…1; 0.5 is the plain average.
  ///   - pooling: used for both systems' windows.
  /// - Returns: the logarithms of the averages, titled "first + second".
  /// - Throws: `EvaluationError.cannotFuse` if the labels differ in names or order, a clip is missing on one side, or a
  ///   clip's activity differs.
  /// - Source: Das et al., VPN++ (2021): scores averaged; weights are not stated there.
  package static func fuse(
    _ first: ScoreFile, _ second: ScoreFile, weight: Double = 0.5, pooling: WindowPooling = .paper
  ) throws(EvaluationError) -> ScoreFile {
    try Pairs(first, second, pooling).fused(weight)
  }

  /// The share of the second system that works best on validation clips.
  ///
  /// Tries 0, 0.05 … 1; among equally good ones, the closest to the plain average wins.
  ///
  /// - Throws: as `fuse`.
  package static func bestWeight(
    _ first: ScoreFile, _ second: ScoreFile, pooling: WindowPooling = .paper, by measure: Measure = .top1
  ) throws(EvaluationError) -> Double {
    let pairs = try Pairs(first, second, pooling)
    var best = (weight: 0.5, value: -1.0)
    // Starts at the plain average, so that only a better weight replaces it.
    for distance in 0...10 {
      for twentieths in Set([10 - distance, 10 + distance]).sorted() {
        let weight = Double(twentieths) / 20
        let value = measure.value(EvaluationResult(try pairs.fused(weight), pooling: .paper))
        if value > best.value { best = (weight, value) }
      }
    }
    return best.weight
  }

  /// The clips of two systems with the pooled probabilities of both.
  private struct Pairs {
    private let first: ScoreFile
    private let second: ScoreFile
    private let probabilities: [(first: [Double], second: [Double])]

    init(_ first: ScoreFile, _ second: ScoreFile, _ pooling: WindowPooling) throws(EvaluationError) {
      func refused(_ reason: String) -> EvaluationError {
        .cannotFuse(first: first.system, second: second.system, reason: reason)
      }
      if let reason = LateFusion.difference(first.labels, second.labels) { throw refused(reason) }
      let others = Dictionary(uniqueKeysWithValues: second.clips.map { ($0.name, $0) })
      let names = Set(first.clips.map(\.name))
      let missing = [
        (first.clips.map(\.name).filter { others[$0] == nil }, second.system),
        (second.clips.map(\.name).filter { !names.contains($0) }, first.system),
      ]
      for (clips, system) in missing where !clips.isEmpty {
        let named = clips.prefix(5).joined(separator: ", ") + (clips.count > 5 ? " …" : "")
        throw refused("\(system) has no scores of \(clips.count) of the clips: \(named); score the same list with both")
      }
      var probabilities: [(first: [Double], second: [Double])] = []
      for clip in first.clips {
        guard let other = others[clip.name] else { continue }
        guard other.label == clip.label else {
          throw refused(
            "\(clip.name) is \(first.labels[clip.label]) in one and \(first.labels[other.label]) in the other")
        }
        probabilities.append((pooling.probabilities(of: clip.windows), pooling.probabilities(of: other.windows)))
      }
      (self.first, self.second, self.probabilities) = (first, second, probabilities)
    }

    func fused(_ weight: Double) throws(EvaluationError) -> ScoreFile {
      guard (0...1).contains(weight) else {
        throw .cannotFuse(
          first: first.system, second: second.system, reason: "weight \(weight) is not between 0 and 1")
      }
      let clips = zip(first.clips, probabilities).map { clip, pair in
        let logits = zip(pair.first, pair.second).map { first, second in
          // An average that underflowed to 0 still needs a logarithm.
          Float(log(max((1 - weight) * first + weight * second, .leastNormalMagnitude)))
        }
        return ScoredClip(name: clip.name, label: clip.label, windows: [logits])
      }
      return try ScoreFile(
        labels: first.labels, clips: clips, system: "\(first.system) + \(second.system)", dataset: first.dataset,
        protocolName: first.protocolName, partition: first.partition)
    }
  }

  /// How two lists of labels differ; `nil` if they are the same.
  private static func difference(_ first: [String], _ second: [String]) -> String? {
    if first.count != second.count { return "they have \(first.count) and \(second.count) labels" }
    guard let index = first.indices.first(where: { first[$0] != second[$0] }) else { return nil }
    return """
      label \(index) is \(first[index]) in one and \(second[index]) in the other; train both with the same list of \
      labels in the same order
      """
  }
}
