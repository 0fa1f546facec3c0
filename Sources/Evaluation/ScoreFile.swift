/// A network's scores for one clip.
package struct ScoredClip: Hashable, Sendable, Codable {
  /// Clips of several systems are paired by name.
  package var name: String
  /// Index of the true activity.
  package var label: Int
  /// Logits of each window, in time order: [W, K].
  package var windows: [[Float]]

  package init(name: String, label: Int, windows: [[Float]]) {
    self.name = name
    self.label = label
    self.windows = windows
  }
}

/// A system's logits for all clips of a list, and what they belong to.
///
/// A value of this type is always valid: at least one label, one clip, and one window per clip; unique names, true
/// activities among the labels, one finite logit per label.
package struct ScoreFile: Equatable, Sendable {
  /// Activities in logit order.
  package let labels: [String]
  package let clips: [ScoredClip]
  /// The network or combination, as named in results: "VPN++", "AGCN-J".
  package let system: String
  package let dataset: String
  package let protocolName: String
  /// "validation" or "test".
  package let partition: String

  /// - Throws: `EvaluationError.unsuitable` if the scores are invalid; it names the clip.
  package init(
    labels: [String], clips: [ScoredClip], system: String, dataset: String, protocolName: String, partition: String
  ) throws(EvaluationError) {
    func refused(_ reason: String) -> EvaluationError { .unsuitable(system: system, reason: reason) }
    guard !labels.isEmpty else { throw refused("there are no labels") }
    var distinct: Set<String> = []
    if let repeated = labels.first(where: { !distinct.insert($0).inserted }) {
      throw refused("the label '\(repeated)' appears twice")
    }
    guard !clips.isEmpty else { throw refused("there are no clips") }
    var names: Set<String> = []
    for clip in clips {
      guard names.insert(clip.name).inserted else { throw refused("clip \(clip.name) appears twice") }
      if let reason = Self.fault(in: clip, classes: labels.count) { throw refused("clip \(clip.name): \(reason)") }
    }
    self.labels = labels
    self.clips = clips
    self.system = system
    self.dataset = dataset
    self.protocolName = protocolName
    self.partition = partition
  }

  /// Why a clip cannot be evaluated; `nil` if it can.
  private static func fault(in clip: ScoredClip, classes: Int) -> String? {
    if !(0..<classes).contains(clip.label) { return "activity \(clip.label) is not among the \(classes) labels" }
    if clip.windows.isEmpty { return "it has no windows" }
    for (index, window) in clip.windows.enumerated() {
      if window.count != classes { return "window \(index) has \(window.count) logits for \(classes) labels" }
      if !window.allSatisfy(\.isFinite) { return "window \(index) has a logit that is not finite" }
    }
    return nil
  }
}
