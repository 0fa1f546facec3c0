import Events
import Foundation
import TestSupport
import Testing

/// A publisher with sockets in its own folder.
struct Fixture: ~Copyable {
  private let files: TemporaryFolder
  let publisher: EventPublisher

  init(endpoint: String? = nil, _ edit: (inout EventPublisher.Options) -> Void = { _ in }) throws {
    let files = try TemporaryFolder()
    var options = EventPublisher.Options()
    options.node = "test"
    options.endpoint = endpoint ?? "ipc://\(files.path)/events"
    options.query = "ipc://\(files.path)/query"
    options.heartbeat = .milliseconds(100)
    edit(&options)
    publisher = try EventPublisher(options)
    self.files = files
  }

  deinit { publisher.close() }

  var folder: String { files.path }

  func subscriber(_ prefixes: [String] = []) throws -> EventSubscriber {
    try EventSubscriber(
      endpoint: publisher.endpoints.events, predictions: publisher.endpoints.predictions, prefixes: prefixes,
      heartbeat: .seconds(30))
  }

  func state(_ camera: String, _ word: String) -> CameraState {
    CameraState(
      camera: camera, state: word, activity: nil, activityID: nil, since: Instant(time: "", monotonic: 0),
      condition: "online")
  }

  func event(_ kind: ActivityEvent.Kind, _ id: String) -> ActivityEvent { sampleEvent(kind, id) }

  /// Publishes states until the subscriber has received one, so that nothing later is lost because it joined late.
  func join(_ subscriber: EventSubscriber) {
    while subscriber.next(timeout: .milliseconds(20)) == nil { publisher.publish(state("joining", "idle")) }
  }
}

func samplePerson(_ id: Int) -> PersonReference {
  PersonReference(
    id: id, box: PersonReference.Box(x: 1.0 / 3, y: 0.2, width: 0.12, height: 0.55),
    since: Instant(time: "2026-10-01T07:31:04.120Z", monotonic: 918_273_645_001_200))
}

func sampleEvent(_ kind: ActivityEvent.Kind, _ id: String) -> ActivityEvent {
  ActivityEvent(
    kind, id: id, camera: "kitchen", activity: ActivityEvent.Label(label: "Drink.Fromcup", index: 8), confidence: 0.87,
    peak: 0.93, threshold: ActivityEvent.Thresholds(on: 0.6, off: 0.4),
    top: [LabelProbability(label: "Drink.Fromcup", p: 0.87), LabelProbability(label: "Drink.Frombottle", p: 0.06)],
    onset: Instant(time: "2026-10-01T07:31:04.120Z", monotonic: 918_273_645_001_200),
    model: ModelIdentity(name: "student", sha256: "9f2c", classes: 31))
}

/// The next message of a kind within ten seconds.
func next(_ kind: Topic.Kind?, from subscriber: EventSubscriber) throws -> EventSubscriber.Message {
  while true {
    switch try #require(subscriber.next(timeout: .seconds(10)), "no message arrived") {
    case .message(let message): if message.topic.kind == kind { return message }
    case .gap, .restarted, .silent, .refused: continue
    }
  }
}
