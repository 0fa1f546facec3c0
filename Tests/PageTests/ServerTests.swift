import Foundation
import Glibc
import Page
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The server` {
  private static let hello = HTTPResponse.text(.ok, "hello")
  private static let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

  @Test func `the server answers, and allows nothing from elsewhere`() throws {
    let served = try Served { _ in Self.hello }
    let client = try Client(port: served.port)
    client.send(Self.request)
    let answer = client.answer()
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.hasSuffix("\r\n\r\nhello\n"))
    for header in [
      "Content-Length: 6", "Connection: close", "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
      "Content-Security-Policy: default-src 'none'; script-src 'self'; ",
    ] {
      #expect(answer.contains("\r\n\(header)"))
    }
    #expect(served.stop())
  }

  @Test func `the server reads a request that arrives in pieces`() throws {
    let served = try Served { .text(.ok, $0.path) }
    let client = try Client(port: served.port)
    for piece in ["GET /pie", "ces HTTP/1.1\r", "\nHost: a\r\n", "\r\n"] {
      client.send(piece)
      usleep(20_000)
    }
    #expect(client.answer().hasSuffix("/pieces\n"))
  }

  @Test func `the server sends large answers completely`() throws {
    let body = [UInt8](repeating: UInt8(ascii: "x"), count: 5_000_000)
    let served = try Served { _ in HTTPResponse(contentType: "text/plain", body: body) }
    let client = try Client(port: served.port)
    client.send(Self.request)
    let answer = client.answer()
    #expect(answer.count(where: { $0 == "x" }) >= body.count)
  }

  @Test func `the server disconnects clients that send nothing`() throws {
    var limits = HTTPServer.Limits()
    limits.time = .milliseconds(200)
    let served = try Served(limits) { _ in Self.hello }
    let silent = try Client(port: served.port)
    silent.send("GET / HTTP/1.1\r\nHo")
    #expect(silent.answer().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
  }

  @Test func `the server lets waiting clients make room for others`() throws {
    var limits = HTTPServer.Limits()
    (limits.connections, limits.time) = (3, .seconds(3600))
    let served = try Served(limits) { _ in Self.hello }
    let silent = try (0..<20).map { _ in try Client(port: served.port) }
    for client in silent { client.send("GET / HTTP/1.1\r\nHo") }
    for _ in 0..<5 { #expect(try Client.status(Self.request, port: served.port) == "HTTP/1.1 200 OK") }
    #expect(silent[0].answer().isEmpty)
  }

  @Test func `the server disconnects clients that do not read the answer`() throws {
    var limits = HTTPServer.Limits()
    (limits.connections, limits.time) = (1, .milliseconds(300))
    // More than the kernel buffers for a client.
    let body = [UInt8](repeating: 0, count: 50_000_000)
    let served = try Served(limits) { request in
      request.path == "/large" ? HTTPResponse(contentType: "text/plain", body: body) : Self.hello
    }
    let deaf = try Client(port: served.port)
    deaf.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(try Client.status(Self.request, port: served.port) == "HTTP/1.1 200 OK")
    #expect(deaf.answer().count < body.count)
  }

  @Test func `the server does not accept an endless request head`() throws {
    let served = try Served { _ in Self.hello }
    let long = "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 100_000)
    #expect(try Client.status(long, port: served.port) == "HTTP/1.1 431 Request Header Fields Too Large")
    #expect(
      try Client.status(long, port: served.port) == "HTTP/1.1 431 Request Header Fields Too Large", "and lives on")
  }

  @Test func `the server survives clients that disappear`() throws {
    let served = try Served { _ in Self.hello }
    for text in ["", "GET", Self.request] {
      for _ in 0..<20 { try Client(port: served.port).send(text) }
    }
    #expect(try Client.status(Self.request, port: served.port) == "HTTP/1.1 200 OK")
    #expect(served.stop())
  }

  @Test func `the server answers several clients at a time`() throws {
    let both = DispatchSemaphore(value: 0)
    let served = try Served { request in
      // The first one waits for the second.
      if request.path == "/first" {
        return both.wait(timeout: .now() + 20) == .success ? Self.hello : .text(.unavailable, "")
      }
      both.signal()
      return Self.hello
    }
    let first = try Client(port: served.port)
    first.send("GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(try Client.status(Self.request, port: served.port) == "HTTP/1.1 200 OK")
    #expect(first.answer().hasPrefix("HTTP/1.1 200 OK\r\n"))
  }

  @Test func `the server stops while clients are silent`() throws {
    var limits = HTTPServer.Limits()
    limits.time = .seconds(3600)
    let served = try Served(limits) { _ in Self.hello }
    let clients = try (0..<20).map { _ in try Client(port: served.port) }
    #expect(served.stop())
    #expect(clients.allSatisfy { !$0.answer().contains("200") })
  }

  @Test func `the server says which setting to change if its port is in use`() throws {
    let served = try Served { _ in Self.hello }
    let error = #expect(throws: PageError.self) {
      _ = try HTTPServer(.loopback(port: served.port)) { _ in Self.hello }
    }
    #expect(
      error?.description == "page.listen: cannot listen on 127.0.0.1:\(served.port): Address already in use")
  }
}

@Suite(.timeLimit(.minutes(1))) struct `A unix socket for the page` {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("page")
  }

  private func server() throws -> HTTPServer { try HTTPServer(.unix(path: path)) { _ in .text(.ok, "hello") } }

  @Test func `the page's unix socket is for owner and group, and is removed afterwards`() throws {
    var server: HTTPServer? = try server()
    let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(try #require(permissions) & 0o007 == 0)
    server?.stop()
    server = nil
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `the page's unix socket replaces one that nobody listens on`() throws {
    // As left behind by a killed daemon.
    close(try boundSocket(SOCK_STREAM, at: path))
    _ = try server()
  }

  @Test func `the page's unix socket leaves other files alone`() throws {
    let first = try server()
    let second = #expect(throws: PageError.self) { _ = try server() }
    #expect(second?.description == "page.listen: cannot listen on unix:\(path): another process is listening there")
    #expect(FileManager.default.fileExists(atPath: path))
    first.stop()

    let file = try folder.write("mine")
    let third = #expect(throws: PageError.self) { _ = try HTTPServer(.unix(path: file)) { _ in .text(.ok, "") } }
    #expect(
      third?.description == "page.listen: cannot listen on unix:\(file): the path exists and is not a socket")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
  }
}
