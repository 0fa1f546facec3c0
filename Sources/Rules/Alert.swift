/// A rule's alert, or a change to it; all times are monotonic.
package struct Alert: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    case raised
    /// Counts from 1.
    case reminder(Int)
    case cleared(ClearReason)
  }

  /// Why an alert was cleared.
  package enum ClearReason: String, CaseIterable, Sendable {
    /// The activity ended.
    case ended
    /// The expected follow-up to the activity happened.
    case followed
    /// The activity, or somebody, was seen.
    case seen
    /// Nobody is there any more.
    case left
    /// The camera delivers pictures again.
    case returned
    /// The rule's window ended, or a new one began in which absence is judged afresh.
    case window
    /// `clearAfter` has passed.
    case timeout
    case shutdown
  }

  package var kind: Kind
  /// The rule's index in the engine's list.
  package var rule: Int
  package var cameras: [String]
  /// The person it was about when raised.
  package var person: Int?
  /// Since when its cause has been going on.
  package var since: Duration
  package var raised: Duration
  /// When this was reported.
  package var at: Duration
  /// Unwatched time within the period.
  package var unwatched: Duration
  /// Why it was raised, as text.
  package var reason: String
}

/// An output of the engine.
package enum RuleOutput: Equatable, Sendable {
  case alert(Alert)
  /// A window ended of which too much was unwatched to say that nothing happened in it.
  case undecided(rule: Int, at: Duration, reason: String)
}

/// A reason for an alert.
struct AlertCause: Sendable {
  var cameras: [String]
  var person: Int?
  var since: Duration
  var unwatched = Duration.zero
  var reason: String
}

/// The one alert that a rule may have at a time, with its reminders.
struct AlertSlot: Sendable {
  private let rule: Int
  private let repeatEvery: Duration?
  private let clearAfter: Duration?
  private var open: Alert?
  private var reminders = 0
  private var lastWord = Duration.zero
  /// Cleared by timeout; the cause must end before there can be another alert.
  private var isSpent = false

  init(_ index: Int, _ rule: Rule) {
    self.rule = index
    repeatEvery = rule.repeatEvery
    clearAfter = rule.clearAfter
  }

  var isOpen: Bool { open != nil }
  /// Whether the alert's cause persists as far as was seen, for an alert that is raised or was cleared by timeout.
  var isHeld: Bool { isOpen || isSpent }

  /// - Parameters:
  ///   - cause: the reason for an alert; `nil` if there is none.
  ///   - now: monotonic time.
  ///   - over: the clear reason for an alert without a cause.
  /// - Returns: the change to report, if any.
  mutating func update(_ cause: AlertCause?, at now: Duration, over: Alert.ClearReason) -> Alert? {
    guard let cause else {
      isSpent = false
      return close(over, at: now)
    }
    guard let alert = open else { return isSpent ? nil : raise(cause, at: now) }
    if let clearAfter, now - alert.raised >= clearAfter {
      isSpent = true
      return close(.timeout, at: now)
    }
    guard let repeatEvery, now - lastWord >= repeatEvery else { return nil }
    // Reminders missed in a long step are not made up for.
    lastWord += repeatEvery * Double(Int((now - lastWord) / repeatEvery))
    reminders += 1
    return said(.reminder(reminders), of: alert, at: now)
  }

  mutating func close(_ reason: Alert.ClearReason, at now: Duration) -> Alert? {
    defer { open = nil }
    return open.map { said(.cleared(reason), of: $0, at: now) }
  }

  private mutating func raise(_ cause: AlertCause, at now: Duration) -> Alert {
    let alert = Alert(
      kind: .raised, rule: rule, cameras: cause.cameras, person: cause.person, since: cause.since, raised: now, at: now,
      unwatched: cause.unwatched, reason: cause.reason)
    (open, reminders, lastWord) = (alert, 0, now)
    return alert
  }

  private func said(_ kind: Alert.Kind, of alert: Alert, at now: Duration) -> Alert {
    var alert = alert
    (alert.kind, alert.at) = (kind, now)
    return alert
  }
}
