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

  init(_ options: EventPublisher.Options) throws(EventError) {
    let eventsEndpoint = try Endpoint(options.endpoint, setting: "events.endpoint")
    let queryEndpoint = try Endpoint(options.query, setting: "events.query")
    eventsLock = try PathLock(eventsEndpoint, setting: "events.endpoint")
    queryLock = try PathLock(queryEndpoint, setting: "events.query")
    // Locals end in reverse order: where one cannot be bound, the others are closed before the context waits for them.
    let context = try Context()
    let events = try Socket(context, ZMQ_XPUB)
    events.limitRequests(to: Socket.largestSubscription)
    events.set(ZMQ_SNDHWM, 1000)
    // Every subscription is reported, also to what others subscribed to before.
    events.set(ZMQ_XPUB_VERBOSE, 1)
    let query = try Socket(context, ZMQ_ROUTER)
    query.limitRequests(to: Socket.largestRequest)
    // A history has up to a megabyte; who asks and never reads must not collect a thousand of them.
    query.set(ZMQ_SNDHWM, 8)
    let eventsBound = try events.bind(eventsEndpoint.text, setting: "events.endpoint")
    let queryBound = try query.bind(queryEndpoint.text, setting: "events.query")
    if let text = options.predictions {
      let endpoint = try Endpoint(text, setting: "events.predictions.endpoint")
      predictionsLock = .some(try PathLock(endpoint, setting: "events.predictions.endpoint"))
      let socket = try Socket(context, ZMQ_XPUB)
      socket.limitRequests(to: Socket.largestSubscription)
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
    self.events = events
    self.query = query
    self.context = context
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
    gate = options.store.map { StoreGate($0, warn: options.warn) }
    lastWarning = (ConnectionLimit.refused, began - .seconds(60))
  }

  func run(_ takeWork: () -> Work) {
    var nextBeat = ContinuousClock.now
    while true {
      let ready = unsafe wait(
        for: [sockets.events.handle, sockets.query.handle], wakeUp,
        atMost: min(nextBeat - ContinuousClock.now, options.heartbeat))
      let work = takeWork()
      // Newcomers first: the last states are older than what is sent next.
      if ready[0] { greetNewcomers() }
      gate?.keep(work.messages.filter { $0.topic.kind == .event || $0.topic.kind == .health })
      for message in work.messages { send(message) }
      for reply in work.replies { send(reply) }
      if ready[1] { answerQueries(work.counters) }
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
    sockets.events.send(message.parts)
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
  private func greetNewcomers() {
    if !repeated.isEmpty, ContinuousClock.now - began > Self.repetition { repeated = [] }
    var wanted: Set<Topic> = []
    var ends: Set<Int> = []
    for _ in 0..<Self.turn {
      guard let message = sockets.events.receive() else { break }
      guard message.count == 1, message[0].first == 1 else { continue }
      let prefix = message[0].dropFirst()
      wanted.formUnion(lastStates.keys.filter { $0.description.utf8.starts(with: prefix) })
      ends.formUnion(repeated.indices.filter { repeated[$0].topic.description.utf8.starts(with: prefix) })
    }
    for index in ends.sorted() { sockets.events.send(repeated[index].parts) }
    for topic in wanted.sorted(by: { $0.description < $1.description }) {
      if let state = lastStates[topic] { sockets.events.send(state.parts) }
    }
  }

  /// Plain XPUB sockets queue their subscription messages for whoever reads them.
  private func discardSubscriptions() {
    while let predictions = sockets.predictions?.receive() { _ = predictions }
  }
}
