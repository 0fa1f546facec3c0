import CZeroMQ
import Events
import Testing

/// A plain ZeroMQ socket, for foreign peers.
@safe final class RawPeer {
  private let context: UnsafeMutableRawPointer
  private let socket: UnsafeMutableRawPointer

  init(_ type: CInt) throws {
    unsafe context = try #require(unsafe zmq_ctx_new())
    unsafe socket = try #require(unsafe zmq_socket(context, type))
    var linger: CInt = 0
    unsafe zmq_setsockopt(socket, ZMQ_LINGER, &linger, MemoryLayout<CInt>.size)
  }

  deinit {
    unsafe zmq_close(socket)
    unsafe zmq_ctx_term(context)
  }

  func connect(_ endpoint: String) { unsafe zmq_connect(socket, endpoint) }
  func bind(_ endpoint: String) { unsafe zmq_bind(socket, endpoint) }

  func subscribe(_ prefix: String) { unsafe zmq_setsockopt(socket, ZMQ_SUBSCRIBE, prefix, prefix.utf8.count) }

  /// Waits while the queue is full, so that a test really sends everything.
  func send(_ parts: [[UInt8]]) {
    for (index, part) in parts.enumerated() {
      unsafe zmq_send(socket, part, part.count, index < parts.count - 1 ? ZMQ_SNDMORE : 0)
    }
  }

  /// The last part of the next message.
  func receive(within time: Duration) -> [UInt8]? {
    var milliseconds = CInt(time / .milliseconds(1))
    unsafe zmq_setsockopt(socket, ZMQ_RCVTIMEO, &milliseconds, MemoryLayout<CInt>.size)
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe zmq_recv(socket, &buffer, buffer.count, 0)
      guard count >= 0 else { return nil }
      var more: CInt = 0
      var size = MemoryLayout<CInt>.size
      unsafe zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size)
      if more == 0 { return Array(buffer.prefix(Int(count))) }
    }
  }
}

/// A plain SUB socket.
struct RawSubscriber {
  private let peer: RawPeer

  init(_ endpoint: String, prefix: String) throws {
    peer = try RawPeer(ZMQ_SUB)
    peer.subscribe(prefix)
    peer.connect(endpoint)
  }

  func receive(within time: Duration) -> [UInt8]? { peer.receive(within: time) }
}
