import Events
import Foundation

/// When a run of the daemon was last known to be alive.
struct LastSign: Equatable, Sendable {
  var instant: Instant
  var bootID: String
}

/// Ends what an earlier run left open; pure, so that crashes can be tested without one.
///
/// Open items end when the run that started them was last known to be alive: at its last stored message or sign of
/// life. They may have lasted up to one sign's period longer, unobserved.
struct Leftovers {
  let clock: EventClock
  static let reason = "daemon_restart"

  /// - Parameters:
  ///   - entries: what is open.
  ///   - alive: the last sign of life of each run that left something open, by epoch.
  /// - Returns: the ends, activities before people before alerts, and the keys of unreadable entries.
  func ends(_ entries: [OpenEntry], _ alive: [String: LastSign]) -> (ends: [Leftover], unreadable: [String]) {
    var activities: [Leftover] = []
    var people: [Leftover] = []
    var alerts: [Leftover] = []
    var unreadable: [String] = []
    let decoder = JSONDecoder()
    for entry in entries {
      do {
        let json = Data(entry.json.utf8)
        let said = try decoder.decode(Envelope.self, from: json)
        let message = LastSign(instant: Instant(time: said.time, monotonic: said.monotonic), bootID: said.bootID)
        let last = later(message, alive[entry.epoch])
        if entry.key.hasPrefix("person/") {
          people.append(.person(end(try decoder.decode(PersonEvent.self, from: json), entry.epoch, said.bootID, last)))
        } else if entry.key.hasPrefix("alert/") {
          alerts.append(.alert(end(try decoder.decode(AlertEvent.self, from: json), entry.epoch, said.bootID, last)))
        } else {
          activities.append(
            .activity(end(try decoder.decode(ActivityEvent.self, from: json), entry.epoch, said.bootID, last)))
        }
      } catch {
        unreadable.append(entry.key)
      }
    }
    return (activities + people + alerts, unreadable)
  }

  private func end(_ event: ActivityEvent, _ epoch: String, _ bootID: String, _ last: LastSign) -> ActivityEvent {
    var event = event
    let span = span(event.onset, last, bootID)
    event.type = .end
    (event.onset, event.offset, event.duration) = (span.from, span.to, span.seconds)
    (event.endReason, event.startEpoch) = (Self.reason, epoch)
    // No window decided this end.
    (event.window, event.latency) = (nil, nil)
    if let since = event.person?.since { event.person?.since = here(since, bootID) }
    return event
  }

  private func end(_ event: PersonEvent, _ epoch: String, _ bootID: String, _ last: LastSign) -> PersonEvent {
    var event = event
    let span = span(event.person.since, last, bootID)
    event.type = .left
    (event.person.since, event.until, event.duration) = (span.from, span.to, span.seconds)
    (event.reason, event.startEpoch) = (Self.reason, epoch)
    return event
  }

  private func end(_ alert: AlertEvent, _ epoch: String, _ bootID: String, _ last: LastSign) -> AlertEvent {
    var alert = alert
    let span = span(alert.raised, last, bootID)
    alert.type = .cleared
    alert.since = here(alert.since, bootID)
    (alert.raised, alert.cleared, alert.duration) = (span.from, span.to, span.seconds)
    (alert.clearReason, alert.startEpoch, alert.reminder) = (Self.reason, epoch, nil)
    return alert
  }

  /// From a start to the last sign of life, but never negative.
  private func span(_ from: Instant, _ last: LastSign, _ bootID: String) -> (
    from: Instant, to: Instant, seconds: Double
  ) {
    let to = last.instant.monotonic < from.monotonic ? from : last.instant
    let seconds = (Double(to.monotonic - from.monotonic) / 1e6).rounded() / 1000
    return (here(from, bootID), here(to, bootID), seconds)
  }

  /// Converts a moment to this boot's monotonic clock; negative if it was before the boot.
  private func here(_ instant: Instant, _ bootID: String) -> Instant {
    guard bootID != clock.bootID, let date = EventClock.date(instant.time) else { return instant }
    let (now, wall) = clock.now()
    return Instant(
      time: instant.time, monotonic: EventClock.nanoseconds(now + .seconds(date.timeIntervalSince(wall))))
  }

  private func later(_ message: LastSign, _ sign: LastSign?) -> LastSign {
    guard let sign, sign.bootID == message.bootID, sign.instant.monotonic > message.instant.monotonic else {
      return message
    }
    return sign
  }
}
