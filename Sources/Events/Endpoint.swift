import Basics
import Foundation
import Glibc

/// An address to listen on: `ipc://PATH`, or TCP on loopback; any TCP address if it is encrypted.
struct Endpoint: Equatable, Sendable {
  /// The capacity of sun_path without the terminating zero.
  private static let longestPath = 107

  let text: String

  /// - Parameters:
  ///   - text: the setting's value.
  ///   - setting: the setting's name, for messages.
  ///   - isEncrypted: whether only known clients can connect.
  /// - Throws: `EventError.badEndpoint` for anything that would open the daemon to the network.
  init(_ text: String, setting: String, isEncrypted: Bool = false) throws(EventError) {
    func bad(_ reason: String) -> EventError { .badEndpoint(setting: setting, endpoint: text, reason: reason) }
    self.text = text
    if isEncrypted {
      guard let (host, port) = Self.address(text) else { throw bad("it must be tcp://ADDRESS:PORT") }
      guard host == "*" || isAddress(host) else {
        throw bad("'\(host)' is not an IPv4 address; use one of this machine's, or 0.0.0.0 for all")
      }
      guard port == "*" || (UInt16(port) ?? 0) > 0 else { throw bad("'\(port)' is not a port") }
    } else if text.hasPrefix("ipc://") {
      let path = text.dropFirst("ipc://".count)
      guard path.hasPrefix("/") else { throw bad("an ipc path must begin with /") }
      guard path.utf8.count <= Self.longestPath else {
        throw bad("its path has \(path.utf8.count) bytes; a socket's may have at most \(Self.longestPath)")
      }
    } else if text.hasPrefix("tcp://") {
      guard let (host, port) = Self.address(text) else { throw bad("a TCP endpoint needs a port, or :* for any") }
      guard host == "127.0.0.1" else {
        throw bad(
          "this endpoint is not encrypted, so TCP must stay on this machine: use 127.0.0.1; other machines connect to events.remote"
        )
      }
      guard port == "*" || (UInt16(port) ?? 0) > 0 else { throw bad("'\(port)' is not a port") }
    } else {
      throw bad("it must be ipc:///PATH or tcp://127.0.0.1:PORT")
    }
  }

  /// Host and port of a TCP endpoint.
  private static func address(_ text: String) -> (host: String, port: String)? {
    guard text.hasPrefix("tcp://") else { return nil }
    let address = text.dropFirst("tcp://".count)
    guard let colon = address.lastIndex(of: ":") else { return nil }
    return (String(address[..<colon]), String(address[address.index(after: colon)...]))
  }

  /// `nil` for TCP.
  var path: String? { text.hasPrefix("ipc://") ? String(text.dropFirst("ipc://".count)) : nil }
}

/// Whether the text is an IPv4 address.
private func isAddress(_ text: String) -> Bool {
  var address = in_addr()
  return unsafe inet_pton(AF_INET, text, &address) == 1
}

/// Claims an ipc path, because libzmq would silently take over a path that another process listens on.
struct PathLock: ~Copyable {
  private let descriptor: CInt

  /// - Throws: `EventError.cannotBind` if another process holds it or the folder is not writable.
  init(_ endpoint: Endpoint, setting: String) throws(EventError) {
    guard let socket = endpoint.path else {
      descriptor = -1
      return
    }
    // libzmq deletes whatever exists at the path.
    var status = stat()
    if unsafe lstat(socket, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK {
      throw .cannotBind(setting: setting, endpoint: endpoint.text, reason: "the path exists and is not a socket")
    }
    let lock = socket + ".lock"
    let descriptor = unsafe open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
    guard descriptor >= 0 else {
      let reason = reasonText(errno)
      throw .cannotBind(setting: setting, endpoint: endpoint.text, reason: "\(lock): \(reason)")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw .cannotBind(setting: setting, endpoint: endpoint.text, reason: "another adld is listening there")
    }
    self.descriptor = descriptor
  }

  deinit {
    // The lock file stays, because another process may have opened it meanwhile and be waiting for it.
    if descriptor >= 0 { close(descriptor) }
  }
}
