import Foundation
import Glibc

/// Where a socket may listen: `ipc://PATH`, or TCP on loopback when asked for.
struct Endpoint: Equatable, Sendable {
  /// What sun_path holds, less the final zero.
  private static let longestPath = 107

  let text: String

  /// - Parameters:
  ///   - text: the setting's value.
  ///   - setting: its name, for messages.
  /// - Throws: `EventError.badEndpoint` for anything that would open the daemon to a network.
  init(_ text: String, setting: String) throws(EventError) {
    func bad(_ reason: String) -> EventError { .badEndpoint(setting: setting, endpoint: text, reason: reason) }
    self.text = text
    if text.hasPrefix("ipc://") {
      let path = text.dropFirst("ipc://".count)
      guard path.hasPrefix("/") else { throw bad("an ipc path must begin with /") }
      guard path.utf8.count <= Self.longestPath else {
        throw bad("its path has \(path.utf8.count) bytes and a socket's may have \(Self.longestPath)")
      }
    } else if text.hasPrefix("tcp://") {
      let address = text.dropFirst("tcp://".count)
      guard let colon = address.lastIndex(of: ":") else { throw bad("a TCP endpoint needs a port, or :* for any") }
      let (host, port) = (address[..<colon], address[address.index(after: colon)...])
      guard host == "127.0.0.1" else {
        throw bad("events are not encrypted, so TCP is for this machine only: 127.0.0.1")
      }
      guard port == "*" || (UInt16(port) ?? 0) > 0 else { throw bad("'\(port)' is no port") }
    } else {
      throw bad("it must be ipc:///PATH or tcp://127.0.0.1:PORT")
    }
  }

  /// `nil` for TCP.
  var path: String? { text.hasPrefix("ipc://") ? String(text.dropFirst("ipc://".count)) : nil }
}

/// The right to an ipc path: libzmq would silently take over a path that another process listens on.
struct PathLock: ~Copyable {
  private let descriptor: CInt

  /// - Throws: `EventError.cannotBind` when another process holds it or the folder cannot be written.
  init(_ endpoint: Endpoint, setting: String) throws(EventError) {
    guard let socket = endpoint.path else {
      descriptor = -1
      return
    }
    // libzmq removes what stands there, whatever it is.
    var status = stat()
    if unsafe lstat(socket, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK {
      throw .cannotBind(setting: setting, endpoint: endpoint.text, reason: "something that is no socket stands there")
    }
    let lock = socket + ".lock"
    let descriptor = unsafe open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
    guard descriptor >= 0 else {
      let reason = unsafe String(cString: strerror(errno))
      throw .cannotBind(setting: setting, endpoint: endpoint.text, reason: "\(lock): \(reason)")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw .cannotBind(setting: setting, endpoint: endpoint.text, reason: "another adld listens there")
    }
    self.descriptor = descriptor
  }

  deinit {
    // The file stays: whoever opened it meanwhile waits for this very one.
    if descriptor >= 0 { close(descriptor) }
  }
}
