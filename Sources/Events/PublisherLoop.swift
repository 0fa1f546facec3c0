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
  /// `nil` also while it is closed to throw somebody out.
  private(set) var remote: RemoteDoor?
  let authenticator: Authenticator?
  private let context: Context
  // Locks last: closing a socket removes its path, which must not be another daemon's by then.
  private let eventsLock: PathLock
  private let queryLock: PathLock
  private let predictionsLock: PathLock?
  let endpoints: EventPublisher.Endpoints
  private let secret: SecretKey?

  init(_ options: EventPublisher.Options) throws(EventError) {
    let eventsEndpoint = try Endpoint(options.endpoint, setting: "events.endpoint")
    let queryEndpoint = try Endpoint(options.query, setting: "events.query")
    eventsLock = try PathLock(eventsEndpoint, setting: "events.endpoint")
    queryLock = try PathLock(queryEndpoint, setting: "events.query")
    // Locals end in reverse order: where one cannot be bound, the others are closed before the context waits for them.
    let context = try Context()
    let events = try Socket.publishing(context)
    let query = try Socket.answering(context)
    let eventsBound = try events.bind(eventsEndpoint.text, setting: "events.endpoint")
    let queryBound = try query.bind(queryEndpoint.text, setting: "events.query")
    let keys = try options.remote?.keys()
    let authenticator = try keys.map { (keys) throws(EventError) in try Authenticator(context, keys.clients) }
    var remote: RemoteDoor?
    if let keys, let setting = options.remote {
      do {
        remote = try RemoteDoor(context, (setting.endpoint, setting.query), keys.secret)
      } catch {
        // Its socket would keep the context from ending.
        authenticator?.stop()
        throw error
      }
    }
    self.authenticator = authenticator
    self.remote = remote
    secret = keys?.secret
    var endpoints = EventPublisher.Endpoints(events: eventsBound, query: queryBound, predictions: nil)
    (endpoints.remoteEvents, endpoints.remoteQuery) = (remote?.boundEvents, remote?.boundQuery)
    if let text = options.predictions {
      let endpoint = try Endpoint(text, setting: "events.predictions.endpoint")
      predictionsLock = .some(try PathLock(endpoint, setting: "events.predictions.endpoint"))
      let socket = try Socket(context, ZMQ_XPUB)
      socket.limitRequests(to: Socket.largestSubscription)
      // Old predictions help nobody.
      socket.set(ZMQ_SNDHWM, 16)
      let bound = try socket.bind(endpoint.text, setting: "events.predictions.endpoint")
      predictions = consume socket
      endpoints.predictions = bound
    } else {
      predictionsLock = nil
      predictions = nil
    }
    self.endpoints = endpoints
    self.events = events
    self.query = query
    self.context = context
  }

  deinit { authenticator?.stop() }

  /// Sends to everybody.
  func publish(_ parts: [[UInt8]]) {
    events.send(parts)
    remote?.events.send(parts)
  }

  /// All that somebody may write to.
  var handles: [UnsafeMutableRawPointer] {
    var handles = unsafe [events.handle, query.handle]
    if let remote { unsafe handles += [remote.events.handle, remote.query.handle] }
    return unsafe handles
  }

  /// Cuts off everybody who is connected from elsewhere; those who still may connect again by themselves.
  func closeRemote() { remote = nil }

  /// Opens the encrypted sockets again, where they were.
  func reopenRemote() throws(EventError) {
    guard remote == nil, let secret, let events = endpoints.remoteEvents, let query = endpoints.remoteQuery else {
      return
    }
    remote = try RemoteDoor(context, (events, query), secret)
  }
}

/// What the publisher's thread does: sends the outbox, greets newcomers, answers queries, beats.
final class PublisherLoop: @unchecked Sendable {
  /// Requests and subscriptions handled before events get their turn again, so that a flood of them delays nothing.
  private static let turn = 32

  /// What `publish` and `close` left to do.
  struct Work {
    var messages: [OutgoingMessage]
    var isClosing: Bool
    /// Makes a heartbeat from what was sent of each topic; true for the last.
    var heartbeat: (Bool, [Topic: UInt64]) -> OutgoingMessage
    /// The newest counters of each camera.
    var counters: () -> [String: CameraHealth.Counters]
  }

  private let sockets: PublisherSockets
  private let options: EventPublisher.Options
  private let epoch: String
  private let wakeUp: CInt
  /// The last message of each state topic.
  private var lastStates: [Topic: OutgoingMessage] = [:]
  private var history: [OutgoingMessage] = []
  private var sent: [Topic: UInt64] = [:]
  private let began = ContinuousClock.now
  /// Refused connections when it was last warned of them, and when that was.
  private let guests: GuestList?
  private var lastWarning: (refused: UInt64, at: ContinuousClock.Instant)

  init(_ sockets: PublisherSockets, options: EventPublisher.Options, epoch: String, wakeUp: CInt) {
    self.sockets = sockets
    self.options = options
    self.epoch = epoch
    self.wakeUp = wakeUp
    guests = options.remote.map { GuestList($0, warn: options.warn) }
    lastWarning = (ConnectionLimit.refused, began - .seconds(60))
  }

