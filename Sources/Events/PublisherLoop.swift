import CZeroMQ
import Foundation

/// The publisher's sockets, bound.
///
/// `@unchecked Sendable`: made by one thread, handed to the loop's thread, and used there only.
@safe final class PublisherSockets: @unchecked Sendable {
  // Sockets before the context: they must be closed when it ends, or it waits for ever.
  let events: Socket
  let query: Socket
  let predictions: Socket?
  private let context: Context
  // Locks last: closing a socket removes its path, which must not be another daemon's by then.
  private let eventsLock: PathLock
  private let queryLock: PathLock
  private let predictionsLock: PathLock?
  let endpoints: EventPublisher.Endpoints
  /// True when a newcomer can be answered alone.
  let answersNewcomersAlone: Bool

  init(_ options: EventPublisher.Options) throws(EventError) {
    let eventsEndpoint = try Endpoint(options.endpoint, setting: "events.endpoint")
    let queryEndpoint = try Endpoint(options.query, setting: "events.query")
    eventsLock = try PathLock(eventsEndpoint, setting: "events.endpoint")
    queryLock = try PathLock(queryEndpoint, setting: "events.query")
    let context = try Context()
    events = try Socket(context, ZMQ_XPUB)
    events.limitRequests()
    events.set(ZMQ_SNDHWM, 1000)
    answersNewcomersAlone = events.set(czmq_xpub_manual_last_value, 1)
    if !answersNewcomersAlone { events.set(ZMQ_XPUB_VERBOSE, 1) }
    query = try Socket(context, ZMQ_ROUTER)
    query.limitRequests()
    // A history has up to a megabyte; who asks and never reads must not collect a thousand of them.
    query.set(ZMQ_SNDHWM, 8)
    let eventsBound = try events.bind(eventsEndpoint.text, setting: "events.endpoint")
    let queryBound = try query.bind(queryEndpoint.text, setting: "events.query")
    if let text = options.predictions {
      let endpoint = try Endpoint(text, setting: "events.predictions.endpoint")
      predictionsLock = .some(try PathLock(endpoint, setting: "events.predictions.endpoint"))
      let socket = try Socket(context, ZMQ_XPUB)
      socket.limitRequests()
      // Old predictions help nobody.
      socket.set(ZMQ_SNDHWM, 16)
      let bound = try socket.bind(endpoint.text, setting: "events.predictions.endpoint")
      predictions = consume socket
      endpoints = EventPublisher.Endpoints(events: eventsBound, query: queryBound, predictions: bound)
    } else {
      predictionsLock = nil
      predictions = nil
      endpoints = EventPublisher.Endpoints(events: eventsBound, query: queryBound, predictions: nil)
    }
    self.context = context
  }
}

/// What the publisher's thread does: sends the outbox, greets newcomers, answers queries, beats.
final class PublisherLoop: @unchecked Sendable {
  /// What `publish` and `close` left to do.
  struct Work {
    var messages: [OutgoingMessage]
    var isClosing: Bool
    /// Makes a heartbeat; true for the last.
    var heartbeat: (Bool) -> OutgoingMessage
  }

  private let sockets: PublisherSockets
  private let options: EventPublisher.Options
  private let epoch: String
  private let wakeUp: CInt
  /// The last message of each state topic.
  private var lastStates: [Topic: OutgoingMessage] = [:]
  private var history: [OutgoingMessage] = []

  init(_ sockets: PublisherSockets, options: EventPublisher.Options, epoch: String, wakeUp: CInt) {
    self.sockets = sockets
    self.options = options
    self.epoch = epoch
    self.wakeUp = wakeUp
  }

  func run(_ takeWork: () -> Work) {
    var nextBeat = ContinuousClock.now
    while true {
      let ready = unsafe wait(
        for: [sockets.events.handle, sockets.query.handle], wakeUp,
        atMost: min(nextBeat - ContinuousClock.now, options.heartbeat))
      let work = takeWork()
      // Newcomers first: what they get alone must be older than what everybody gets next.
      if ready[0] { greetNewcomers(work.heartbeat) }
      for message in work.messages { send(message) }
      if ready[1] { answerQueries() }
      if work.isClosing {
        send(work.heartbeat(true))
        return
      }
      if ContinuousClock.now >= nextBeat {
        send(work.heartbeat(false))
        nextBeat = ContinuousClock.now + options.heartbeat
      }
      discardSubscriptions()
    }
  }

