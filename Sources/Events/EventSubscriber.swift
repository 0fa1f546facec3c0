import CZeroMQ
package import Foundation

/// Who a client is, and to whom it speaks.
package struct ClientIdentity: Sendable {
  package var server: PublicKey
  package var own: SecretKey

  /// Reads both keys from their files.
  ///
  /// - Parameters:
  ///   - serverKey: file of the daemon's public key.
  ///   - key: file of this client's secret key.
  ///   - settings: what names the two files, for messages.
  /// - Throws: `EventError.badKey`.
  package init(
    serverKey: String, key: String, settings: (serverKey: String, key: String) = ("--server-key", "--key")
  ) throws(EventError) {
    server = try KeyFile.publicKey(path: serverKey, setting: settings.serverKey)
    own = try KeyFile.secret(path: key, setting: settings.key)
  }
}

/// Receives messages and notices what is missing.
///
/// libzmq reconnects indefinitely; the last states are re-sent afterwards.
@safe package final class EventSubscriber {
  /// One message as it came.
  package struct Message: Sendable {
    package var topic: Topic
    /// The JSON object's text.
    package var json: Data

    package init(topic: Topic, json: Data) {
      self.topic = topic
      self.json = json
    }
  }

  /// What came, or was found missing.
  package enum Arrival: Sendable {
    case message(Message)
    /// Messages of a topic were lost between two that came.
    case gap(topic: Topic, missing: UInt64)
    /// The daemon was started anew.
    case restarted
    /// No heartbeat for three periods.
    case silent
    /// The daemon does not know the client's key. It would not come back by itself.
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
  ///   - endpoint: where the daemon publishes.
  ///   - predictions: where it publishes predictions, to receive those as well.
  ///   - prefixes: topics to subscribe to; everything when empty.
  ///   - heartbeat: the daemon's period; three of them without a sign are silence.
  ///   - keys: for a daemon's encrypted sockets.
  /// - Throws: `EventError` when an endpoint is none.
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

  /// Waits for the next arrival; `nil` when the time is over.
  ///
  /// Messages that are not ours, and repeats of what was already seen, are passed over.
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
      // A silence is noticed when it is one, however long the caller would wait.
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

/// Asks the daemon once and waits for its answer.
package enum EventQuery {
  /// - Parameters:
  ///   - request: the request's JSON text, as `{"query":"snapshot"}`.
  ///   - endpoint: where the daemon answers.
  ///   - timeout: how long to wait.
  ///   - keys: for a daemon's encrypted sockets.
  /// - Returns: the answer's JSON text.
  /// - Throws: `EventError.unanswered` when the time is over.
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
    throw .unanswered(endpoint: endpoint, seconds: timeout / .seconds(1))
  }
}
