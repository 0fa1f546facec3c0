import Glibc

/// Notifies systemd of a service's state.
///
/// Sends datagrams to the socket named by `NOTIFY_SOCKET`; does nothing if it is not set, as in a terminal.
///
/// - Source: sd_notify(3).
package struct ServiceNotification: Sendable {
  private let socketPath: String?
  /// How long systemd waits for a sign of life before it kills the service; `nil` without a watchdog.
  package let watchdogPeriod: Duration?

  /// - Parameters:
  ///   - socketPath: the value of `NOTIFY_SOCKET`; a leading `@` means the abstract namespace.
  ///   - watchdogPeriod: how long systemd waits for a sign of life.
  package init(socketPath: String?, watchdogPeriod: Duration? = nil) {
    self.socketPath = socketPath
    self.watchdogPeriod = watchdogPeriod
  }

  /// Reads the environment set by systemd: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
  package init(_ environment: [String: String], pid: Int32) {
    let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(pid)" } ?? true
    let period = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 0 && isForUs ? $0 : nil }
    self.init(socketPath: environment["NOTIFY_SOCKET"], watchdogPeriod: period.map { .microseconds($0) })
  }

  /// Feeds the watchdog.
  package func isAlive() { if watchdogPeriod != nil { send("WATCHDOG=1") } }
  package func reloading() { send("RELOADING=1\nSTATUS=Reloading the settings") }
  package func ready(status: String) { send("READY=1\nSTATUS=\(status)") }
  package func status(_ text: String) { send("STATUS=\(text)") }
  package func stopping() { send("STOPPING=1\nSTATUS=Stopping") }

  /// An undelivered notification changes nothing for us, so failures are ignored.
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
