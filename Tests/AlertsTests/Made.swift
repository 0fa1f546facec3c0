import Alerts
import Events
import Foundation
import Rules
import Settings

/// Messages of a made-up daemon, with times chosen by the test.
struct Made {
  /// Local time in Berlin is two hours ahead.
  static let start = Date(timeIntervalSince1970: 1_790_856_000)
  static let model = ModelIdentity(name: "m", sha256: "00", classes: 2)

  static func moment(_ second: Double) -> Moment {
    Moment(monotonic: .seconds(1000 + second), wall: start.addingTimeInterval(second))
  }

  static func instant(_ second: Double) -> Instant {
    EventClock(bootID: "") { (.seconds(1000), start) }.instant(.seconds(1000 + second))
  }

  static func settings(_ alerts: String, more: String = "") throws -> DaemonSettings {
    try DaemonSettings.parse(
      "model: {path: m}\ncameras:\n  - {name: room, source: synthetic:1}\n  - {name: hall, source: synthetic:2}\n"
        + "rules:\n  timeZone: Europe/Berlin\n  alerts:\n    \(alerts)\n\(more)", path: "adld.yaml", hostName: "h")
  }

  static func watch(_ alerts: String) throws -> RuleWatch {
    RuleWatch(try settings(alerts).rules, cameras: ["room", "hall"], at: moment(0))
  }

  static func activity(
    _ type: ActivityEvent.Kind, _ label: String, id: String = "A", camera: String = "room", person: Int? = 1,
    onset: Double, offset: Double? = nil
  ) -> ActivityEvent {
    var event = ActivityEvent(
      type, id: id, camera: camera, activity: ActivityEvent.Label(label: label, index: 0), confidence: 0.9, peak: 0.9,
      threshold: ActivityEvent.Thresholds(on: 0.6, off: 0.4), top: [], onset: instant(onset), model: model)
    event.offset = offset.map(instant)
    event.person = person.map { reference($0, onset) }
    return event
  }

  static func person(_ type: PersonEvent.Kind, _ id: Int, camera: String = "room", at second: Double) -> PersonEvent {
    var event = PersonEvent(type, camera: camera, person: reference(id, second))
    if type == .left { (event.until, event.reason) = (instant(second), "left") }
    return event
  }

  static func health(_ type: CameraHealth.Kind, camera: String = "room") -> CameraHealth {
    CameraHealth(type, camera: camera, reason: "made", counters: CameraHealth.Counters())
  }

  static func state(
    _ word: String, camera: String = "room", people: [(id: Int, label: String)] = [], since: Double = 0
  ) -> CameraState {
    var state = CameraState(
      camera: camera, state: word, activity: nil, activityID: nil, since: instant(since), condition: "online")
    state.people = people.map { person in
      CameraState.PersonState(
        person: reference(person.id, since), state: "activity",
        activity: ActivityEvent.Label(label: person.label, index: 0), activityID: "A", since: instant(since))
    }
    return state
  }

  private static func reference(_ id: Int, _ since: Double) -> PersonReference {
    PersonReference(id: id, box: PersonReference.Box(x: 0, y: 0, width: 1, height: 1), since: instant(since))
  }
}
