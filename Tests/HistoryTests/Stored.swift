import Events
import Foundation
import Glibc
import TestSupport
import Testing

@testable import History

/// A folder with a history in it; deleted afterwards.
struct Stored: ~Copyable {
  private let temporary: TemporaryFolder
  let warnings = Lines()
  /// 2026-10-01T07:00:00Z, twelve minutes after the boot.
  static let clock = EventClock(bootID: "boot") { (.seconds(720), Date(timeIntervalSince1970: 1_790_838_000)) }

  init() throws { temporary = try TemporaryFolder() }

  var folder: String { temporary.path }
  var path: String { folder + "/history.sqlite" }

  func options(_ edit: (inout EventStore.Options) -> Void = { _ in }) -> EventStore.Options {
    var options = EventStore.Options(path: path)
    options.clock = Self.clock
    options.warn = { [warnings] in warnings.take($0) }
    edit(&options)
    return options
  }

  func store(_ edit: (inout EventStore.Options) -> Void = { _ in }) throws -> EventStore {
    try EventStore(options(edit))
  }

  /// All messages in the file, in file order.
  func messages(_ edit: (inout HistoryRequest) -> Void = { _ in }) throws -> [String] {
    var request = HistoryRequest()
    edit(&request)
    return try HistoryReader(path: path).page(request).messages.map(\.json)
  }

  var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? [] }
}

extension EventStore {
  /// Stores messages and waits until the store confirms it.
  func keep(_ messages: PublishedMessage...) {
    let kept = DispatchSemaphore(value: 0)
    keep(messages) { kept.signal() }
    kept.wait()
  }
}

/// Messages as a publisher creates them.
struct Sample {
  var epoch = "e1"
  var boot = "boot"
  var camera = "kitchen"

  /// A message about an activity that starts at 07:00, sent `seq` seconds later and lengthened by `padding` characters.
  func activity(
    _ kind: ActivityEvent.Kind, _ seq: Int, id: String, label: String = "Drink", person: Int? = nil, padding: Int = 0
  ) throws -> PublishedMessage {
    var event = ActivityEvent(
      kind, id: id, camera: camera, activity: ActivityEvent.Label(label: label, index: 0), confidence: 0.875,
      peak: 0.9375, threshold: ActivityEvent.Thresholds(on: 0.5, off: 0.25), top: [], onset: instant(0),
      model: ModelIdentity(name: String(repeating: "m", count: padding), sha256: "00", classes: 2))
    event.person = person.map { reference($0) }
    if kind == .end { (event.offset, event.duration, event.endReason) = (instant(seq), Double(seq), "below_threshold") }
    return try message(event, seq, .event)
  }

  func person(_ kind: PersonEvent.Kind, _ seq: Int, id: Int) throws -> PublishedMessage {
    var event = PersonEvent(kind, camera: camera, person: reference(id))
    if kind == .left { (event.until, event.duration, event.reason) = (instant(seq), Double(seq), "left") }
    return try message(event, seq, .event)
  }

  func health(_ seq: Int) throws -> PublishedMessage {
    try message(
      CameraHealth(.offline, camera: camera, reason: "pulled", counters: CameraHealth.Counters()), seq, .health)
  }

  /// A message with the envelope of this run.
  func message(_ body: some Encodable, _ seq: Int, _ kind: Topic.Kind) throws -> PublishedMessage {
    let envelope = envelope(seq)
    func object(_ value: some Encodable) throws -> [String: Any] {
      try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(value)) as? [String: Any])
    }
    let merged = try object(envelope).merging(object(body)) { $1 }
    return PublishedMessage(
      topic: Topic(node: "test", camera: camera, kind), envelope: envelope,
      json: Array(try JSONSerialization.data(withJSONObject: merged, options: .sortedKeys)))
  }

  func envelope(_ second: Int) -> Envelope {
    var envelope = Envelope()
    (envelope.epoch, envelope.seq, envelope.node, envelope.bootID) = (epoch, UInt64(second), "test", boot)
    (envelope.time, envelope.monotonic) = (instant(second).time, instant(second).monotonic)
    return envelope
  }

  /// A time in seconds after 07:00, which is 720 s after the boot.
  func instant(_ second: Int) -> Instant {
    Instant(
      time: EventClock.text(Date(timeIntervalSince1970: 1_790_838_000 + Double(second))),
      monotonic: Int64(720 + second) * 1_000_000_000)
  }

  private func reference(_ id: Int) -> PersonReference {
    PersonReference(id: id, box: PersonReference.Box(x: 0, y: 0, width: 0.5, height: 0.5), since: instant(0))
  }
}