  func run(_ takeWork: () -> Work) {
    var nextBeat = ContinuousClock.now
    while true {
      _ = unsafe wait(for: sockets.handles, wakeUp, atMost: min(nextBeat - ContinuousClock.now, options.heartbeat))
      let work = takeWork()
      // Newcomers first: the last states are older than what is sent next.
      greetNewcomers(sockets.events)
      if let remote = sockets.remote { greetNewcomers(remote.events) }
      for message in work.messages { send(message) }
      answerQueries(sockets.query, work.counters)
      if let remote = sockets.remote { answerQueries(remote.query, work.counters) }
      if work.isClosing {
        send(work.heartbeat(true, sent))
        return
      }
      if ContinuousClock.now >= nextBeat {
        send(work.heartbeat(false, sent))
        nextBeat = ContinuousClock.now + options.heartbeat
        warnOfRefused()
        guests?.tend(sockets)
      }
      discardSubscriptions()
    }
  }

  private func warnOfRefused() {
    let (refused, now) = (ConnectionLimit.refused, ContinuousClock.now)
    guard refused > lastWarning.refused, now - lastWarning.at >= .seconds(60) else { return }
    options.warn(
      "\(refused - lastWarning.refused) connections refused: this process may have no more open files; find out who opens so many, "
        + "or raise LimitNOFILE= of the unit (ulimit -n)")
    lastWarning = (refused, now)
  }

  private func send(_ message: OutgoingMessage) {
    if message.topic.kind == .prediction {
      sockets.predictions?.send(message.parts)
      return
    }
    sockets.publish(message.parts)
    if message.topic.kind != nil { sent[message.topic] = message.seq }
    if message.topic.kind == .state { lastStates[message.topic] = message }
    guard message.topic.kind != nil, options.history > 0 else { return }
    if history.count >= options.history { history.removeFirst(history.count - options.history + 1) }
    history.append(message)
  }

  /// Sends the last states that newcomers subscribed to.
  ///
  /// Everybody gets them once more; their `seq` tells that they are not new. libzmq has a mode in which a newcomer is
  /// answered alone (XPUB_MANUAL_LAST_VALUE), but in 4.3.4 a peer that sends anything but subscriptions makes it mistake
  /// one subscriber for another, and newcomers then get nothing at all.
  private func greetNewcomers(_ events: borrowing Socket) {
    var wanted: Set<Topic> = []
    for _ in 0..<Self.turn {
      guard let message = events.receive() else { break }
      guard message.count == 1, message[0].first == 1 else { continue }
      let prefix = message[0].dropFirst()
      wanted.formUnion(lastStates.keys.filter { $0.description.utf8.starts(with: prefix) })
    }
    for topic in wanted.sorted(by: { $0.description < $1.description }) {
      if let state = lastStates[topic] { events.send(state.parts) }
    }
  }

  /// Plain XPUB sockets queue their subscription messages for whoever reads them.
  private func discardSubscriptions() {
    while let predictions = sockets.predictions?.receive() { _ = predictions }
  }

  private var uptime: Double { ((ContinuousClock.now - began) / .seconds(1)).rounded() }

  private func answerQueries(_ query: borrowing Socket, _ status: () -> [String: CameraHealth.Counters]) {
    for _ in 0..<Self.turn {
      guard let message = query.receive() else { break }
      // Identity, then an empty delimiter from REQ sockets, then the request.
      guard message.count >= 2, let request = message.last else { continue }
      query.send(message.dropLast() + [answer(request, status)])
    }
  }

  private func answer(_ request: [UInt8], _ status: () -> [String: CameraHealth.Counters]) -> [UInt8] {
    struct Request: Decodable {
      var query: String
      /// RFC 3339; `history` gives only messages said later.
      var since: String?
    }
    let answer: [String: Any]
    do {
      let request = try JSONDecoder().decode(Request.self, from: Data(request))
      switch request.query {
      case "snapshot":
        answer = ["messages": lastStates.values.sorted { $0.topic.description < $1.topic.description }.map(object)]
      case "history": answer = history(since: request.since)
      case "status":
        let counters = try JSONEncoder().encode(status())
        answer = [
          "cameras": try JSONSerialization.jsonObject(with: counters), "uptime_s": uptime,
          "refused_connections": ConnectionLimit.refused, "logins": guests?.status ?? [:],
        ]
      case "version": answer = ["schema": Envelope.schema]
      default:
        answer = ["error": "there is no query '\(request.query.prefix(64))'; ask snapshot, history, status or version"]
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

  /// The answer to a `history` query.
  private func history(since text: String?) -> [String: Any] {
    guard let text else { return ["messages": history.map(object)] }
    guard let since = EventClock.date(text) else {
      return [
        "error": "since is '\(text.prefix(64))'; write a time such as 2026-10-01T07:31:04Z or "
          + "2026-10-01T09:31:04.120+02:00"
      ]
    }
    return ["messages": history.filter { (EventClock.date($0.time) ?? .distantFuture) > since }.map(object)]
  }
}
