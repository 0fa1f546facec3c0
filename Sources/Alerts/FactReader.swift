import Events
import Rules

/// Turns a daemon's messages into facts for the rules.
///
/// Events report changes. A camera's first state reports what was already going on; later ones only repeat the events.
struct FactReader: Sendable {
  private var known: Set<String> = []

  mutating func facts(_ event: ActivityEvent) -> [Fact] {
    known.insert(event.camera)
    switch event.type {
    case .start:
      return [
        // An activity can only be recognised in a full window.
        .impaired(camera: event.camera, .rate, false),
        started(event.id, event.camera, event.person?.id, event.activity, event.onset),
      ]
    case .update: return []
    case .end:
      return [.ended(id: event.id, camera: event.camera, offset: (event.offset ?? event.onset).duration)]
    }
  }

  mutating func facts(_ event: PersonEvent) -> [Fact] {
    known.insert(event.camera)
    let (camera, person) = (event.camera, event.person)
    return switch event.type {
    case .entered: [.entered(camera: camera, person: person.id, since: person.since.duration)]
    case .left:
      [
        .left(
          camera: camera, person: person.id, until: (event.until ?? person.since).duration,
          isLeaving: event.reason == "left")
      ]
    }
  }

  mutating func facts(_ state: CameraState) -> [Fact] {
    guard known.insert(state.camera).inserted else {
      // A camera that was too slow proves nothing until a window is full again.
      return ["warming_up", "no_signal"].contains(state.state)
        ? [] : [.impaired(camera: state.camera, .rate, false)]
    }
    var facts: [Fact] = [.condition(camera: state.camera, isOnline: state.condition == "online")]
    for person in state.people ?? [] {
      facts.append(.entered(camera: state.camera, person: person.person.id, since: person.person.since.duration))
      if let activity = person.activity, let id = person.activityID {
        facts.append(started(id, state.camera, person.person.id, activity, person.since))
      }
    }
    if state.people == nil, let activity = state.activity, let id = state.activityID {
      facts.append(started(id, state.camera, nil, activity, state.since))
    }
    return facts
  }

  mutating func facts(_ health: CameraHealth) -> [Fact] {
    let camera = health.camera
    return switch health.type {
    case .online: [.condition(camera: camera, isOnline: true), .impaired(camera: camera, .rate, false)]
    case .stalled, .offline: [.condition(camera: camera, isOnline: false)]
    case .slow: [.impaired(camera: camera, .rate, true)]
    case .finderFailed: [.impaired(camera: camera, .finder, true)]
    case .finderWorking: [.impaired(camera: camera, .finder, false)]
    case .degraded, .recovered: []
    }
  }

  private func started(
    _ id: String, _ camera: String, _ person: Int?, _ activity: ActivityEvent.Label, _ onset: Instant
  ) -> Fact {
    .started(
      Fact.Activity(
        id: id, camera: camera, person: person, label: activity.label, family: activity.family,
        onset: onset.duration))
  }
}

extension Instant {
  fileprivate var duration: Duration { .nanoseconds(monotonic) }
}
