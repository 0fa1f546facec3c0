/// How scores become activities; the defaults suit a calibrated model at two windows a second.
package struct RecognitionOptions: Hashable, Sendable {
  /// How the scores of recent windows are combined.
  package enum Smoothing: String, Codable, Hashable, Sendable, CaseIterable {
    case mean
    /// Exponential moving average with weight 2 / (windows + 1) on the newest.
    case ema
    case median
  }

  /// What one activity does differently; `nil` keeps the common value.
  package struct Activity: Hashable, Sendable {
    package var on: Float?
    package var off: Float?
    package var minimumDuration: Duration?
    package var coolDown: Duration?
    /// False: never announced, its probability counts as unknown.
    package var isEnabled = true

    package init() {}
  }

  package var smoothing = Smoothing.mean
  /// Windows that are combined.
  package var smoothingWindows = 3
  /// Smoothed probability at which an activity may start.
  package var on: Float = 0.6
  /// Smoothed probability below which it may end.
  package var off: Float = 0.4
  /// Windows in a row that must agree before a start.
  package var onHold = 2
  /// Windows in a row that must agree before an end.
  package var offHold = 3
  /// How far the winner must be ahead of the second.
  package var margin: Float = 0.1
  /// A start is announced once the activity has lasted this long, so that shorter ones never appear.
  package var minimumDuration = Duration.zero
  /// Time after an activity's end before the same one may start again.
  package var coolDown = Duration.zero
  /// An activity that lasts longer is ended, and may start anew.
  package var maximumDuration: Duration?
  /// Below this mean absolute difference, 0–255, a scene in which nothing is confirmed is idle; 0 switches it off.
  ///
  /// Off unless asked for: somebody who lies still after a fall must be seen.
  package var motionGate: Float = 0
  /// Options by activity, as in `LabelGrouping.activities`.
  package var activities: [String: Activity] = [:]
  /// `other` opens an activity too: the labels in no family, or a label of this name.
  package var opensOther = false

  package init() {}
}

/// Names of labels and families that stand for no activity: they open no event.
///
/// Only `other` may, where `RecognitionOptions.opensOther` asks for it.
package enum ReservedLabel: String, CaseIterable, Sendable {
  case idle
  case background
  case unknown
  case other

  package init?(label: String) { self.init(rawValue: label.lowercased()) }

  var state: RecognitionState { self == .idle || self == .background ? .idle : .unknown }
}
