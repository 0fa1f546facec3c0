import Events
import Foundation
import TestSupport
import Testing

/// The subset of JSON Schema that our schemas use; stricter in one point: unknown keys are findings.
private func findings(_ value: Any, against schema: [String: Any], at path: String = "$") -> [String] {
  var found: [String] = []
  if let constant = schema["const"] as? String, value as? String != constant {
    found.append("\(path) is not \(constant)")
  }
  if let choices = schema["enum"] as? [String], !choices.contains(value as? String ?? "") {
    found.append("\(path) is not one of \(choices)")
  }
  let number = value as? NSNumber
  switch schema["type"] as? String {
  case "object":
    guard let object = value as? [String: Any] else { return ["\(path) is no object"] }
    for key in schema["required"] as? [String] ?? [] where object[key] == nil {
      found.append("\(path).\(key) is missing")
    }
    let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
    let others = schema["additionalProperties"] as? [String: Any]
    for (key, value) in object {
      if let known = properties[key] ?? others {
        found += findings(value, against: known, at: "\(path).\(key)")
      } else {
        found.append("\(path).\(key) is unknown")
      }
    }
  case "array":
    guard let array = value as? [Any], let items = schema["items"] as? [String: Any] else {
      return ["\(path) is no array"]
    }
    for (index, item) in array.enumerated() { found += findings(item, against: items, at: "\(path)[\(index)]") }
  case "string": if !(value is String) { found.append("\(path) is no string") }
  case "integer":
    if number == nil || number?.doubleValue != number?.doubleValue.rounded() { found.append("\(path) is no integer") }
  case "number": if number == nil { found.append("\(path) is not a number") }
  case "boolean": if !(value is Bool) { found.append("\(path) is no boolean") }
  default: break
  }
  return found
}

