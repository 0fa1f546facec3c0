import CConnections
import Glibc

/// How many descriptors the publisher's peers may take, so that cameras and files never want for one.
enum ConnectionLimit {
  /// Kept for cameras, models and files.
  static let reserved = 64

  /// Raises the process's own limit to what it may have, and keeps some descriptors from connections.
  ///
  /// - Parameter reserved: how many to keep; half of all where there are few.
  static func apply(reserved: Int = reserved) {
    var limits = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else { return }
    if limits.rlim_cur < limits.rlim_max {
      limits.rlim_cur = limits.rlim_max
      _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
      _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
    }
    let most = Int(min(limits.rlim_cur, 1 << 20))
    connections_set_limit(CInt(max(most / 2, most - reserved)))
  }

  /// Connections refused since the process started.
  static var refused: UInt64 { UInt64(connections_refused()) }
}
