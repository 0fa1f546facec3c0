import Foundation
import Glibc
import Testing

/// A subscriber without libzmq: it writes ZMTP's bytes to a unix socket itself.
///
/// - Source: ZMTP 2.0 and 3.0, rfc.zeromq.org/spec/15 and /spec/23.
@safe final class ForeignPeer {
  enum Version: CaseIterable {
    /// As spoken by NetMQ.
    case two
    /// NULL security; PING belongs to 3.1, and this peer does not answer it.
    case three
  }

  private let handle: CInt

  /// Connects and subscribes to everything.
  ///
  /// - Parameters:
  ///   - path: the publisher's socket.
  ///   - version: the version to speak.
  /// - Throws: a failed expectation if the publisher is not there or hangs up.
  init(_ path: String, _ version: Version) throws {
    handle = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    try #require(handle >= 0)
    try #require(Self.connect(handle, path))
    switch version {
    case .two:
      // Signature, revision 1, SUB, an empty identity.
      send([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 2, 0, 0])
    case .three:
      send([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48))
      let ready = [5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 3] + Array("SUB".utf8)
      send([4, UInt8(ready.count)] + ready)
      // Messages come after both sides are ready.
      var greeting: [UInt8] = []
      while !String(decoding: greeting, as: UTF8.self).contains("READY") { greeting += try #require(received()) }
    }
    send([0, 1, 1])
  }

  deinit { close(handle) }

  static func connect(_ handle: CInt, _ path: String) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(handle, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }

  private func send(_ bytes: [UInt8]) {
    #expect(unsafe Glibc.send(handle, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
  }

  /// What arrived since the last call; `nil` if the publisher has hung up.
  func received() -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe recv(handle, &buffer, buffer.count, CInt(MSG_DONTWAIT))
      guard count > 0 else {
        return count < 0 && errno == EAGAIN ? bytes : nil
      }
      bytes += buffer[..<count]
    }
  }
}
