import Basics
import Foundation
import Glibc

/// A small HTTP server: one short request per connection, few connections, one thread each.
///
/// Few people look at the page and nobody uploads anything, so there is no keep-alive, no body and no event loop. Slow
/// clients are disconnected; if all places are taken, the client that has kept us waiting longest makes room for the
/// next.
///
/// `@unchecked Sendable`: every access to the variables holds the condition's lock.
package final class HTTPServer: @unchecked Sendable {
  package struct Limits: Sendable {
    /// Simultaneous connections; more wait in the kernel meanwhile.
    package var connections = 16
    /// Maximum size of a request's head in bytes.
    package var headBytes = 8192
    /// Maximum time for a request to arrive, and again for its response to be sent.
    package var time = Duration.seconds(5)

    package init() {}
  }

  private let socket: ListeningSocket
  private let limits: Limits
  private let answer: @Sendable (HTTPRequest) -> HTTPResponse
  private let condition = MonotonicCondition()
  /// By descriptor: since when a client has kept us waiting; `nil` while it waits for us.
  private var clients: [CInt: ContinuousClock.Instant?] = [:]
  private var isStopping = false

  /// Starts listening; clients are served once `run` is called.
  ///
  /// - Parameters:
  ///   - address: the address to listen on.
  ///   - limits: what a client may cost.
  ///   - answer: called for each request on its own thread; may block.
  /// - Throws: `PageError` if the address is not available.
  package init(
    _ address: PageAddress, limits: Limits = Limits(), answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse
  ) throws(PageError) {
    socket = try ListeningSocket(address)
    self.limits = limits
    self.answer = answer
  }

  /// Includes the port chosen for 0.
  package var address: PageAddress { socket.address }

  /// Serves on the calling thread and one thread per client until `stop`; returns when all have ended.
  package func run() {
    while true {
      wait(for: socket.descriptor, POLLIN, .seconds(3600))
      guard makeRoom() else { break }
      let client = socket.accept()
      switch client {
      case 0...: serve(client)
      case -EAGAIN, -EINTR, -ECONNABORTED: break
      // Out of descriptors or memory: clients wait in the kernel meanwhile.
      default: condition.withLock { _ = isStopping || condition.wait(until: .now + .milliseconds(200)) }
      }
    }
    condition.withLock {
      while !clients.isEmpty { condition.wait() }
    }
  }

  /// Disconnects all clients and ends `run`, now or as soon as it is called.
  package func stop() {
    condition.withLock {
      isStopping = true
      for client in clients.keys { shutdown(client, CInt(SHUT_RDWR)) }
      condition.broadcast()
    }
    // Ends the wait for the next client.
    shutdown(socket.descriptor, CInt(SHUT_RDWR))
  }

  /// Waits for a free place for the next client; false once the server should stop.
  private func makeRoom() -> Bool {
    condition.withLock {
      while !isStopping, clients.count >= limits.connections {
        let waiting = clients.compactMap { client, since in since.map { (client: client, since: $0) } }
        if let longest = waiting.min(by: { $0.since < $1.since }) {
          shutdown(longest.client, CInt(SHUT_RDWR))
          clients[longest.client] = .some(nil)
        }
        condition.wait()
      }
      return !isStopping
    }
  }

  private func setWaiting(_ client: CInt, _ isWaiting: Bool) {
    condition.withLock {
      clients[client] = .some(isWaiting ? .now : nil)
      condition.broadcast()
    }
  }

  private func serve(_ client: CInt) {
    condition.withLock {
      clients[client] = .now
      // `stop` has disconnected the clients it knew of.
      if isStopping { shutdown(client, CInt(SHUT_RDWR)) }
    }
    let thread = Thread { [self] in
      converse(with: client)
      condition.withLock {
        clients.removeValue(forKey: client)
        close(client)
        condition.broadcast()
      }
    }
    thread.name = "page client"
    thread.stackSize = 1 << 20
    thread.start()
  }

  private func converse(with client: CInt) {
    var bytes: [UInt8] = []
    let deadline = ContinuousClock.now + limits.time
    var reading = HTTPRequest.Reading.incomplete
    while case .incomplete = reading {
      guard bytes.count <= limits.headBytes else {
        reading = .refused(.headersTooLarge)
        break
      }
      switch receive(from: client, until: deadline, atMost: limits.headBytes + 1 - bytes.count) {
      case nil: reading = .refused(.requestTimeout)
      case .some([]): return
      case .some(let more):
        bytes += more
        reading = HTTPRequest.read(bytes)
      }
    }
    setWaiting(client, false)
    let response =
      switch reading {
      case .complete(let request): answer(request)
      case .refused(let status): HTTPResponse.text(status, status.phrase)
      case .incomplete: HTTPResponse.text(.badRequest, HTTPStatus.badRequest.phrase)
      }
    send(response.bytes, to: client)
  }

  /// The next bytes from a client; empty at the end, `nil` if nothing arrived in time.
  private func receive(from client: CInt, until deadline: ContinuousClock.Instant, atMost count: Int) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: count)
    while wait(for: client, POLLIN, deadline - .now) {
      let read = unsafe recv(client, &buffer, count, 0)
      if read >= 0 { return Array(buffer.prefix(read)) }
      guard errno == EAGAIN || errno == EINTR else { return [] }
    }
    return nil
  }

  private func send(_ bytes: [UInt8], to client: CInt) {
    let deadline = ContinuousClock.now + limits.time
    var rest = bytes[...]
    while !rest.isEmpty, wait(for: client, POLLOUT, deadline - .now) {
      let sent = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(client, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      if sent >= 0 { rest = rest.dropFirst(sent) } else if errno != EAGAIN && errno != EINTR { return }
    }
    // If it were closed with unread data, the kernel would discard what is on its way to the client.
    shutdown(client, CInt(SHUT_WR))
    setWaiting(client, true)
    var unread = 0
    while unread < limits.headBytes * 8, let more = receive(from: client, until: deadline, atMost: 4096), !more.isEmpty
    {
      unread += more.count
    }
  }

  /// Waits until a descriptor is ready; false if the time is up.
  @discardableResult
  private func wait(for descriptor: CInt, _ events: Int32, _ time: Duration) -> Bool {
    let milliseconds = (time / .milliseconds(1)).rounded(.up)
    guard milliseconds > 0 else { return false }
    var item = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    return unsafe poll(&item, 1, CInt(milliseconds)) != 0
  }
}
