/// What a network said about one clip.
package struct ScoredClip: Hashable, Sendable, Codable {
  /// By which clips of several systems are paired.
  package var name: String
  /// Index of the true activity.
  package var label: Int
  /// Logits of each window, in time: [W, K].
  package var windows: [[Float]]

  package init(name: String, label: Int, windows: [[Float]]) {
    self.name = name
    self.label = label
    self.windows = windows
  }
}

/// The logits of one system on all clips of one list, and what they are of.
///
/// A value of this type is sound: at least one label, one clip, and one window a clip; names unique, true activities
/// among the labels, one finite logit a label.
package struct ScoreFile: Equatable, Sendable {
  /// Activities in the order of the logits.
  package let labels: [String]
  package let clips: [ScoredClip]
  /// The network or combination, as results are titled: "VPN++", "AGCN-J".
  package let system: String
  package let dataset: String
  package let protocolName: String
  /// "validation", "test".
  package let partition: String

  /// - Throws: `EvaluationError.unsuitable` when the scores are not sound; it names the clip.
  package init(
    labels: [String], clips: [ScoredClip], system: String, dataset: String, protocolName: String, partition: String
  ) throws(EvaluationError) {
    func refused(_ reason: String) -> EvaluationError { .unsuitable(system: system, reason: reason) }
    guard !labels.isEmpty else { throw refused("there are no labels") }
    guard Set(labels).count == labels.count else { throw refused("two labels are the same") }
    guard !clips.isEmpty else { throw refused("there are no clips") }
    var names: Set<String> = []
    for clip in clips {
      guard names.insert(clip.name).inserted else { throw refused("clip \(clip.name) is there twice") }
      if let reason = Self.fault(in: clip, classes: labels.count) { throw refused("clip \(clip.name): \(reason)") }
    }
    self.labels = labels
    self.clips = clips
    self.system = system
    self.dataset = dataset
    self.protocolName = protocolName
    self.partition = partition
  }

  /// Why a clip cannot be judged; `nil` when it can.
  private static func fault(in clip: ScoredClip, classes: Int) -> String? {
    if !(0..<classes).contains(clip.label) { return "activity \(clip.label) is not among the \(classes) labels" }
    if clip.windows.isEmpty { return "it has no windows" }
    for (index, window) in clip.windows.enumerated() {
      if window.count != classes { return "window \(index) has \(window.count) logits for \(classes) labels" }
      if !window.allSatisfy(\.isFinite) { return "window \(index) has a logit that is no finite number" }
    }
    return nil
  }
}
