import Events
import Foundation
import ModelFile
import Networks
import Pipeline
import Recognition
import Video

/// A message for subscribers.
enum Report: Sendable {
  case activity(ActivityEvent)
  case person(PersonEvent)
  case state(CameraState)
  case health(CameraHealth)
  case prediction(Prediction)
}

/// Turns one camera's pipeline outputs into messages.
///
/// Keeps nothing but the ids of open activities.
struct CameraReporter {
  let camera: String
  private let card: ModelCard
  private let grouping: LabelGrouping
  private let model: ModelIdentity
  private let options: RecognitionOptions
  private let clock: EventClock
  /// Ids of open activities by person; 0 stands for the whole scene.
  private var openIDs: [Int: String] = [:]
  private var random = SystemRandomNumberGenerator()

  init(camera: String, card: ModelCard, sha256: String, options: RecognitionOptions, clock: EventClock) {
    self.camera = camera
    self.card = card
    grouping = LabelGrouping(labels: card.labels, families: card.families)
    self.options = options
    self.clock = clock
    model = ModelIdentity(name: card.name, sha256: sha256, classes: card.labels.count)
  }

  /// - Parameters:
  ///   - output: an output of the pipeline; windows and pictures give no messages.
  ///   - inference: how long the network took, if it was involved.
  ///   - counters: for messages about the camera's health.
  /// - Returns: the message, if the output leads to one.
  mutating func report(
    _ output: PipelineOutput, inference: Duration?, counters: @autoclosure () -> CameraHealth.Counters
  ) -> Report? {
    func health(_ type: CameraHealth.Kind, _ reason: String) -> Report {
      .health(CameraHealth(type, camera: camera, reason: reason, counters: counters()))
    }
    switch output {
    case .condition(.online, let reason): return health(.online, reason)
    case .condition(.stalled, let reason): return health(.stalled, reason)
    case .condition(.offline, let reason): return health(.offline, reason)
    case .slow(let reason): return health(.slow, reason)
    case .degraded(let reason): return health(.degraded, reason)
    case .recovered(let reason): return health(.recovered, reason)
    case .finderFailed(let reason): return health(.finderFailed, reason)
    case .finderRecovered: return health(.finderWorking, "people are found again")
    case .situation(let situation): return .state(state(situation))
    case .entered(let person):
      return .person(PersonEvent(.entered, camera: camera, person: reference(person)))
    case .left(let person, let time, let reason):
      var event = PersonEvent(.left, camera: camera, person: reference(person))
      event.until = clock.instant(time)
      event.duration = seconds(time - person.since)
      event.reason = reason == .personLeft ? "left" : reason.rawValue
      return .person(event)
    case .activity(let change, let person, let window):
      return .activity(activity(change, person, window, inference))
    case .scored(let scores, let person, let window):
      var prediction = Prediction(
        camera: camera, top: labelled(grouping.top(scores, count: 5)), window: described(window),
        latency: latency(window, inference ?? .zero))
      prediction.person = person.map(reference)
      return .prediction(prediction)
    case .window, .picture, .preview, .placed, .skippedFrame: return nil
    }
  }

  private mutating func activity(
    _ change: ActivityChange, _ person: PersonView?, _ window: WindowDescription?, _ inference: Duration?
  ) -> ActivityEvent {
    let key = person?.id ?? 0
    var event: ActivityEvent
    switch change {
    case .started(let activity):
      openIDs[key] = Identifier.ulid(at: clock.now().wall, using: &random)
      event = self.event(.start, activity, key)
    case .updated(let activity): event = self.event(.update, activity, key)
    case .ended(let activity, let reason):
      event = self.event(.end, activity, key)
      let offset = activity.offset ?? activity.onset
      event.offset = clock.instant(offset)
      event.duration = seconds(offset - activity.onset)
      event.endReason = reason.rawValue
      openIDs[key] = nil
    }
    event.person = person.map(reference)
    event.window = window.map(described)
    event.latency = window.map { latency($0, inference ?? .zero) }
    return event
  }

  private func event(_ kind: ActivityEvent.Kind, _ activity: Activity, _ key: Int) -> ActivityEvent {
    let own = options.activities[grouping.activities[activity.index]]
    return ActivityEvent(
      kind, id: openIDs[key] ?? "", camera: camera, activity: label(activity.index, activity.member),
      confidence: activity.confidence, peak: activity.peak,
      threshold: ActivityEvent.Thresholds(on: own?.on ?? options.on, off: own?.off ?? options.off),
      top: labelled(activity.top), onset: clock.instant(activity.onset), model: model)
  }

  private func state(_ situation: Situation) -> CameraState {
    let (word, activity): (String, ActivityEvent.Label?) =
      switch situation.word {
      case .noSignal: ("no_signal", nil)
      case .warmingUp: ("warming_up", nil)
      case .idle: ("idle", nil)
      case .unknown: ("unknown", nil)
      case .empty: ("empty", nil)
      case .activity(let index, let member): ("activity", label(index, member))
      }
    var state = CameraState(
      camera: camera, state: word, activity: activity,
      activityID: activity.flatMap { _ in openIDs[situation.person ?? 0] }, since: clock.instant(situation.since),
      condition: situation.condition.rawValue)
    state.people = situation.people.map { $0.map(occupant) }
    return state
  }

  private func occupant(_ occupant: Situation.Occupant) -> CameraState.PersonState {
    let (word, activity): (String, ActivityEvent.Label?) =
      switch occupant.state {
      case .noSignal, .warmingUp: ("warming_up", nil)
      case .idle: ("idle", nil)
      case .unknown: ("unknown", nil)
      case .activity(let index, let member): ("activity", label(index, member))
      }
    return CameraState.PersonState(
      person: reference(occupant.person), state: word, activity: activity,
      activityID: activity.flatMap { _ in openIDs[occupant.person.id] }, since: clock.instant(occupant.since))
  }

  private func reference(_ person: PersonView) -> PersonReference {
    let box = person.box
    return PersonReference(
      id: person.id, box: PersonReference.Box(x: box.x, y: box.y, width: box.width, height: box.height),
      since: clock.instant(person.since))
  }

  private func label(_ index: Int, _ member: Int?) -> ActivityEvent.Label {
    ActivityEvent.Label(label: grouping.activities[index], index: index, member: member.map { grouping.labels[$0] })
  }

  private func described(_ window: WindowDescription) -> ActivityEvent.Window {
    ActivityEvent.Window(
      frames: window.frames, span: seconds(window.lastTime - window.firstTime), sampleRate: card.sampleRate,
      firstFrame: window.firstSample, lastFrame: window.lastSample, dropped: window.dropped, repeated: window.repeated)
  }

  private func latency(_ window: WindowDescription, _ inference: Duration) -> ActivityEvent.Latency {
    ActivityEvent.Latency(
      inference: milliseconds(inference), captureToPublish: milliseconds(clock.now().monotonic - window.lastTime))
  }

  private func labelled(_ candidates: [Activity.Candidate]) -> [LabelProbability] {
    candidates.map { candidate in
      LabelProbability(
        label: grouping.activities[candidate.index], p: candidate.probability,
        member: candidate.member.map { grouping.labels[$0] })
    }
  }

  private func seconds(_ duration: Duration) -> Double { (duration / .seconds(1) * 1000).rounded() / 1000 }
  private func milliseconds(_ duration: Duration) -> Int { Int((duration / .milliseconds(1)).rounded()) }
}
