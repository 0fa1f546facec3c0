package import Events
import Foundation
package import Rules
package import Settings

/// Applies rules to a daemon's messages: messages go in, alerts come out as messages; time is an argument.
///
/// The daemon feeds it what it publishes, `adl rules` what was recorded. Nothing is kept across restarts: a new daemon
/// starts without alerts, and everything before its start counts as not watched.
package struct RuleWatch: Sendable {
  /// The result of a message or of time passing.
  package struct Outcome: Equatable, Sendable {
    package var alerts: [Said] = []
    package var undecided: [Undecided] = []
  }

  /// An alert message, and when the reason to send it arose.
  package struct Said: Equatable, Sendable {
    package var alert: AlertEvent
    package var at: Instant
  }

  /// A window that was not watched for long enough to say that nothing happened in it.
  package struct Undecided: Codable, Equatable, Sendable {
    package var rule: String
    package var at: Instant
    package var reason: String
  }

  private let rules: [Rule]
  private var reader = FactReader()
  private var engine: RuleEngine
  /// Raised alerts, oldest first.
  private var open: [AlertEvent] = []
  private var random = SystemRandomNumberGenerator()

  /// - Parameters:
  ///   - settings: already validated.
  ///   - cameras: all enabled cameras.
  ///   - start: when the cameras started being watched.
  package init(_ settings: RuleSettings, cameras: [String], at start: Moment) {
    let zone = settings.zone
    rules = settings.alerts.map { Rule($0, cameras: cameras, zone: zone) }
    engine = RuleEngine(rules, at: start)
  }

  /// All alerts currently raised.
  package var state: AlertsState { AlertsState(alerts: open) }

  package mutating func take(_ event: ActivityEvent, at now: Moment) -> Outcome { take(reader.facts(event), now) }
  package mutating func take(_ event: PersonEvent, at now: Moment) -> Outcome { take(reader.facts(event), now) }
  package mutating func take(_ state: CameraState, at now: Moment) -> Outcome { take(reader.facts(state), now) }
  package mutating func take(_ health: CameraHealth, at now: Moment) -> Outcome { take(reader.facts(health), now) }

  /// Advances time.
  package mutating func tick(at now: Moment) -> Outcome { said(engine.advance(to: now), now) }

  /// Clears all raised alerts with the reason `shutdown`.
  package mutating func stop(at now: Moment) -> Outcome { said(engine.stop(at: now), now) }

  private mutating func take(_ facts: [Fact], _ now: Moment) -> Outcome {
    var outputs: [RuleOutput] = []
    for fact in facts { outputs += engine.take(fact, at: now) }
    return said(outputs, now)
  }

  private mutating func said(_ outputs: [RuleOutput], _ now: Moment) -> Outcome {
    var outcome = Outcome()
    for output in outputs {
      switch output {
      case .alert(let alert):
        guard let event = event(alert, now) else { continue }
        outcome.alerts.append(Said(alert: event, at: clock(now).instant(alert.at)))
      case .undecided(let rule, let at, let reason):
        let at = clock(now).instant(at)
        outcome.undecided.append(Undecided(rule: rules[rule].name, at: at, reason: reason))
      }
    }
    return outcome
  }

  private mutating func event(_ alert: Alert, _ now: Moment) -> AlertEvent? {
    let clock = clock(now)
    let rule = rules[alert.rule]
    let place = open.firstIndex { $0.rule == rule.name && $0.cameras == alert.cameras }
    switch alert.kind {
    case .raised:
      var event = AlertEvent(
        .raised, id: Identifier.ulid(at: now.wall(of: alert.raised), using: &random), rule: rule.name,
        cameras: alert.cameras, reason: alert.reason, since: clock.instant(alert.since),
        raised: clock.instant(alert.raised))
      event.person = alert.person.map { AlertEvent.Person(id: $0) }
      event.message = rule.message
      if alert.unwatched >= .seconds(1) { event.unwatched = seconds(alert.unwatched) }
      open.append(event)
      return event
    case .reminder(let number):
      guard let place else { return nil }
      var event = open[place]
      (event.type, event.reminder) = (.reminder, number)
      return event
    case .cleared(let reason):
      guard let place else { return nil }
      var event = open.remove(at: place)
      (event.type, event.cleared, event.clearReason) = (.cleared, clock.instant(alert.at), reason.rawValue)
      event.duration = seconds(alert.at - alert.raised)
      return event
    }
  }

  private func clock(_ now: Moment) -> EventClock { EventClock(bootID: "") { (now.monotonic, now.wall) } }
  private func seconds(_ duration: Duration) -> Double { (duration / .seconds(1) * 1000).rounded() / 1000 }
}
