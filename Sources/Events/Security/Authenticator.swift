import CZeroMQ
import Foundation
import Synchronization

/// Decides who may connect to a context's encrypted sockets.
///
/// libzmq asks it over ZAP at every handshake; without an answer nobody gets in. `@unchecked Sendable`: only its own
/// thread uses its socket.
///
/// - Source: ZeroMQ RFC 27 (ZAP).
@safe final class Authenticator: @unchecked Sendable {
  /// The domain that our sockets set; others are refused.
  static let domain = "adl"
  private static let address = "inproc://zeromq.zap.01"

  /// Decisions so far.
  struct Counts: Equatable {
    var accepted = 0
    var refused = 0
    /// Key and address of the last refused client.
    var lastRefused: String?
  }

  private struct State {
    var clients: ClientKeys
    var counts = Counts()
  }

  private let state: Mutex<State>
  private let wakeUp: WakeUp
  private let finished = DispatchSemaphore(value: 0)
  /// Used only by its thread.
  private var socket: Socket?
  private let isStopped = Atomic(false)

  /// Starts answering; call it before any socket of the context is bound.
  ///
  /// - Parameters:
  ///   - context: the sockets' context; must outlive this object.
  ///   - clients: who may connect.
  /// - Throws: `EventError.library` if there are too many sockets.
  init(_ context: borrowing Context, _ clients: ClientKeys) throws(EventError) {
    state = Mutex(State(clients: clients))
    wakeUp = try WakeUp()
    let socket = try Socket(context, ZMQ_REP)
    _ = try socket.bind(Self.address, setting: "events.remote")
    self.socket = consume socket
    let thread = Thread { [self] in
      serve()
      // The context can only end once all its sockets are closed.
      self.socket = nil
      finished.signal()
    }
    thread.name = "logins"
    thread.start()
  }

  var counts: Counts { state.withLock { $0.counts } }

  /// Who gets in.
  var clients: ClientKeys { state.withLock { $0.clients } }

  /// Replaces the list of clients; existing connections stay open.
  func replace(_ clients: ClientKeys) { state.withLock { $0.clients = clients } }

  /// Ends the thread; from then on nobody gets in.
  func stop() {
    guard !isStopped.exchange(true, ordering: .relaxed) else { return }
    wakeUp.signal()
    finished.wait()
  }

  private func serve() {
    while !isStopped.load(ordering: .relaxed) {
      unsafe wait(for: [socket?.handle], wakeUp.descriptor, atMost: .seconds(60))
      while let request = socket?.receive() { socket?.send(answer(request)) }
    }
  }

  /// The parts are version, request, status, text, user, metadata.
  private func answer(_ request: [[UInt8]]) -> [[UInt8]] {
    let user = state.withLock { state in
      let name = Self.name(in: request, of: state.clients)
      if name == nil {
        state.counts.refused += 1
        state.counts.lastRefused = Self.text(3, in: request)
      } else {
        state.counts.accepted += 1
      }
      return name
    }
    let (status, reason) = user == nil ? ("400", "unknown key") : ("200", "OK")
    return [Array("1.0".utf8), request.count > 1 ? request[1] : []]
      + [status, reason, user ?? "", ""].map { Array($0.utf8) }
  }

  /// The name of the client that asks; `nil` if it is unknown or the request is invalid.
  static func name(in request: [[UInt8]], of clients: ClientKeys) -> String? {
    guard request.count == 7, text(0, in: request) == "1.0", text(2, in: request) == domain,
      text(5, in: request) == "CURVE"
    else { return nil }
    return clients.names.first { $0.key.bytes == request[6] }?.value
  }

  private static func text(_ part: Int, in request: [[UInt8]]) -> String {
    part < request.count ? String(decoding: request[part], as: UTF8.self) : ""
  }
}
