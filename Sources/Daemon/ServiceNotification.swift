import Glibc

/// What the daemon tells systemd about itself.
///
/// One datagram to the socket named by `NOTIFY_SOCKET`; nothing at all when that is not set, as in a terminal.
///
/// - Source: sd_notify(3).
package struct ServiceNotification: Sendable {
  private let socketPath: String?

  /// - Parameter socketPath: value of `NOTIFY_SOCKET`; a leading `@` means the abstract namespace.
  package init(socketPath: String?) { self.socketPath = socketPath }

  package func ready(status: String) { send("READY=1\nSTATUS=\(status)") }
  package func status(_ text: String) { send("STATUS=\(text)") }
  package func stopping() { send("STOPPING=1\nSTATUS=Stopping") }

  /// A message that does not arrive changes nothing for us, so failures are not reported.
  private func send(_ message: String) {
    guard let socketPath, !socketPath.isEmpty else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var path = Array(socketPath.utf8)
    if path.first == UInt8(ascii: "@") { path[0] = 0 }
    guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)

    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let bytes = Array(message.utf8)
    _ = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { destination in
        unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), destination, length)
      }
    }
  }
}
