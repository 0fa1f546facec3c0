import Events
import Foundation
import Page

extension Board {
  /// A board with two cameras and two rules.
  static func made(started: Date = time("2026-10-24T20:00:00.000Z"), keptActivities: Int = 100) -> Board {
    Board(
      node: "flat12", epoch: "b7c1f0de", model: ModelIdentity(name: "people", sha256: "00ff", classes: 2),
      labels: ["Walk", "Sit"], cameras: ["kitchen", "hall"], rules: ["fallen", "no-meal"], started: started,
      keptActivities: keptActivities)
  }

  /// Adds an activity's start and, if it ends, its end.
  func take(_ id: String, _ label: String, camera: String = "kitchen", from begin: String, to end: String?) {
    var event = ActivityEvent(
      .start, id: id, camera: camera, activity: ActivityEvent.Label(label: label, index: 0), confidence: 0.8, peak: 0.9,
      threshold: ActivityEvent.Thresholds(on: 0.6, off: 0.4), top: [], onset: Instant(time: begin, monotonic: 0),
      model: ModelIdentity(name: "people", sha256: "00ff", classes: 2))
    event.latency = ActivityEvent.Latency(inference: 40, captureToPublish: 300)
    take(event)
    guard let end else { return }
    event.type = .end
    event.offset = Instant(time: end, monotonic: 0)
    event.latency = nil
    take(event)
  }
}

/// Parses a time as written in messages.
func time(_ text: String) -> Date { EventClock.date(text) ?? .distantPast }
