import Networks

/// How scores become activities; the defaults suit a calibrated model with two windows per second.
package struct RecognitionOptions: Hashable, Sendable {
  /// How the scores of recent windows are combined.
  package enum Smoothing: String, Codable, Hashable, Sendable, CaseIterable {
    case mean
    /// Exponential moving average with weight 2 / (windows + 1) for the newest.
    case ema
    case median
  }

  /// Options for one activity; `nil` uses the common value.
  package struct Activity: Hashable, Sendable {
    package var on: Float?
    package var off: Float?
    package var minimumDuration: Duration?
    package var coolDown: Duration?
    /// If false, it is never announced, and its probability counts as unknown.
    package var isEnabled = true

    package init() {}
  }

  package var smoothing = Smoothing.mean
  /// Number of windows to combine.
  package var smoothingWindows = 3
  /// Smoothed probability at which an activity may start.
  package var on: Float = 0.6
  /// Smoothed probability below which it may end.
  package var off: Float = 0.4
  /// Consecutive windows that must agree before a start.
  package var onHold = 2
  /// Consecutive windows that must agree before an end.
  package var offHold = 3
  /// How far the winner must be ahead of the second.
  package var margin: Float = 0.1
  /// A start is only announced once the activity has lasted this long, so shorter ones never appear.
  package var minimumDuration = Duration.zero
  /// Time after an activity's end before the same one may start again.
  package var coolDown = Duration.zero
  /// An activity that lasts longer is ended, and may start again.
  package var maximumDuration: Duration?
  /// If the mean absolute difference, 0–255, is below this and nothing is confirmed, the scene is idle; 0 turns this
  /// off.
  ///
  /// Off by default: somebody who lies still after a fall must be noticed.
  package var motionGate: Float = 0
  /// Options by activity, as in `LabelGrouping.activities`.
  package var activities: [String: Activity] = [:]
  /// Whether `other` opens an activity too: the labels in no family, or a label of this name.
  package var opensOther = false

  package init() {}
}

extension ReservedLabel {
  var state: RecognitionState { self == .idle || self == .background ? .idle : .unknown }
}
