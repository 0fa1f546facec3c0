import CZeroMQ
import Foundation
import Synchronization

/// Publishes messages to any number of subscribers and answers queries.
///
/// `publish` numbers a message and puts it into an outbox; the publisher's own thread, the only user of its sockets,
/// sends it. Nothing waits for a subscriber: a slow one loses messages and sees the gap in `seq`.
///
/// - New subscribers get the last state of each camera they subscribe to.
/// - Predictions have a separate socket with a short queue, so that they never displace an event.
package final class EventPublisher: Sendable {
  /// Addresses and limits of a publisher.
  package struct Options: Sendable {
    package var node = "node"
    package var endpoint = "ipc:///run/adl/events.sock"
    package var query = "ipc:///run/adl/query.sock"
    /// `nil` if predictions are not published.
    package var predictions: String?
    package var heartbeat = Duration.seconds(5)
    /// Sockets for other machines; `nil` if none may connect.
    package var remote: Remote?
    /// Number of messages kept in memory for `history` queries.
    package var history = 1000
    /// Receives events and health before they are sent; `nil` if they are kept in memory only.
    package var store: (any MessageStore)?
    package var clock = EventClock.system
    /// Called in every loop of the publisher's thread, at least once per heartbeat.
    package var turned: @Sendable () -> Void = {}
    /// Receives problems with peers, at most once per minute.
    package var warn: @Sendable (String) -> Void = { _ in }

    package init() {}
  }

  /// The addresses the sockets listen on, with the ports chosen for `:*`.
  package struct Endpoints: Equatable, Sendable {
    package var events: String
    package var query: String
    package var predictions: String?
    package var remoteEvents: String?
    package var remoteQuery: String?
  }

  private struct Outbox {
    var messages: [PublishedMessage] = []
    var replies: [PublisherLoop.Reply] = []
    var sequence: [Topic: UInt64] = [:]
    var counters: [String: CameraHealth.Counters] = [:]
    var isClosing = false
  }

  package let endpoints: Endpoints
  /// Different for each publisher.
  package let epoch: String
  package let options: Options
  private let outbox = Mutex(Outbox())
  private let wakeUp: WakeUp
  private let finished = DispatchSemaphore(value: 0)

  /// Rejects invalid endpoints, duplicates, and invalid keys.
  ///
  /// - Throws: `EventError` that names the setting to change.
  package static func check(_ options: Options) throws(EventError) {
    var endpoints = [("events.endpoint", options.endpoint), ("events.query", options.query)]
    if let predictions = options.predictions { endpoints.append(("events.predictions.endpoint", predictions)) }
    if let remote = options.remote {
      endpoints += [("events.remote.endpoint", remote.endpoint), ("events.remote.query", remote.query)]
      _ = try remote.keys()
    }
    var seen: Set<String> = []
    for (setting, text) in endpoints {
      _ = try Endpoint(text, setting: setting, isEncrypted: setting.hasPrefix("events.remote."))
      guard text.hasSuffix(":*") || seen.insert(text).inserted else {
        throw .badEndpoint(setting: setting, endpoint: text, reason: "another setting uses the same endpoint")
      }
    }
  }

  /// Binds the sockets and starts the thread.
  ///
  /// - Throws: `EventError` that names the setting to change.
  package init(_ options: Options) throws(EventError) {
    try Self.check(options)
    ConnectionLimit.apply()
    self.options = options
    epoch = String(String(UInt64.random(in: 1 << 32..<1 << 33), radix: 16).suffix(8))
    wakeUp = try WakeUp()
    let sockets = try PublisherSockets(options)
    endpoints = sockets.endpoints
    let handover = Mutex<PublisherSockets?>(sockets)
    let thread = Thread { [self] in
      // The loop closes the sockets when it ends, so that their paths are free once `close` returns.
      if let sockets = handover.withLock({ $0.take() }) {
        let loop = PublisherLoop(sockets, options: options, epoch: epoch, wakeUp: wakeUp.descriptor) { [self] in
          reply($0)
        }
        loop.run { [self] in takeOutbox() }
      }
      finished.signal()
    }
    thread.name = "publish"
    thread.start()
  }

  /// Queues the start, update or end of an activity.
  package func publish(_ event: ActivityEvent) { enqueue(event, event.camera, .event) }
  /// Queues a person's arrival or departure.
  package func publish(_ event: PersonEvent) { enqueue(event, event.camera, .event) }
  /// Queues the end of something an earlier run left open; it is repeated to those who subscribe within the first half
  /// minute.
  package func publish(_ leftover: Leftover) {
    switch leftover {
    case .activity(let event): enqueue(event, event.camera, .event, repeats: true)
    case .person(let event): enqueue(event, event.camera, .event, repeats: true)
    case .alert(let alert): enqueue(alert, Topic.rules, .event, repeats: true)
    }
  }

  /// Queues an alert's start, reminder or end.
  package func publish(_ alert: AlertEvent) { enqueue(alert, Topic.rules, .event) }
  package func publish(_ state: AlertsState) { enqueue(state, Topic.rules, .state) }
  package func publish(_ state: CameraState) { enqueue(state, state.camera, .state) }
  package func publish(_ health: CameraHealth) { enqueue(health, health.camera, .health) }

  /// Queues a prediction; ignored if there is no socket for predictions.
  package func publish(_ prediction: Prediction) {
    if options.predictions != nil { enqueue(prediction, prediction.camera, .prediction) }
  }

  /// Sets the counters for the next heartbeat.
  package func update(_ counters: CameraHealth.Counters, of camera: String) {
    outbox.withLock { $0.counters[camera] = counters }
  }

  /// Sends what is queued and a last heartbeat, and ends the thread.
  package func close() {
    let wasOpen = outbox.withLock { outbox in
      defer { outbox.isClosing = true }
      return !outbox.isClosing
    }
    guard wasOpen else { return }
    wakeUp.signal()
    finished.wait()
  }

  private func enqueue(_ body: some Encodable, _ camera: String, _ kind: Topic.Kind, repeats: Bool = false) {
    let topic = Topic(node: options.node, camera: camera, kind)
    outbox.withLock { outbox in
      // Nobody would send it any more.
      guard !outbox.isClosing else { return }
      let seq = (outbox.sequence[topic] ?? 0) + 1
      outbox.sequence[topic] = seq
      let envelope = envelope(seq)
      let json = Enveloped(envelope, body).json()
      outbox.messages.append(PublishedMessage(topic: topic, envelope: envelope, json: json, isRepeated: repeats))
    }
    wakeUp.signal()
  }

  private func envelope(_ seq: UInt64) -> Envelope {
    let (monotonic, wall) = options.clock.now()
    var envelope = Envelope()
    envelope.epoch = epoch
    envelope.seq = seq
    envelope.node = options.node
    envelope.time = EventClock.text(wall)
    envelope.monotonic = EventClock.nanoseconds(monotonic)
    envelope.bootID = options.clock.bootID
    return envelope
  }

  private func reply(_ reply: PublisherLoop.Reply) {
    outbox.withLock { $0.replies.append(reply) }
    wakeUp.signal()
  }

  private func takeOutbox() -> PublisherLoop.Work {
    wakeUp.clear()
    return outbox.withLock { outbox in
      defer {
        outbox.messages.removeAll(keepingCapacity: true)
        outbox.replies.removeAll()
      }
      return PublisherLoop.Work(
        messages: outbox.messages, replies: outbox.replies, isClosing: outbox.isClosing,
        heartbeat: { [self] in heartbeat($0, sent: $1) },
        counters: { [self] in self.outbox.withLock { $0.counters } })
    }
  }

  /// - Parameters:
  ///   - isStopping: true for the last heartbeat.
  ///   - sent: the highest `seq` sent so far on each topic.
  /// - Returns: the next heartbeat message.
  private func heartbeat(_ isStopping: Bool, sent: [Topic: UInt64]) -> PublishedMessage {
    let topic = Topic.heartbeat(node: options.node)
    return outbox.withLock { outbox in
      let seq = (outbox.sequence[topic] ?? 0) + 1
      outbox.sequence[topic] = seq
      let body = Heartbeat(
        topics: Dictionary(uniqueKeysWithValues: sent.map { ($0.key.description, $0.value) }),
        isStopping: isStopping, cameras: outbox.counters)
      let envelope = envelope(seq)
      return PublishedMessage(topic: topic, envelope: envelope, json: Enveloped(envelope, body).json())
    }
  }
}

/// A message body and its envelope as one flat JSON object.
struct Enveloped<Body: Encodable>: Encodable {
  let envelope: Envelope
  let body: Body

  init(_ envelope: Envelope, _ body: Body) {
    self.envelope = envelope
    self.body = body
  }

  func encode(to encoder: any Encoder) throws {
    try envelope.encode(to: encoder)
    try body.encode(to: encoder)
  }

  /// Keys are in alphabetical order, so that a message's text depends only on its content.
  func json() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return Array(try encoder.encode(self))
    } catch {
      preconditionFailure("our own messages can always be encoded: \(error)")
    }
  }
}
