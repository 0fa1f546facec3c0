/// Kind `event` under the rules topic: an alert was raised, persists, or was cleared; all share one `id`.
package struct AlertEvent: Codable, Equatable, Sendable {
  /// The values of `type`.
  package enum Kind: String, Codable, Sendable, CaseIterable {
    case raised = "alert.raised"
    case reminder = "alert.reminder"
    case cleared = "alert.cleared"
  }

  /// The person it is about, by the number used in the camera's events.
  package struct Person: Codable, Equatable, Sendable {
    package var id: Int

    package init(id: Int) { self.id = id }
  }

  package var type: Kind
  package var id: String
  /// The rule's name in the settings.
  package var rule: String
  /// The camera it is about; for an absence, all cameras of the rule.
  package var cameras: [String]
  /// Absent if it is not about a particular person.
  package var person: Person?
  /// The rule's own text for people; absent if it has none.
  package var message: String?
  /// Why it was raised, as text.
  package var reason: String
  /// Seconds of the period that were not watched; absent if there were none.
  package var unwatched: Double?
  /// Since when its cause has been going on.
  package var since: Instant
  package var raised: Instant
  /// Reminder count, from 1; absent in other messages.
  package var reminder: Int?
  /// When it was cleared; set once it is.
  package var cleared: Instant?
  /// Seconds from raised to cleared; set once it is cleared.
  package var duration: Double?
  /// `ended`, `followed`, `seen`, `left`, `returned`, `window`, `timeout`, `shutdown` or `daemon_restart`; set once it
  /// is cleared.
  package var clearReason: String?
  /// The `epoch` in which it was raised, if that was an earlier one.
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

/// Kind `state` under the rules topic: all raised alerts; every new subscriber gets the last value.
package struct AlertsState: Codable, Equatable, Sendable {
  package var type = "alerts"
  /// As they were raised, oldest first.
  package var alerts: [AlertEvent]

  package init(alerts: [AlertEvent]) { self.alerts = alerts }
}
