import Events
import Foundation
import ModelFile
import Networks
import Pipeline
import Recognition
import Video

/// One camera's decisions as messages: keeps its decider, its state and the ids of its activities.
struct CameraRecognizer {
  let camera: String
  private let card: ModelCard
  private let model: ModelIdentity
  private let options: RecognitionOptions
  private let publisher: EventPublisher
  private var decider: ActivityDecider
  private var openID: String?
  private var condition = "offline"
  private var announced: RecognitionState?
  private var announcedCondition = ""
  private var stateSince = Duration.zero
  private var lastWindow: (begin: Duration, end: Duration)?
  private var random = SystemRandomNumberGenerator()

  init(camera: String, model: StudentModel, options: RecognitionOptions, publisher: EventPublisher) {
    self.camera = camera
    card = model.card
    self.model = ModelIdentity(name: model.card.name, sha256: model.sha256, classes: model.card.labels.count)
    self.options = options
    self.publisher = publisher
    decider = ActivityDecider(labels: model.card.labels, options: options)
    publishState(at: publisher.options.clock.now().monotonic)
  }

  /// Takes a window's scores and says what changed.
  mutating func take(_ scored: ScoredWindow, of window: ClipWindow, inference: Duration) {
    let now = publisher.options.clock.now().monotonic
    let latency = ActivityEvent.Latency(
      inference: milliseconds(inference), captureToPublish: milliseconds(now - window.lastTime))
    let described = describe(window)
    lastWindow = (window.firstTime, window.lastTime)
    for change in decider.decide(scored.scores) { publish(change, described, latency) }
    publishState(at: window.lastTime)
    publisher.publish(
      Prediction(
        camera: camera, top: labelled(ActivityDecider.top(scored.scores.probabilities, count: 5)), window: described,
        latency: latency))
  }

  mutating func take(_ notice: CameraNotice, counters: CameraHealth.Counters) {
    let now = publisher.options.clock.now().monotonic
    switch notice {
    case .online(let detail):
      condition = "online"
      decider.warmUp()
      publisher.publish(CameraHealth(.online, camera: camera, reason: detail, counters: counters))
      publishState(at: now)
    case .refilling:
      decider.warmUp()
      publishState(at: now)
    case .lost(let loss, let time, let detail):
      condition = loss == .stalled ? "stalled" : "offline"
      end(at: min(time, lastWindow?.end ?? time), loss == .ended ? .sourceEnded : .cameraLost)
      publishState(at: now)
      publisher.publish(
        CameraHealth(loss == .stalled ? .stalled : .offline, camera: camera, reason: detail, counters: counters))
    }
  }

  /// Ends what is open because the daemon stops.
  mutating func shutDown() {
    end(at: lastWindow?.end ?? publisher.options.clock.now().monotonic, .shutdown)
    condition = "offline"
    announced = nil
    publishState(.noSignal, at: publisher.options.clock.now().monotonic)
  }

  private mutating func end(at time: Duration, _ reason: EndReason) {
    for change in decider.end(at: time, reason: reason) { publish(change, nil, nil) }
  }

  private mutating func publish(
    _ change: ActivityChange, _ window: ActivityEvent.Window?, _ latency: ActivityEvent.Latency?
  ) {
    switch change {
    case .started(let activity):
      openID = Identifier.ulid(at: publisher.options.clock.now().wall, using: &random)
      publisher.publish(event(.start, activity, window, latency))
    case .updated(let activity): publisher.publish(event(.update, activity, window, latency))
    case .ended(let activity, let reason):
      var event = event(.end, activity, window, latency)
      let offset = activity.offset ?? activity.onset
      event.offset = publisher.options.clock.instant(offset)
      event.duration = ((offset - activity.onset) / .seconds(1) * 1000).rounded() / 1000
      event.endReason = reason.rawValue
      publisher.publish(event)
      openID = nil
    }
  }

  private func event(
    _ kind: ActivityEvent.Kind, _ activity: Activity, _ window: ActivityEvent.Window?,
    _ latency: ActivityEvent.Latency?
  ) -> ActivityEvent {
    let own = options.activities[card.labels[activity.index]]
    var event = ActivityEvent(
      kind, id: openID ?? "", camera: camera,
      activity: ActivityEvent.Label(label: card.labels[activity.index], index: activity.index),
      confidence: activity.confidence, peak: activity.peak,
      threshold: ActivityEvent.Thresholds(on: own?.on ?? options.on, off: own?.off ?? options.off),
      top: labelled(activity.top), onset: publisher.options.clock.instant(activity.onset), model: model)
    event.window = window
    event.latency = latency
    return event
  }

  private mutating func publishState(at time: Duration) { publishState(decider.state, at: time) }

  /// Publishes the state when it, or the camera's condition, is not what was said last.
  private mutating func publishState(_ state: RecognitionState, at time: Duration) {
    guard state != announced || condition != announcedCondition else { return }
    if state != announced { stateSince = decider.current?.onset ?? time }
    announced = state
    announcedCondition = condition
    let (word, label): (String, ActivityEvent.Label?) =
      switch state {
      case .noSignal: ("no_signal", nil)
      case .warmingUp: ("warming_up", nil)
      case .idle: ("idle", nil)
      case .unknown: ("unknown", nil)
      case .activity(let index): ("activity", ActivityEvent.Label(label: card.labels[index], index: index))
      }
    publisher.publish(
      CameraState(
        camera: camera, state: word, activity: label, activityID: openID,
        since: publisher.options.clock.instant(stateSince), condition: condition))
  }

  private func describe(_ window: ClipWindow) -> ActivityEvent.Window {
    ActivityEvent.Window(
      frames: window.frames, span: (window.duration / .seconds(1) * 1000).rounded() / 1000,
      sampleRate: card.sampleRate, firstFrame: window.firstSample, lastFrame: window.lastSample,
      dropped: window.dropped, repeated: window.repeated)
  }

  private func labelled(_ candidates: [Activity.Candidate]) -> [LabelProbability] {
    candidates.map { LabelProbability(label: card.labels[$0.index], p: $0.probability) }
  }

  private func milliseconds(_ duration: Duration) -> Int { Int((duration / .milliseconds(1)).rounded()) }
}
