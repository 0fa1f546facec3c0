import Foundation
import Glibc
import TestSupport

/// The socket on which systemd would listen to a service.
@safe final class NotificationSocket {
  let path: String
  private let folder: TemporaryFolder
  private let handle: CInt

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("notify")
    handle = try boundSocket(SOCK_DGRAM, at: path)
  }

  deinit { close(handle) }

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
