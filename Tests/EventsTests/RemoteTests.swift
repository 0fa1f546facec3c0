import CZeroMQ
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Events

/// A publisher with encrypted sockets, and keys for it.
private struct Remote: ~Copyable {
  let keys: KeyFolder
  let fixture: Fixture
  let warnings = Lines()

  init(heartbeat: Duration = .milliseconds(100)) throws {
    let keys = try KeyFolder()
    _ = try keys.generate("curve")
    let clients = keys.path + "/clients"
    for name in ["phone", "tablet"] { try ClientKeys.add(name, try keys.generate(name).known, to: clients) }
    _ = try keys.generate("stranger")
    let remote = EventPublisher.Remote(
      endpoint: "tcp://127.0.0.1:*", query: "tcp://127.0.0.1:*", secretKey: keys.path + "/curve.secret",
      clients: clients)
    let warnings = warnings
    fixture = try Fixture { options in
      options.remote = remote
      options.heartbeat = heartbeat
      options.warn = { warnings.take($0) }
    }
    self.keys = keys
  }

  var clients: String { keys.path + "/clients" }
  var events: String { fixture.publisher.endpoints.remoteEvents ?? "" }
  var query: String { fixture.publisher.endpoints.remoteQuery ?? "" }
  var port: UInt16 { UInt16(events.split(separator: ":").last ?? "") ?? 0 }

  func identity(_ name: String, server: String = "curve") throws -> ClientIdentity {
    try ClientIdentity(serverKey: "\(keys.path)/\(server).public", key: "\(keys.path)/\(name).secret")
  }

  func subscriber(_ name: String, server: String = "curve") throws -> EventSubscriber {
    try EventSubscriber(endpoint: events, heartbeat: .seconds(30), keys: identity(name, server: server))
  }

  /// Queries the status on the daemon's own socket until it is as expected.
  func waitForLogins(_ isAsWanted: ([String: Int]) -> Bool) throws {
    struct Status: Decodable { var logins: [String: Int] }
    let deadline = ContinuousClock.now + .seconds(20)
    while true {
      let answer = try EventQuery.ask(
        #"{"query":"status"}"#, at: fixture.publisher.endpoints.query, timeout: .seconds(10))
      let logins = try JSONDecoder().decode(Status.self, from: answer).logins
      if isAsWanted(logins) { return }
      try #require(ContinuousClock.now < deadline, "\(logins)")
      usleep(20_000)
    }
  }
}

private func loopback(_ port: UInt16) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return address
}

/// A descriptor that is connected to a port of this machine.
private func dial(_ port: UInt16) -> CInt? {
  let handle = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
  var address = loopback(port)
  let code = unsafe withUnsafePointer(to: &address) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  if code != 0 { close(handle) }
  return code == 0 ? handle : nil
}

/// A TCP connection to the encrypted socket that sends arbitrary bytes.
@safe private final class Connection {
  private let handle: CInt

  init(port: UInt16) throws { handle = try #require(dial(port)) }

  deinit { close(handle) }

  func send(_ bytes: [UInt8]) { _ = unsafe Glibc.send(handle, bytes, bytes.count, CInt(MSG_NOSIGNAL)) }

  /// Everything until the other side hangs up; `nil` if it has not within that time.
  func receivedUntilEnd(within time: Duration) -> [UInt8]? {
    var timeout = timeval(tv_sec: 0, tv_usec: 50_000)
    unsafe setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    let deadline = ContinuousClock.now + time
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while ContinuousClock.now < deadline {
      let count = unsafe recv(handle, &buffer, buffer.count, 0)
      if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return bytes }
      if count > 0 { bytes += buffer.prefix(count) }
    }
    return nil
  }
}