  private func send(_ message: OutgoingMessage) {
    if message.topic.kind == .prediction {
      sockets.predictions?.send(message.parts)
      return
    }
    sockets.events.send(message.parts)
    if message.topic.kind == .state { lastStates[message.topic] = message }
    guard message.topic.kind != nil, options.history > 0 else { return }
    if history.count >= options.history { history.removeFirst(history.count - options.history + 1) }
    history.append(message)
  }

  /// Acts on subscriptions in order and sends each newcomer the last states of its topics.
  ///
  /// With the manual option the message after a subscription goes to the newcomer alone, and only one does. Further
  /// states, and all of them without that option, reach everybody once more; their `seq` tells that they are not new.
  private func greetNewcomers(_ heartbeat: (Bool) -> OutgoingMessage) {
    while let message = sockets.events.receive() {
      guard message.count == 1, let first = message[0].first else { continue }
      let prefix = Array(message[0].dropFirst())
      guard first == 1 else {
        if sockets.answersNewcomersAlone, first == 0 { sockets.events.set(ZMQ_UNSUBSCRIBE, prefix) }
        continue
      }
      if sockets.answersNewcomersAlone { sockets.events.set(ZMQ_SUBSCRIBE, prefix) }
      let states = lastStates.values.filter { $0.topic.description.utf8.starts(with: prefix) }
        .sorted { $0.topic.description < $1.topic.description }
      for state in states { sockets.events.send(state.parts) }
      // Without a state to send, something must still use up the newcomer's turn, or the next event would reach it only.
      if states.isEmpty, sockets.answersNewcomersAlone { sockets.events.send([[0], []]) }
    }
  }

  /// Plain XPUB sockets queue their subscription messages for whoever reads them.
  private func discardSubscriptions() {
    while let predictions = sockets.predictions?.receive() { _ = predictions }
  }

  private func answerQueries() {
    while let message = sockets.query.receive() {
      // Identity, then an empty delimiter from REQ sockets, then the request.
      guard message.count >= 2, let request = message.last else { continue }
      sockets.query.send(message.dropLast() + [answer(request)])
    }
  }

  private func answer(_ request: [UInt8]) -> [UInt8] {
    struct Request: Decodable {
      var query: String
      /// RFC 3339 in UTC; `history` gives only messages said later.
      var since: String?
    }
    let answer: [String: Any]
    do {
      let request = try JSONDecoder().decode(Request.self, from: Data(request))
      switch request.query {
      case "snapshot":
        answer = ["messages": lastStates.values.sorted { $0.topic.description < $1.topic.description }.map(object)]
      case "history":
        answer = ["messages": history.map(object).filter { text($0, "time") > (request.since ?? "") }]
      case "version": answer = ["schema": Envelope.schema]
      default: answer = ["error": "there is no query '\(request.query.prefix(64))'; ask snapshot, history or version"]
      }
    } catch {
      answer = ["error": "a query is one JSON object such as {\"query\":\"snapshot\"}"]
    }
    do {
      let reply = answer.merging(["epoch": epoch, "node": options.node]) { $1 }
      return Array(try JSONSerialization.data(withJSONObject: reply, options: [.sortedKeys, .withoutEscapingSlashes]))
    } catch {
      preconditionFailure("our own answers can always be written: \(error)")
    }
  }

  /// A stored message as `{"topic": …, "message": …}`.
  private func object(_ message: OutgoingMessage) -> [String: Any] {
    do {
      let body = try JSONSerialization.jsonObject(with: Data(message.json))
      return ["topic": message.topic.description, "message": body]
    } catch {
      preconditionFailure("our own messages can always be read: \(error)")
    }
  }

  private func text(_ object: [String: Any], _ key: String) -> String {
    ((object["message"] as? [String: Any])?[key] as? String) ?? ""
  }
}
