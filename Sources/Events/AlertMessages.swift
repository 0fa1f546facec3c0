/// Kind `event` under the topic of rules: an alert was raised, is still there, or was cleared; `id` is shared by all.
package struct AlertEvent: Codable, Equatable, Sendable {
  package enum Kind: String, Codable, Sendable, CaseIterable {
    case raised = "alert.raised"
    case reminder = "alert.reminder"
    case cleared = "alert.cleared"
  }

  /// Who it is about, by the number that the camera's events give them.
  package struct Person: Codable, Equatable, Sendable {
    package var id: Int

    package init(id: Int) { self.id = id }
  }

  package var type: Kind
  package var id: String
  /// The rule's name in the settings.
  package var rule: String
  /// The one it is about; for absence, all that the rule looks at.
  package var cameras: [String]
  /// Absent where it is about nobody in particular.
  package var person: Person?
  /// The rule's own text for people; absent where it has none.
  package var message: String?
  /// Why it was raised, in words.
  package var reason: String
  /// Seconds of the period during which nobody watched; absent where there were none.
  package var unwatched: Double?
  /// Since when what it is about goes on.
  package var since: Instant
  package var raised: Instant
  /// Counts reminders from 1; absent elsewhere.
  package var reminder: Int?
  /// Set when it was cleared.
  package var cleared: Instant?
  /// Seconds from raised to cleared; set when it was cleared.
  package var duration: Double?
  /// `ended`, `followed`, `seen`, `left`, `returned`, `window`, `timeout`, `shutdown` or `daemon_restart`; set when it was
  /// cleared.
  package var clearReason: String?
  /// The `epoch` in which it was raised; set where that was an earlier one.
  package var startEpoch: String?

  package init(
    _ type: Kind, id: String, rule: String, cameras: [String], reason: String, since: Instant, raised: Instant
  ) {
    self.type = type
    self.id = id
    self.rule = rule
    self.cameras = cameras
    self.reason = reason
    self.since = since
    self.raised = raised
  }

  private enum CodingKeys: String, CodingKey {
    case type, id, rule, cameras, person, message, reason
    case unwatched = "unwatched_s"
    case since, raised, reminder, cleared
    case duration = "duration_s"
    case clearReason = "clear_reason"
    case startEpoch = "start_epoch"
  }
}

/// Kind `state` under the topic of rules: all alerts that are raised; the last value is sent to every newcomer.
package struct AlertsState: Codable, Equatable, Sendable {
  package var type = "alerts"
  /// Each as it was raised, the oldest first.
  package var alerts: [AlertEvent]

  package init(alerts: [AlertEvent]) { self.alerts = alerts }
}
