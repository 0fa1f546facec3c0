import CConnections
import Glibc

/// Limits how many descriptors the publisher's peers may use, so that cameras and files never run short.
enum ConnectionLimit {
  /// Descriptors reserved for cameras, models and files.
  static let reserved = 64

  /// Raises the process's limit to the maximum allowed, and reserves some descriptors.
  ///
  /// - Parameter reserved: how many to reserve; at most half of all.
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

  /// Number of connections refused since the process started.
  static var refused: UInt64 { UInt64(connections_refused()) }
}
