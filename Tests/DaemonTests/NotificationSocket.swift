import Foundation
import Glibc
import Testing

/// The socket on which systemd would listen to a service.
@safe final class NotificationSocket {
  let path = NSTemporaryDirectory() + "adl-notify-" + UUID().uuidString.prefix(8)
  private let handle: CInt

  init() throws {
    handle = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(handle, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(code == 0)
  }

  deinit {
    close(handle)
    unsafe unlink(path)
  }

  /// The next message; `nil` if none arrives within ten seconds.
  func next() -> String? {
    var timeout = timeval(tv_sec: 10, tv_usec: 0)
    unsafe setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var buffer = [UInt8](repeating: 0, count: 1024)
    let count = unsafe recv(handle, &buffer, buffer.count, 0)
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }

  /// Takes everything that arrived so far, and returns the number of messages.
  @discardableResult
  func drain() -> Int {
    var (count, buffer) = (0, [UInt8](repeating: 0, count: 1024))
    while unsafe recv(handle, &buffer, buffer.count, CInt(MSG_DONTWAIT)) > 0 { count += 1 }
    return count
  }
}
