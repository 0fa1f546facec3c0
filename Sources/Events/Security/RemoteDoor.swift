import CZeroMQ
import Foundation

extension EventPublisher {
  /// Sockets for other machines: encrypted, for known clients only.
  package struct Remote: Sendable {
    package var endpoint: String
    package var query: String
    /// Path of the daemon's secret key.
    package var secretKey: String
    /// Folder of the clients' public keys.
    package var clients: String

    package init(endpoint: String, query: String, secretKey: String, clients: String) {
      (self.endpoint, self.query) = (endpoint, query)
      (self.secretKey, self.clients) = (secretKey, clients)
    }

    /// Reads and checks the keys.
    ///
    /// - Throws: `EventError` that names the setting to change, also if nobody could connect.
    func keys() throws(EventError) -> (secret: SecretKey, clients: ClientKeys) {
      let secret = try KeyFile.secret(path: secretKey, setting: "events.remote.secretKey")
      let clients = try clientKeys()
      guard !clients.names.isEmpty else {
        throw .badKey(
          path: self.clients, setting: "events.remote.clients",
          reason: (["nobody could connect: it contains no client keys; `adl keys add` adds one"] + clients.faults)
            .joined(separator: "; "))
      }
      return (secret, clients)
    }

    func clientKeys() throws(EventError) -> ClientKeys {
      try ClientKeys(folder: clients, setting: "events.remote.clients")
    }
  }
}

/// The pair of encrypted sockets, and the failures on them.
@safe final class RemoteDoor {
  let events: Socket
  let query: Socket
  private let monitors: (HandshakeMonitor, HandshakeMonitor)

  /// - Parameters:
  ///   - context: a context with an `Authenticator`.
  ///   - endpoints: addresses for events and queries.
  ///   - secret: the daemon's secret key.
  /// - Throws: `EventError` if a socket cannot be bound or encrypted.
  init(
    _ context: borrowing Context, _ endpoints: (events: String, query: String), _ secret: SecretKey
  ) throws(EventError) {
    let events = try Socket.publishing(context)
    let query = try Socket.answering(context)
    try events.encrypt(secret)
    try query.encrypt(secret)
    monitors = (try HandshakeMonitor(context, events), try HandshakeMonitor(context, query))
    boundEvents = try events.bind(endpoints.events, setting: "events.remote.endpoint")
    boundQuery = try query.bind(endpoints.query, setting: "events.remote.query")
    self.events = events
    self.query = query
  }

  /// The addresses the sockets listen on, with the ports chosen for `:*`.
  let boundEvents: String
  let boundQuery: String

  /// Handshakes that failed since the last call, including those with unknown keys.
  func takeFailures() -> Int { monitors.0.takeFailures() + monitors.1.takeFailures() }
}

extension Socket {
  /// A socket for events: reports every subscription, even to topics that others subscribed to before.
  static func publishing(_ context: borrowing Context) throws(EventError) -> Socket {
    let socket = try Socket(context, ZMQ_XPUB)
    socket.limitRequests(to: largestSubscription)
    socket.set(ZMQ_SNDHWM, 1000)
    socket.set(ZMQ_XPUB_VERBOSE, 1)
    return socket
  }

  /// A socket for queries.
  static func answering(_ context: borrowing Context) throws(EventError) -> Socket {
    let socket = try Socket(context, ZMQ_ROUTER)
    socket.limitRequests(to: largestRequest)
    // An answer with history has up to a megabyte; a client that never reads must not pile up a thousand of them.
    socket.set(ZMQ_SNDHWM, 8)
    return socket
  }

  /// Admits only keys that the context's `Authenticator` knows.
  ///
  /// libzmq asks it only for sockets with a domain, and by default treats silence as consent; an option that its header
  /// marks as draft makes it fail closed. CURVE needs version 3 of the protocol, so a limit on handshakes excludes no
  /// legitimate client.
  borrowing func encrypt(_ secret: SecretKey) throws(EventError) {
    guard set(ZMQ_CURVE_SERVER, 1), set(ZMQ_CURVE_SECRETKEY, Array((secret.text + "\0").utf8)),
      set(ZMQ_ZAP_DOMAIN, Array(Authenticator.domain.utf8)), set(Self.enforceDomain, 1)
    else {
      throw .library(call: "zmq_setsockopt for CURVE", reason: "this libzmq cannot encrypt: \(lastReason())")
    }
    set(ZMQ_HANDSHAKE_IVL, 5000)
  }

  /// ZMQ_ZAP_ENFORCE_DOMAIN.
  private static let enforceDomain: CInt = 93

  /// Encrypts a client's connection.
  ///
  /// - Parameters:
  ///   - server: the daemon's public key.
  ///   - own: the client's secret key.
  /// - Throws: `EventError.library` if libzmq was built without CURVE.
  borrowing func encrypt(to server: PublicKey, as own: SecretKey) throws(EventError) {
    guard let known = own.publicKey, set(ZMQ_CURVE_SERVERKEY, Array((server.text + "\0").utf8)),
      set(ZMQ_CURVE_PUBLICKEY, Array((known.text + "\0").utf8)), set(ZMQ_CURVE_SECRETKEY, Array((own.text + "\0").utf8))
    else {
      throw .library(call: "zmq_setsockopt for CURVE", reason: "this libzmq cannot encrypt: \(lastReason())")
    }
  }
}

/// Counts a socket's failed handshakes.
@safe final class HandshakeMonitor {
  private let socket: Socket
  /// True once the peer has said that it does not know our key.
  private var isRefused = false

  /// - Parameters:
  ///   - context: the socket's context.
  ///   - target: the socket to watch, until it is closed.
  /// - Throws: `EventError.library` if there are too many sockets.
  init(_ context: borrowing Context, _ target: borrowing Socket) throws(EventError) {
    let address = "inproc://monitor-\(UInt64.random(in: .min ... .max))"
    let events = CInt(
      ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
    guard unsafe zmq_socket_monitor(target.handle, address, events) == 0 else {
      throw .library(call: "zmq_socket_monitor", reason: lastReason())
    }
    socket = try Socket(context, ZMQ_PAIR)
    try socket.connect(address)
  }

  /// Readable when there is an event to take.
  var handle: UnsafeMutableRawPointer { unsafe socket.handle }

  /// Whether the peer has just said that it does not know our key.
  func noticesRefusal() -> Bool { takeFailures() > 0 && isRefused }

  /// Failures since the last call.
  func takeFailures() -> Int {
    var failures = 0
    // Two parts: number and value of the event, then the address.
    while let message = socket.receive() {
      guard let event = message.first, event.count >= 2 else { continue }
      failures += 1
      if UInt16(event[0]) | UInt16(event[1]) << 8 == UInt16(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) { isRefused = true }
    }
    return failures
  }
}
