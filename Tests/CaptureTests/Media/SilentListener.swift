import Glibc

/// A local TCP port that accepts connections and never sends anything.
final class SilentListener {
  struct CannotListen: Error {}

  let port: Int
  let descriptor: CInt

  init() throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isListening = unsafe withUnsafeMutablePointer(to: &address) { (pointer) in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { (general) in
        unsafe bind(descriptor, general, length) == 0 && listen(descriptor, 4) == 0
          && getsockname(descriptor, general, &length) == 0
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    if !isListening { throw CannotListen() }
  }

  deinit { close(descriptor) }
}
