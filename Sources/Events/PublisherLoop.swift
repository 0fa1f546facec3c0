import CZeroMQ
import Foundation

/// The publisher's bound sockets.
///
/// `@unchecked Sendable`: created on one thread, handed to the loop's thread, and used only there.
@safe final class PublisherSockets: @unchecked Sendable {
  // Sockets before the context: they must be closed before it ends, or it waits forever.
  let events: Socket
  let query: Socket
  let predictions: Socket?
  /// `nil` also while it is closed to disconnect somebody.
  private(set) var remote: RemoteDoor?
  let authenticator: Authenticator?
  private let context: Context
  // Locks last: closing a socket removes its path, which by then must not be another daemon's.
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
    // Locals are destroyed in reverse order: if one cannot be bound, the others are closed before the context waits for
    // them.
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
        // Otherwise its socket would keep the context from ending.
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
      // Nobody needs old predictions.
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

  /// Sends to all subscribers.
  func publish(_ parts: [[UInt8]]) {
    events.send(parts)
    remote?.events.send(parts)
  }

  /// A pair of sockets.
  enum Door { case local, remote }

  /// The next query from there, if any.
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

  /// All sockets that peers may write to.
  var handles: [UnsafeMutableRawPointer] {
    var handles = unsafe [events.handle, query.handle]
    if let remote { unsafe handles += [remote.events.handle, remote.query.handle] }
    return unsafe handles
  }

  /// Disconnects all remote clients; those still allowed reconnect by themselves.
  func closeRemote() { remote = nil }

  /// Reopens the encrypted sockets at the same addresses.
  func reopenRemote() throws(EventError) {
    guard remote == nil, let secret, let events = endpoints.remoteEvents, let query = endpoints.remoteQuery else {
      return
    }
    remote = try RemoteDoor(context, (events, query), secret)
  }
}

/// The publisher thread's loop: sends the outbox, greets new subscribers, answers queries, sends heartbeats.
final class PublisherLoop: @unchecked Sendable {
  /// Number of requests and subscriptions handled before events get a turn, so that a flood of them delays nothing.
  static let turn = 32

  /// How long messages about an earlier run are repeated to new subscribers, who reconnect within seconds.
  private static let repetition = Duration.seconds(30)

  /// Work left by `publish` and `close`.
  struct Work {
    var messages: [PublishedMessage]
    var replies: [Reply]
    var isClosing: Bool
    /// Creates a heartbeat from what was sent on each topic; the flag is true for the last one.
    var heartbeat: (Bool, [Topic: UInt64]) -> PublishedMessage
    /// The newest counters of each camera.
    var counters: () -> [String: CameraHealth.Counters]
  }

  let sockets: PublisherSockets
  let options: EventPublisher.Options
  let epoch: String
  private let wakeUp: CInt
  /// The last message on each state topic.
  var lastStates: [Topic: PublishedMessage] = [:]
  var history = RecentMessages()
  private let gate: StoreGate?
  let reply: @Sendable (Reply) -> Void
  /// Number of questions that the store has not answered yet.
  var asked = 0
  /// Ends of what an earlier run left open, for new subscribers.
  private var repeated: [PublishedMessage] = []
  private var sent: [Topic: UInt64] = [:]
  let began = ContinuousClock.now
  let guests: GuestList?
  /// The number of refused connections at the last warning, and its time.
  private var lastWarning: (refused: UInt64, at: ContinuousClock.Instant)

  /// - Parameters:
  ///   - sockets: bound, and not used by anybody else.
  ///   - options: the publisher's options.
  ///   - epoch: included in answers.
  ///   - wakeUp: signals that there is work.
  ///   - reply: takes answers from the store's thread, and returns them with the next work.
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
      // New subscribers first: the last states are older than what is sent next.
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

  /// Sends the last states to new subscribers, and at first what an earlier run left open.
  ///
  /// All subscribers receive them; `seq` shows that they are not new. libzmq has a mode to answer only the new
  /// subscriber (XPUB_MANUAL_LAST_VALUE), but in 4.3.4 a peer that sends anything but subscriptions makes it confuse
  /// subscribers, and new ones then get nothing at all.
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

  /// Plain XPUB sockets queue subscription messages until somebody reads them.
  private func discardSubscriptions() {
    while let predictions = sockets.predictions?.receive() { _ = predictions }
  }
}
