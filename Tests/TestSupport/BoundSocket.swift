package import Glibc
import Testing

/// A unix socket that is bound to a path; the caller closes it.
package func boundSocket(_ kind: __socket_type, at path: String) throws -> CInt {
  let handle = socket(AF_UNIX, CInt(kind.rawValue), 0)
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
  let code = unsafe withUnsafePointer(to: &address) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe bind(handle, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
  try #require(code == 0)
  return handle
}