@Suite(.timeLimit(.minutes(5))) struct `Encrypted sockets` {
  @Test func `encrypted sockets let known clients watch and ask, and nobody else`() throws {
    let remote = try Remote()
    let phone = try remote.subscriber("phone")
    remote.fixture.join(phone)
    let answer = try EventQuery.ask(
      #"{"query":"version"}"#, at: remote.query, timeout: .seconds(10), keys: remote.identity("tablet"))
    #expect(String(decoding: answer, as: UTF8.self).contains("adl.event/1"))

    let stranger = try remote.subscriber("stranger")
    let plain = try RawSubscriber(remote.events, prefix: "")
    let mistaken = try remote.subscriber("phone", server: "tablet")
    var refused = false
    while !refused { if case .refused = try #require(stranger.next(timeout: .seconds(10))) { refused = true } }
    #expect(throws: EventError.unknownClient(endpoint: remote.query)) {
      _ = try EventQuery.ask(
        #"{"query":"version"}"#, at: remote.query, timeout: .seconds(10), keys: remote.identity("stranger"))
    }
    #expect(throws: EventError.unanswered(endpoint: remote.query, seconds: 0.5, usesKeys: true)) {
      _ = try EventQuery.ask(
        #"{"query":"version"}"#, at: remote.query, timeout: .milliseconds(500),
        keys: remote.identity("phone", server: "tablet"))
    }
    for index in 0..<20 { remote.fixture.publisher.publish(remote.fixture.event(.start, "\(index)")) }
    for index in 0..<20 {
      let message = try next(.event, from: phone)
      #expect(try JSONDecoder().decode(ActivityEvent.self, from: message.json).id == "\(index)")
    }
    #expect(plain.receive(within: .milliseconds(200)) == nil)
    #expect(mistaken.next(timeout: .milliseconds(200)) == nil)
    // Each of the four was counted, but reported once.
    try remote.waitForLogins { $0["refused"] == 2 && $0["failed_handshakes"] ?? 0 >= 3 }
    #expect(remote.warnings.all.count { $0.contains("failed to log in") } == 1)
    #expect(remote.warnings.all.contains { $0.contains("connections to events.remote failed to log in") })
  }

  @Test func `encrypted sockets disconnect revoked clients and admit added ones, without a restart`() throws {
    let remote = try Remote()
    let (phone, tablet) = (try remote.subscriber("phone"), try remote.subscriber("tablet"))
    remote.fixture.join(phone)
    remote.fixture.join(tablet)
    try ClientKeys.revoke("phone", in: remote.clients)
    let stranger = try KeyFile.publicKey(path: remote.keys.path + "/stranger.public", setting: "k")
    try ClientKeys.add("guest", stranger, to: remote.clients)
    var refused = false
    while !refused { if case .refused? = phone.next(timeout: .seconds(20)) { refused = true } }
    let guest = try remote.subscriber("stranger")
    remote.fixture.join(guest)
    // The other one is back and still served.
    while true {
      remote.fixture.publisher.publish(remote.fixture.event(.start, "after"))
      if case .message(let message)? = tablet.next(timeout: .milliseconds(50)), message.topic.kind == .event { break }
    }
    #expect(phone.next(timeout: .milliseconds(100)).map { if case .message = $0 { true } else { false } } != true)
  }

  @Test func `encrypted sockets disconnect a client that is revoked before the first heartbeat`() throws {
    let remote = try Remote(heartbeat: .seconds(2))
    let phone = try remote.subscriber("phone")
    remote.fixture.join(phone)
    try ClientKeys.revoke("phone", in: remote.clients)
    var waits = 0
    while true {
      if case .refused? = phone.next(timeout: .seconds(5)) { break }
      waits += 1
      try #require(waits < 50, "it still receives messages")
    }
  }

  @Test func `encrypted sockets admit nobody while the folder of clients cannot be read, and say so`() throws {
    let remote = try Remote()
    let phone = try remote.subscriber("phone")
    remote.fixture.join(phone)
    try FileManager.default.moveItem(atPath: remote.clients, toPath: remote.clients + ".away")
    var refused = false
    while !refused { if case .refused? = phone.next(timeout: .seconds(20)) { refused = true } }
    #expect(remote.warnings.all.count { $0.contains("nobody can connect to events.remote") } == 1)
    try FileManager.default.moveItem(atPath: remote.clients + ".away", toPath: remote.clients)
    // The sockets may stay closed for another heartbeat.
    var isBack = false
    while !isBack {
      let again = try remote.subscriber("phone")
      if case .message? = again.next(timeout: .seconds(1)) { isBack = true }
    }
  }

  @Test func `encrypted sockets close connections that say nothing, while others are served`() throws {
    let remote = try Remote()
    let phone = try remote.subscriber("phone")
    remote.fixture.join(phone)
    let silent = try (0..<200).map { _ in try Connection(port: remote.port) }
    let garbage = try (0..<50).map { index in
      let connection = try Connection(port: remote.port)
      connection.send((0..<300).map { UInt8(truncatingIfNeeded: $0 * (index + 3)) })
      return connection
    }
    for index in 0..<20 { remote.fixture.publisher.publish(remote.fixture.event(.start, "\(index)")) }
    for _ in 0..<20 { _ = try next(.event, from: phone) }
    for connection in silent + garbage {
      _ = try #require(connection.receivedUntilEnd(within: .seconds(15)), "the connection is still open")
    }
    _ = try remote.subscriber("tablet")
    for index in 0..<20 { remote.fixture.publisher.publish(remote.fixture.event(.end, "\(index)")) }
    for _ in 0..<20 { _ = try next(.event, from: phone) }
  }

  @Test func `encrypted sockets do not accept a recorded handshake`() throws {
    let remote = try Remote()
    let tap = try Tap(to: remote.port)
    let phone = try EventSubscriber(
      endpoint: "tcp://127.0.0.1:\(tap.port)", heartbeat: .seconds(30), keys: remote.identity("phone"))
    remote.fixture.join(phone)
    let recorded = tap.recorded
    #expect(recorded.count > 300, "greeting, HELLO, INITIATE and a subscription")
    let replay = try Connection(port: remote.port)
    replay.send(recorded)
    for index in 0..<20 { remote.fixture.publisher.publish(remote.fixture.event(.start, "\(index)")) }
    let received = try #require(replay.receivedUntilEnd(within: .seconds(15)), "the replayed connection stays open")
    // Greeting (64 bytes) and WELCOME (170): nothing after that.
    #expect(received.count < 64 + 170 + 64)
    try remote.waitForLogins { $0["failed_handshakes"] ?? 0 >= 1 }
  }

  @Test func `encrypted sockets need keys that nobody else can read, and at least one client`() throws {
    let keys = try KeyFolder()
    _ = try keys.generate("curve")
    func check(_ edit: (inout EventPublisher.Remote) -> Void = { _ in }) throws {
      var options = EventPublisher.Options()
      var remote = EventPublisher.Remote(
        endpoint: "tcp://0.0.0.0:*", query: "tcp://0.0.0.0:*", secretKey: keys.path + "/curve.secret",
        clients: keys.path + "/clients")
      edit(&remote)
      options.remote = remote
      try EventPublisher.check(options)
    }
    #expect(throws: EventError.self, "no folder") { try check() }
    try FileManager.default.createDirectory(atPath: keys.path + "/clients", withIntermediateDirectories: true)
    let empty = #expect(throws: EventError.self) { try check() }
    #expect(
      empty?.description.contains("nobody could connect: it contains no client keys; `adl keys add` adds one") == true)
    try ClientKeys.add("phone", try keys.generate("phone").known, to: keys.path + "/clients")
    try check()
    for endpoint in ["ipc:///tmp/x", "tcp://eth0:5556", "tcp://0.0.0.0", "tcp://0.0.0.0:x", "tcp://:5556"] {
      #expect(throws: EventError.self) { try check { $0.endpoint = endpoint } }
    }
    _ = unsafe chmod(keys.path + "/curve.secret", 0o644)
    #expect(throws: EventError.self) { try check() }
  }
}

/// Sits between a client and the daemon, and records what the client sends.
@safe private final class Tap: Sendable {
  let port: UInt16
  private let heard = Mutex<[UInt8]>([])
  private let listener: CInt

  var recorded: [UInt8] { heard.withLock { $0 } }

  init(to target: UInt16) throws {
    listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let handle = listener
    unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = unsafe bind(handle, $0, length)
        _ = unsafe getsockname(handle, $0, &length)
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    try #require(port > 0 && listen(listener, 1) == 0)
    Thread { [self] in
      let client = accept(listener, nil, nil)
      guard client >= 0, let server = dial(target) else { return }
      Thread { [self] in pass(client, server) { bytes in heard.withLock { $0 += bytes } } }.start()
      pass(server, client) { _ in }
    }.start()
  }

  deinit { close(listener) }

  private func pass(_ source: CInt, _ target: CInt, _ note: ([UInt8]) -> Void) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe recv(source, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      note(Array(buffer.prefix(count)))
      _ = unsafe send(target, buffer, count, CInt(MSG_NOSIGNAL))
    }
    close(target)
  }
}
