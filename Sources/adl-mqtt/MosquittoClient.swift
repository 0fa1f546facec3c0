import Basics
import Bridge
import CMosquitto
import Glibc
import Settings

/// One connection to a broker through libmosquitto; used by one thread.
@safe struct MosquittoClient: ~Copyable {
  /// Incoming messages from the broker, in order.
  enum Incoming {
    case answered(code: CInt)
    case acknowledged(number: CInt)
    case message(topic: String, payload: String, isRetained: Bool)
  }

  /// Receives the callbacks' data; libmosquitto holds a pointer to it.
  private final class Inbox {
    var incoming: [Incoming] = []
    /// The TLS library's own message.
    var complaint: String?
  }

  /// Larger messages cannot be announcements.
  private static let largestPayload: CInt = 64 << 10

  private let handle: OpaquePointer
  private let inbox = Inbox()
  private let access: BrokerAccess

  /// Call once, before any other use of the library.
  static func prepareLibrary() { mosquitto_lib_init() }

  /// - Throws: `BrokerFailure.setting` if the library rejects the client's name.
  init(_ access: BrokerAccess, clientID: String) throws(BrokerFailure) {
    guard let handle = unsafe mosquitto_new(clientID, true, nil) else {
      throw .setting(name: "broker.clientId", reason: "the library rejects it: \(reasonText(errno))")
    }
    self.access = access
    unsafe self.handle = handle
    unsafe mosquitto_user_data_set(handle, Unmanaged.passUnretained(inbox).toOpaque())
    listen()
  }

  /// Connects; blocks as long as the network does.
  ///
  /// - Parameter will: what the broker publishes if this connection ends unexpectedly.
  /// - Throws: `BrokerFailure`.
  func connect(will: Publication) throws(BrokerFailure) {
    let settings = access.settings
    if let username = settings.username {
      let code = unsafe mosquitto_username_pw_set(handle, username, access.password?.revealed)
      try Self.check(code, "broker.username")
    }
    if let tls = settings.tls { try encrypt(tls) }
    let payload = Array(will.payload.utf8)
    let code = unsafe mosquitto_will_set(
      handle, will.topic, CInt(payload.count), payload, CInt(settings.qos), true)
    try Self.check(code, "topics.prefix")
    let outcome = unsafe mosquitto_connect(handle, settings.host, CInt(settings.port), CInt(settings.keepalive))
    guard outcome != MOSQ_ERR_SUCCESS.rawValue else { return }
    let reason = outcome == MOSQ_ERR_ERRNO.rawValue ? reasonText(errno) : Self.words(outcome)
    if usesTLS, let complaint = inbox.complaint { throw .tls(reason: complaint) }
    throw .unreachable(host: settings.host, port: settings.port, reason: reason)
  }

  deinit { unsafe mosquitto_destroy(handle) }

  private var usesTLS: Bool { access.settings.tls != nil }

  private func listen() {
    unsafe mosquitto_connect_callback_set(handle) { _, inbox, code in
      unsafe MosquittoClient.inbox(inbox)?.incoming.append(.answered(code: code))
    }
    unsafe mosquitto_publish_callback_set(handle) { _, inbox, number in
      unsafe MosquittoClient.inbox(inbox)?.incoming.append(.acknowledged(number: number))
    }
    unsafe mosquitto_message_callback_set(handle) { _, inbox, message in
      guard let message = unsafe message?.pointee, unsafe message.payloadlen <= MosquittoClient.largestPayload,
        let topic = unsafe message.topic
      else { return }
      let payload = unsafe UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
      unsafe MosquittoClient.inbox(inbox)?.incoming.append(
        .message(
          topic: String(cString: topic), payload: String(decoding: payload, as: UTF8.self), isRetained: message.retain))
    }
    unsafe mosquitto_log_callback_set(handle) { _, inbox, _, text in
      guard let text = unsafe text.map({ unsafe String(cString: $0) }), text.contains("OpenSSL") else { return }
      unsafe MosquittoClient.inbox(inbox)?.complaint = text
    }
  }

  private static func inbox(_ pointer: UnsafeMutableRawPointer?) -> Inbox? {
    unsafe pointer.map { unsafe Unmanaged<Inbox>.fromOpaque($0).takeUnretainedValue() }
  }

  private func encrypt(_ tls: BrokerSettings.TLS) throws(BrokerFailure) {
    // By default, the system's authorities.
    let folder = tls.authority == nil ? "/etc/ssl/certs" : nil
    let code = unsafe mosquitto_tls_set(handle, tls.authority, folder, tls.certificate, tls.key, nil)
    try Self.check(code, "broker.tls")
    guard !tls.verifies else { return }
    unsafe mosquitto_tls_insecure_set(handle, true)
    try Self.check(unsafe mosquitto_tls_opts_set(handle, 0, nil, nil), "broker.tls.verify")
  }

  private static func check(_ code: CInt, _ setting: String) throws(BrokerFailure) {
    guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
    throw .setting(name: setting, reason: "the library rejects it: \(words(code))")
  }

  private static func words(_ code: CInt) -> String {
    let text = unsafe String(cString: mosquitto_strerror(code))
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }

  /// What arrived since the last call.
  func takeIncoming() -> [Incoming] {
    defer { inbox.incoming = [] }
    return inbox.incoming
  }

  /// Waits until the broker sends something, can accept more, or `wakeUp` is readable, then processes it.
  ///
  /// - Throws: `BrokerFailure` if the connection has ended.
  func turn(wakeUp: CInt, atMost time: Duration) throws(BrokerFailure) {
    let socket = unsafe mosquitto_socket(handle)
    let wanted = Int16(POLLIN) | (unsafe mosquitto_want_write(handle) ? Int16(POLLOUT) : 0)
    var polled = [
      pollfd(fd: socket, events: wanted, revents: 0), pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0),
    ]
    _ = unsafe poll(&polled, 2, CInt(time / .milliseconds(1)))
    if polled[0].revents & Int16(POLLIN | POLLERR | POLLHUP) != 0 { try go(unsafe mosquitto_loop_read(handle, 1)) }
    if unsafe mosquitto_want_write(handle) { try go(unsafe mosquitto_loop_write(handle, 1)) }
    try go(unsafe mosquitto_loop_misc(handle))
  }

  private func go(_ code: CInt) throws(BrokerFailure) {
    guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
    if usesTLS, let complaint = inbox.complaint { throw .tls(reason: complaint) }
    throw .lost(reason: code == MOSQ_ERR_ERRNO.rawValue ? reasonText(errno) : Self.words(code))
  }

  func subscribe(to filter: String, qos: CInt) throws(BrokerFailure) {
    try go(unsafe mosquitto_subscribe(handle, nil, filter, qos))
  }

  /// - Returns: the number under which it will be acknowledged.
  func publish(_ publication: Publication, qos: CInt) throws(BrokerFailure) -> CInt {
    var number: CInt = 0
    let payload = Array(publication.payload.utf8)
    try go(
      unsafe mosquitto_publish(
        handle, &number, publication.topic, CInt(payload.count), payload, qos, publication.kind == .retained))
    return number
  }

  /// Disconnects cleanly, so that the broker does not publish the will.
  func disconnect() { unsafe mosquitto_disconnect(handle) }
}
