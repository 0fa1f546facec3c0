/// What a rule says of its alert; all times are monotonic.
package struct Alert: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    case raised
    /// Counts from 1.
    case reminder(Int)
    case cleared(ClearReason)
  }

  /// Why an alert is over.
  package enum ClearReason: String, CaseIterable, Sendable {
    /// The activity is over.
    case ended
    /// What was missing after the activity has come.
    case followed
    /// The activity, or somebody, was seen.
    case seen
    /// Nobody is there any more.
    case left
    /// The camera gives pictures again.
    case returned
    /// The rule's window ended, or one began in which absence is judged anew.
    case window
    /// `clearAfter` has passed.
    case timeout
    case shutdown
  }

  package var kind: Kind
  /// The rule's place in the engine's list.
  package var rule: Int
  package var cameras: [String]
  /// Who it was about when it was raised.
  package var person: Int?
  /// Since when what it is about goes on.
  package var since: Duration
  package var raised: Duration
  /// When this was said.
  package var at: Duration
  /// Time of the period during which nobody watched.
  package var unwatched: Duration
  /// Why it was raised, in words.
  package var reason: String
}

/// What comes out of the engine.
package enum RuleOutput: Equatable, Sendable {
  case alert(Alert)
  /// A window is over of which too much was not watched to say that nothing happened in it.
  case undecided(rule: Int, at: Duration, reason: String)
}

/// Why there should be an alert now.
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
  /// Cleared by itself; the cause must end before there can be another.
  private var isSpent = false

  init(_ index: Int, _ rule: Rule) {
    self.rule = index
    repeatEvery = rule.repeatEvery
    clearAfter = rule.clearAfter
  }

  var isOpen: Bool { open != nil }
  /// Whether the cause goes on, for all that was seen, of an alert that is raised or was cleared by itself.
  var isHeld: Bool { isOpen || isSpent }

  /// - Parameters:
  ///   - cause: why there should be an alert; `nil` for no reason.
  ///   - now: monotonic time.
  ///   - over: why an alert without a cause is cleared.
  /// - Returns: what is to be said, at most one thing.
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
    // What was missed in a long step is not made up for.
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
