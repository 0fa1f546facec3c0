import CZeroMQ
import Foundation
import Synchronization

/// Says who may connect to the encrypted sockets of a context.
///
/// libzmq asks it over ZAP for every handshake; without an answer nobody gets in. `@unchecked Sendable`: its socket is used by
/// its own thread alone.
///
/// - Source: ZeroMQ RFC 27 (ZAP).
@safe final class Authenticator: @unchecked Sendable {
  /// What sockets set as their domain; others are refused.
  static let domain = "adl"
  private static let address = "inproc://zeromq.zap.01"

  /// What was decided so far.
  struct Counts: Equatable {
    var accepted = 0
    var refused = 0
    /// Key and address of the last that was refused.
    var lastRefused: String?
  }

  private struct State {
    var clients: ClientKeys
    var counts = Counts()
  }

  private let state: Mutex<State>
  private let wakeUp: WakeUp
  private let finished = DispatchSemaphore(value: 0)
  /// Used by the thread alone.
  private var socket: Socket?
  private let isStopped = Atomic(false)

  /// Starts answering; before any socket of the context is bound.
  ///
  /// - Parameters:
  ///   - context: of the sockets; must outlive this.
  ///   - clients: who may connect.
  /// - Throws: `EventError.library` where there are too many sockets.
  init(_ context: borrowing Context, _ clients: ClientKeys) throws(EventError) {
    state = Mutex(State(clients: clients))
    wakeUp = try WakeUp()
    let socket = try Socket(context, ZMQ_REP)
    _ = try socket.bind(Self.address, setting: "events.remote")
    self.socket = consume socket
    let thread = Thread { [self] in
      serve()
      // The context ends only once all its sockets are closed.
      self.socket = nil
      finished.signal()
    }
    thread.name = "logins"
    thread.start()
  }

  var counts: Counts { state.withLock { $0.counts } }

  /// Takes another list; who is connected stays so.
  func replace(_ clients: ClientKeys) { state.withLock { $0.clients = clients } }

  /// Ends the thread; nobody gets in any more.
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

  /// Version, request, status, text, user, metadata.
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

  /// Who asks to be let in; `nil` for a stranger, and for what is no request.
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
