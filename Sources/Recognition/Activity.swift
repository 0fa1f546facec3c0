/// One activity of daily living with its start and, once it is over, its end.
package struct Activity: Equatable, Sendable {
  /// An activity with its probability.
  package struct Candidate: Equatable, Sendable {
    /// Index in `LabelGrouping.activities`.
    package var index: Int
    package var probability: Float
    /// Index of its most probable label; `nil` if the model has no families.
    package var member: Int?
  }

  /// Counts a decider's activities from 0.
  package let number: Int
  /// Index in `LabelGrouping.activities`.
  package let index: Int
  /// Index of the label that was most probable over its windows; `nil` if the model has no families.
  package internal(set) var member: Int?
  /// When it probably started, on the camera's clock.
  package let onset: Duration
  /// When it probably ended; `nil` while it is going on.
  package internal(set) var offset: Duration?
  /// Mean smoothed probability since the start.
  package internal(set) var confidence: Float
  /// Largest smoothed probability.
  package internal(set) var peak: Float
  /// The most probable activities at the last decision, best first.
  package internal(set) var top: [Candidate]
}

/// Why an activity ended.
package enum EndReason: String, Codable, Sendable, CaseIterable {
  case belowThreshold = "below_threshold"
  case otherActivity = "other_activity"
  case maximumDuration = "max_duration"
  case cameraLost = "camera_lost"
  /// Frames stopped for a while, or their clock jumped, and then continued.
  case gap
  /// The file or stream ended.
  case sourceEnded = "source_ended"
  case shutdown
  /// The daemon continues with other settings.
  case configChange = "config_change"
  /// The person is no longer there.
  case personLeft = "person_left"
}

/// A change made by a decision.
package enum ActivityChange: Equatable, Sendable {
  case started(Activity)
  /// The peak rose considerably; rare.
  case updated(Activity)
  case ended(Activity, EndReason)
}

/// What is going on, in a word.
package enum RecognitionState: Equatable, Sendable {
  /// The camera is unavailable.
  case noSignal
  /// The window is not full yet.
  case warmingUp
  /// Nothing moves and nothing is confirmed.
  case idle
  /// Something may be going on, but no activity is certain enough.
  case unknown
  case activity(index: Int, member: Int? = nil)
}