@Suite(.timeLimit(.minutes(5))) struct `Schemas in examples` {
  private func schema(_ name: String) throws -> [String: Any] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("examples/schemas")
    let data = try Data(contentsOf: folder.appendingPathComponent(name + ".json"))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// The schema that a message must follow.
  private func schemaName(_ message: EventSubscriber.Message) -> String {
    guard message.topic.camera != Topic.rules else { return message.topic.kind == .state ? "alerts" : "alert" }
    let isPerson = String(decoding: message.json, as: UTF8.self).contains(#""type":"person."#)
    return isPerson ? "person" : message.topic.kind?.rawValue ?? "heartbeat"
  }

  @Test func `the schemas describe every message that is published`() throws {
    let folder = try TemporaryFolder()
    var options = EventPublisher.Options()
    options.node = "test"
    options.endpoint = "ipc://\(folder.path)/events"
    options.query = "ipc://\(folder.path)/query"
    options.predictions = "ipc://\(folder.path)/predictions"
    options.heartbeat = .milliseconds(50)
    let publisher = try EventPublisher(options)
    defer { publisher.close() }
    publisher.update(CameraHealth.Counters(), of: "kitchen")
    let subscriber = try EventSubscriber(
      endpoint: options.endpoint, predictions: options.predictions, heartbeat: .seconds(30))

    let instant = publisher.options.clock.instant(.seconds(5))
    let label = ActivityEvent.Label(label: "Drink.Fromcup", index: 8)
    let family = ActivityEvent.Label(label: "Drink", index: 0, member: "drinking beer")
    let window = ActivityEvent.Window(
      frames: 64, span: 4.2, sampleRate: 15, firstFrame: 0, lastFrame: 63, dropped: 0, repeated: 0)
    let latency = ActivityEvent.Latency(inference: 1, captureToPublish: 2)
    var event = ActivityEvent(
      .end, id: "id", camera: "kitchen", activity: label, confidence: 0.5, peak: 0.5,
      threshold: ActivityEvent.Thresholds(on: 0.6, off: 0.4), top: [LabelProbability(label: "a", p: 0.5)],
      onset: instant, model: ModelIdentity(name: "m", sha256: "00", classes: 31))
    (event.offset, event.duration, event.endReason) = (instant, 1.5, "shutdown")
    (event.window, event.latency) = (window, latency)

    let person = PersonReference(
      id: 2, box: PersonReference.Box(x: 0.25, y: 0.1, width: 1.0 / 3, height: 0.8), since: instant)
    var personal = (
      event: event, prediction: Prediction(camera: "kitchen", top: event.top, window: window, latency: latency)
    )
    (personal.event.person, personal.prediction.person) = (person, person)
    personal.event.activity = family
    personal.event.top = [LabelProbability(label: "Drink", p: 0.5, member: "drinking beer")]
    personal.prediction.top = personal.event.top
    var state = CameraState(
      camera: "kitchen", state: "empty", activity: nil, activityID: nil, since: instant, condition: "online")
    state.people = [
      CameraState.PersonState(person: person, state: "activity", activity: label, activityID: "id", since: instant),
      CameraState.PersonState(person: person, state: "idle", activity: nil, activityID: nil, since: instant),
      CameraState.PersonState(person: person, state: "activity", activity: family, activityID: "id", since: instant),
    ]
    var left = PersonEvent(.left, camera: "kitchen", person: person)
    (left.until, left.duration, left.reason) = (instant, 12.5, "left")

    var alert = AlertEvent(
      .raised, id: "id", rule: "fallen", cameras: ["kitchen"], reason: "r", since: instant, raised: instant)
    (alert.person, alert.message, alert.unwatched) = (AlertEvent.Person(id: 2), "Look after Anna", 12.5)
    var reminder = alert
    (reminder.type, reminder.reminder) = (.reminder, 1)
    var cleared = alert
    (cleared.type, cleared.cleared, cleared.duration, cleared.clearReason) = (.cleared, instant, 1.5, "followed")

    var unseen: Set = ["event", "prediction", "state", "health", "heartbeat", "person", "alert", "alerts"]
    while !unseen.isEmpty {
      // Repeated until the subscriber has joined both sockets.
      publisher.publish(event)
      publisher.publish(
        CameraState(
          camera: "kitchen", state: "activity", activity: label, activityID: "id", since: instant, condition: "online"))
      publisher.publish(state)
      publisher.publish(personal.event)
      publisher.publish(personal.prediction)
      publisher.publish(PersonEvent(.entered, camera: "kitchen", person: person))
      publisher.publish(left)
      for alert in [alert, reminder, cleared] { publisher.publish(alert) }
      publisher.publish(AlertsState(alerts: [alert]))
      publisher.publish(CameraHealth(.finderFailed, camera: "kitchen", reason: "r", counters: CameraHealth.Counters()))
      publisher.publish(CameraHealth(.online, camera: "kitchen", reason: "r", counters: CameraHealth.Counters()))
      publisher.publish(Prediction(camera: "kitchen", top: event.top, window: window, latency: latency))
      guard case .message(let message) = try #require(subscriber.next(timeout: .seconds(10))) else { continue }
      let name = schemaName(message)
      let found = try findings(JSONSerialization.jsonObject(with: message.json), against: schema(name))
      #expect(found.isEmpty, "\(name): \(found)")
      unseen.remove(name)
    }
  }

  @Test func `a label has no member without families, and is its own family`() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    func text(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    #expect(
      try text(ActivityEvent.Label(label: "Drink.Fromcup", index: 8))
        == #"{"family":"Drink","index":8,"label":"Drink.Fromcup"}"#)
    #expect(try text(LabelProbability(label: "a", p: 0.5)) == #"{"label":"a","p":0.5}"#)
    #expect(
      try text(ActivityEvent.Label(label: "Drink etc.", index: 0, member: "drinking"))
        == #"{"family":"Drink etc.","index":0,"label":"Drink etc.","member":"drinking"}"#)
  }

  @Test func `the schemas would notice a message that differs`() throws {
    let schema = try schema("state")
    let message: [String: Any] = ["type": "state", "camera": 5, "surprise": 1]
    let found = findings(message, against: schema)
    #expect(found.contains("$.camera is no string") && found.contains("$.surprise is unknown"))
    #expect(found.contains("$.state is missing"))
  }
}
