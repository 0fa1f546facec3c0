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

  /// A pair of sockets.
  enum Door { case local, remote }

  /// The next query that came there, if any.
  func receiveQuery(at door: Door) -> [[UInt8]]? {
    switch door {
    case .local: query.receive()
    case .remote: remote?.query.receive()
    }
  }

  func send(_ answer: [[UInt8]], at door: Door) {
    switch door {
    case .local: query.send(answer)
    case .remote: remote?.query.send(answer)
    }
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
  static let turn = 32

  /// How long what an earlier run left open is repeated to newcomers; subscribers connect again within some seconds.
  private static let repetition = Duration.seconds(30)

  /// What `publish` and `close` left to do.
  struct Work {
    var messages: [PublishedMessage]
    var replies: [Reply]
    var isClosing: Bool
    /// Makes a heartbeat from what was sent of each topic; true for the last.
    var heartbeat: (Bool, [Topic: UInt64]) -> PublishedMessage
    /// The newest counters of each camera.
    var counters: () -> [String: CameraHealth.Counters]
  }

  let sockets: PublisherSockets
  let options: EventPublisher.Options
  let epoch: String
  private let wakeUp: CInt
  /// The last message of each state topic.
  var lastStates: [Topic: PublishedMessage] = [:]
  var history = RecentMessages()
  private let gate: StoreGate?
  let reply: @Sendable (Reply) -> Void
  /// Questions that the store has not answered yet.
  var asked = 0
  /// Ends of what an earlier run left open, for those who subscribe only now.
  private var repeated: [PublishedMessage] = []
  private var sent: [Topic: UInt64] = [:]
  let began = ContinuousClock.now
  let guests: GuestList?
  /// Refused connections when it was last warned of them, and when that was.
  private var lastWarning: (refused: UInt64, at: ContinuousClock.Instant)

  /// - Parameters:
  ///   - sockets: bound, and used by nobody else.
  ///   - options: the publisher's.
  ///   - epoch: for answers.
  ///   - wakeUp: tells that there is work.
  ///   - reply: takes answers of the store, from its thread, and brings them back with the next work.
  init(
    _ sockets: PublisherSockets, options: EventPublisher.Options, epoch: String, wakeUp: CInt,
    reply: @escaping @Sendable (Reply) -> Void
  ) {
    self.sockets = sockets
    self.options = options
    self.epoch = epoch
    self.wakeUp = wakeUp
    self.reply = reply
    guests = options.remote.map { GuestList($0, warn: options.warn) }
    gate = options.store.map { StoreGate($0, warn: options.warn) }
    lastWarning = (ConnectionLimit.refused, began - .seconds(60))
  }

  func run(_ takeWork: () -> Work) {
    var nextBeat = ContinuousClock.now
    while true {
      unsafe wait(for: sockets.handles, wakeUp, atMost: min(nextBeat - ContinuousClock.now, options.heartbeat))
      options.turned()
      let work = takeWork()
      // Newcomers first: the last states are older than what is sent next.
      if !repeated.isEmpty, ContinuousClock.now - began > Self.repetition { repeated = [] }
      greetNewcomers(sockets.events)
      if let remote = sockets.remote { greetNewcomers(remote.events) }
      gate?.keep(work.messages.filter { $0.topic.kind == .event || $0.topic.kind == .health })
      for message in work.messages { send(message) }
      for reply in work.replies { send(reply) }
      answerQueries(at: .local, work.counters)
      answerQueries(at: .remote, work.counters)
      if work.isClosing {
        send(work.heartbeat(true, sent))
        return
      }
      if ContinuousClock.now >= nextBeat {
        let beat = work.heartbeat(false, sent)
        send(beat)
        options.store?.noteAlive(beat.envelope)
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

  private func send(_ message: PublishedMessage) {
    if message.topic.kind == .prediction {
      sockets.predictions?.send(message.parts)
      return
    }
    sockets.publish(message.parts)
    if message.topic.kind != nil { sent[message.topic] = message.seq }
    if message.topic.kind == .state { lastStates[message.topic] = message }
    if message.isRepeated { repeated.append(message) }
    if message.topic.kind != nil { history.append(message, keeping: options.history) }
  }

  /// Sends the last states that newcomers subscribed to, and at first what an earlier run left open.
  ///
  /// Everybody gets them once more; their `seq` tells that they are not new. libzmq has a mode in which a newcomer is
  /// answered alone (XPUB_MANUAL_LAST_VALUE), but in 4.3.4 a peer that sends anything but subscriptions makes it mistake
  /// one subscriber for another, and newcomers then get nothing at all.
  private func greetNewcomers(_ events: borrowing Socket) {
    var wanted: Set<Topic> = []
    var ends: Set<Int> = []
    for _ in 0..<Self.turn {
      guard let message = events.receive() else { break }
      guard message.count == 1, message[0].first == 1 else { continue }
      let prefix = message[0].dropFirst()
      wanted.formUnion(lastStates.keys.filter { $0.description.utf8.starts(with: prefix) })
      ends.formUnion(repeated.indices.filter { repeated[$0].topic.description.utf8.starts(with: prefix) })
    }
    for index in ends.sorted() { events.send(repeated[index].parts) }
    for topic in wanted.sorted(by: { $0.description < $1.description }) {
      if let state = lastStates[topic] { events.send(state.parts) }
    }
  }

  /// Plain XPUB sockets queue their subscription messages for whoever reads them.
  private func discardSubscriptions() {
    while let predictions = sockets.predictions?.receive() { _ = predictions }
  }
}
