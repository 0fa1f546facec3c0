import CZeroMQ
import Glibc

/// A ZeroMQ context; its threads end with it.
@safe struct Context: ~Copyable {
  let handle: UnsafeMutableRawPointer

  init() throws(EventError) {
    guard let handle = unsafe zmq_ctx_new() else { throw .library(call: "zmq_ctx_new", reason: lastReason()) }
    unsafe self.handle = handle
  }

  deinit { unsafe zmq_ctx_term(handle) }
}

/// libzmq's text for its last error; read it before the next call replaces it.
func lastReason() -> String { unsafe String(cString: zmq_strerror(zmq_errno())) }

/// One ZeroMQ socket; used by one thread only.
@safe struct Socket: ~Copyable {
  /// libzmq rejects larger messages from peers and disconnects the peer.
  static let largestRequest: Int64 = 4096
  /// Longer than any topic; libzmq uses some 32 bytes for each subscribed byte.
  static let largestSubscription: Int64 = 512

  let handle: UnsafeMutableRawPointer

  /// - Parameters:
  ///   - context: must outlive the socket.
  ///   - type: a `ZMQ_` socket type.
  /// - Throws: `EventError.library` if there are too many sockets.
  init(_ context: borrowing Context, _ type: CInt) throws(EventError) {
    guard let handle = unsafe zmq_socket(context.handle, type) else {
      throw .library(call: "zmq_socket", reason: lastReason())
    }
    unsafe self.handle = handle
    // Time to deliver what is queued, such as a last `end`; the default would wait forever.
    set(ZMQ_LINGER, 500)
    // TCP itself notices after half a minute that a peer's machine is gone. ZMTP's own heartbeat would disconnect peers
    // that do not answer it, which version 3.0 allows. libzmq's handshake limit would disconnect those that speak
    // version 2.0, such as NetMQ, because it never sees that their handshake is over.
    set(ZMQ_HANDSHAKE_IVL, 0)
    set(ZMQ_TCP_KEEPALIVE, 1)
    set(ZMQ_TCP_KEEPALIVE_IDLE, 15)
    set(ZMQ_TCP_KEEPALIVE_INTVL, 5)
    set(ZMQ_TCP_KEEPALIVE_CNT, 3)
    set(ZMQ_TCP_MAXRT, 30_000)
  }

  deinit { unsafe zmq_close(handle) }

  /// Sets an integer option; false if libzmq does not know it.
  @discardableResult
  func set(_ option: CInt, _ value: CInt) -> Bool {
    var value = value
    return unsafe zmq_setsockopt(handle, option, &value, MemoryLayout<CInt>.size) == 0
  }

  @discardableResult
  func set(_ option: CInt, _ bytes: [UInt8]) -> Bool {
    unsafe zmq_setsockopt(handle, option, bytes, bytes.count) == 0
  }

  func limitRequests(to largest: Int64) {
    var largest = largest
    unsafe zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &largest, MemoryLayout<Int64>.size)
  }

  /// Binds and returns the actual endpoint, with the port chosen for `:*`.
  func bind(_ endpoint: String, setting: String) throws(EventError) -> String {
    guard unsafe zmq_bind(handle, endpoint) == 0 else {
      throw .cannotBind(setting: setting, endpoint: endpoint, reason: lastReason())
    }
    var length = 256
    let bound = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      unsafe zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, buffer.baseAddress, &length)
      count = max(0, length - 1)
    }
    return String(decoding: bound, as: UTF8.self)
  }

  /// Connects, now or as soon as somebody listens there.
  ///
  /// - Parameter endpoint: in ZeroMQ's notation.
  /// - Throws: `EventError.notPermitted` for a socket file that this account may not use, which libzmq would not
  ///   report; `cannotConnect` if `endpoint` is invalid.
  func connect(_ endpoint: String) throws(EventError) {
    if endpoint.hasPrefix("ipc:///"), unsafe access(String(endpoint.dropFirst("ipc://".count)), R_OK | W_OK) != 0,
      errno == EACCES
    {
      throw .notPermitted(endpoint: endpoint)
    }
    guard unsafe zmq_connect(handle, endpoint) == 0 else {
      throw .cannotConnect(endpoint: endpoint, reason: lastReason())
    }
  }

  /// Sends the parts as one message, without waiting; false if it could not be queued.
  @discardableResult
  func send(_ parts: [[UInt8]]) -> Bool {
    for (index, part) in parts.enumerated() {
      let flags = ZMQ_DONTWAIT | (index < parts.count - 1 ? ZMQ_SNDMORE : 0)
      guard unsafe zmq_send(handle, part, part.count, flags) >= 0 else { return false }
    }
    return true
  }

  /// The next message's parts, without waiting; `nil` if there is none.
  func receive() -> [[UInt8]]? {
    var parts: [[UInt8]] = []
    repeat {
      var message = zmq_msg_t()
      unsafe zmq_msg_init(&message)
      defer { unsafe zmq_msg_close(&message) }
      guard unsafe zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) >= 0 else { return nil }
      let count = unsafe zmq_msg_size(&message)
      let bytes = unsafe UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: count)
      unsafe parts.append(Array(bytes))
      guard unsafe zmq_msg_more(&message) != 0 else { return parts }
    } while true
  }
}

/// A counter that wakes a thread from `zmq_poll`.
struct WakeUp: ~Copyable, Sendable {
  let descriptor: CInt

  init() throws(EventError) {
    descriptor = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
    guard descriptor >= 0 else { throw .library(call: "eventfd", reason: lastReason()) }
  }

  deinit { close(descriptor) }

  borrowing func signal() { eventfd_write(descriptor, 1) }

  borrowing func clear() {
    var count: eventfd_t = 0
    unsafe eventfd_read(descriptor, &count)
  }
}

/// Waits until a socket is readable, the wake-up is signalled, or the time is up.
func wait(for sockets: [UnsafeMutableRawPointer?], _ wakeUp: CInt?, atMost time: Duration) {
  var items = unsafe sockets.compactMap(\.self).map {
    unsafe zmq_pollitem_t(socket: $0, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
  }
  if let wakeUp { unsafe items.append(zmq_pollitem_t(socket: nil, fd: wakeUp, events: Int16(ZMQ_POLLIN), revents: 0)) }
  let milliseconds = max(0, (time / .milliseconds(1)).rounded(.up))
  unsafe zmq_poll(&items, CInt(items.count), Int(milliseconds))
}
