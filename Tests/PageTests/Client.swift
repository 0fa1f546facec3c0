import Foundation
import Glibc
import Page
import Synchronization
import Testing

/// A server on a free loopback port, running until released.
final class Served: Sendable {
  let server: HTTPServer
  private let finished = DispatchSemaphore(value: 0)

  init(_ limits: HTTPServer.Limits = HTTPServer.Limits(), answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse)
    throws
  {
    server = try HTTPServer(.loopback(port: 0), limits: limits, answer: answer)
    let thread = Thread { [server, finished] in
      server.run()
      finished.signal()
    }
    thread.start()
  }

  /// Stops the server; false if its threads have not ended within ten seconds.
  func stop() -> Bool {
    server.stop()
    return finished.wait(timeout: .now() + 10) == .success
  }

  deinit { server.stop() }

  var port: UInt16 {
    guard case .loopback(let port) = server.address else { return 0 }
    return port
  }
}

/// A connection that sends what no browser would.
@safe final class Client {
  private let descriptor: CInt

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(code == 0)
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
  }

  /// Everything until the server hangs up.
  func answer() -> String {
    var (bytes, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 65_536))
    while true {
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer.prefix(count)
    }
  }

  /// The first line of the answer to a complete request.
  static func status(_ request: String, port: UInt16) throws -> String {
    let client = try Client(port: port)
    client.send(request)
    return String(client.answer().prefix { $0 != "\r\n" })
  }
}
