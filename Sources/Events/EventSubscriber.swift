import CZeroMQ
package import Foundation

/// A client's identity, and the daemon it trusts.
package struct ClientIdentity: Sendable {
  package var server: PublicKey
  package var own: SecretKey

  /// Reads both keys from their files.
  ///
  /// - Parameters:
  ///   - serverKey: path of the daemon's public key.
  ///   - key: path of this client's secret key.
  ///   - settings: names of the two settings, for messages.
  /// - Throws: `EventError.badKey`.
  package init(
    serverKey: String, key: String, settings: (serverKey: String, key: String) = ("--server-key", "--key")
  ) throws(EventError) {
    server = try KeyFile.publicKey(path: serverKey, setting: settings.serverKey)
    own = try KeyFile.secret(path: key, setting: settings.key)
  }
}

/// Receives messages and detects missing ones.
///
/// libzmq reconnects indefinitely; the last states are re-sent after each reconnection.
@safe package final class EventSubscriber {
  /// A received message.
  package struct Message: Sendable {
    package var topic: Topic
    /// The message's JSON text.
    package var json: Data

    package init(topic: Topic, json: Data) {
      self.topic = topic
      self.json = json
    }
  }

  /// A received message, or something found missing.
  package enum Arrival: Sendable {
    case message(Message)
    /// Messages on a topic were lost between two received ones.
    case gap(topic: Topic, missing: UInt64)
    /// The daemon was restarted.
    case restarted
    /// No heartbeat arrived for three periods.
    case silent
    /// The daemon does not know the client's key; reconnecting does not help.
    case refused
  }

  private let monitor: HandshakeMonitor?
  private let socket: Socket
  private let context: Context
  private let silence: Duration
  private var reader = MessageReader()
  private var pending: [Arrival] = []
  private var lastSign = ContinuousClock.now
  private var isSilent = false

  /// - Parameters:
  ///   - endpoint: the daemon's address for events.
  ///   - predictions: its address for predictions, to receive those too.
  ///   - prefixes: topics to subscribe to; all if empty.
  ///   - heartbeat: the daemon's heartbeat period; three periods without a message count as silence.
  ///   - keys: keys for a daemon's encrypted sockets.
  /// - Throws: `EventError` if an endpoint is invalid.
  package init(
    endpoint: String, predictions: String? = nil, prefixes: [String] = [], heartbeat: Duration = .seconds(5),
    keys: ClientIdentity? = nil
  ) throws(EventError) {
    let context = try Context()
    let socket = try Socket(context, ZMQ_SUB)
    socket.set(ZMQ_RECONNECT_IVL, 100)
    socket.set(ZMQ_RECONNECT_IVL_MAX, 2000)
    if let keys { try socket.encrypt(to: keys.server, as: keys.own) }
    monitor = try keys.map { (_) throws(EventError) in try HandshakeMonitor(context, socket) }
    for prefix in prefixes.isEmpty ? [Topic.prefix] : prefixes { socket.set(ZMQ_SUBSCRIBE, Array(prefix.utf8)) }
    try socket.connect(endpoint)
    if let predictions { try socket.connect(predictions) }
    self.socket = socket
    self.context = context
    silence = heartbeat * 3
  }

  /// Waits for the next arrival; `nil` if none came in time.
  ///
  /// Foreign messages and repeats of known ones are skipped.
  package func next(timeout: Duration) -> Arrival? {
    let deadline = ContinuousClock.now + timeout
    while true {
      if !pending.isEmpty { return pending.removeFirst() }
      if let parts = socket.receive() {
        take(parts)
        continue
      }
      if monitor?.noticesRefusal() == true { return .refused }
      let now = ContinuousClock.now
      if !isSilent, now - lastSign > silence {
        isSilent = true
        return .silent
      }
      guard now < deadline else { return nil }
      // Silence is reported as soon as it is reached, however long the caller would wait.
      let untilSilence = isSilent ? silence : lastSign + silence - now
      unsafe wait(for: [socket.handle, monitor?.handle], nil, atMost: min(deadline - now, untilSilence))
    }
  }

  private func take(_ parts: [[UInt8]]) {
    guard let arrivals = reader.arrivals(parts) else { return }
    lastSign = .now
    isSilent = false
    pending += arrivals
  }
}

/// Sends the daemon one query and waits for the answer.
package enum EventQuery {
  /// - Parameters:
  ///   - request: the query as JSON text, for example `{"query":"snapshot"}`.
  ///   - endpoint: the daemon's address for queries.
  ///   - timeout: how long to wait.
  ///   - keys: keys for a daemon's encrypted sockets.
  /// - Returns: the answer's JSON text.
  /// - Throws: `EventError.unanswered` if no answer came in time.
  package static func ask(
    _ request: String, at endpoint: String, timeout: Duration, keys: ClientIdentity? = nil
  ) throws(EventError) -> Data {
    let context = try Context()
    let socket = try Socket(context, ZMQ_REQ)
    socket.set(ZMQ_LINGER, 0)
    if let keys { try socket.encrypt(to: keys.server, as: keys.own) }
    let monitor = try keys.map { (_) throws(EventError) in try HandshakeMonitor(context, socket) }
    try socket.connect(endpoint)
    socket.send([Array(request.utf8)])
    let deadline = ContinuousClock.now + timeout
    // A signal ends a wait early.
    while ContinuousClock.now < deadline {
      unsafe wait(for: [socket.handle, monitor?.handle], nil, atMost: deadline - ContinuousClock.now)
      if let answer = socket.receive()?.first { return Data(answer) }
      if monitor?.noticesRefusal() == true { throw .unknownClient(endpoint: endpoint) }
    }
    throw .unanswered(endpoint: endpoint, seconds: timeout / .seconds(1), usesKeys: keys != nil)
  }
}
