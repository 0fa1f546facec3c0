import Basics
import Foundation
import Glibc

/// The address of the page, on this machine only.
package enum PageAddress: Equatable, Sendable, CustomStringConvertible {
  /// Port 0 selects a free port.
  case loopback(port: UInt16)
  case loopback6(port: UInt16)
  case unix(path: String)

  package var description: String {
    switch self {
    case .loopback(let port): "127.0.0.1:\(port)"
    case .loopback6(let port): "[::1]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

/// The page cannot be served.
package enum PageError: Error, Equatable, CustomStringConvertible {
  case cannotListen(PageAddress, reason: String)

  package var description: String {
    switch self {
    case .cannotListen(let address, let reason): "page.listen: cannot listen on \(address): \(reason)"
    }
  }
}

/// A listening socket; closed, and its path removed, when it is released.
struct ListeningSocket: ~Copyable, Sendable {
  let descriptor: CInt
  /// Includes the port chosen for 0.
  let address: PageAddress

  init(_ address: PageAddress) throws(PageError) {
    func fail(_ reason: String? = nil) -> PageError {
      let code = errno
      return .cannotListen(address, reason: reason ?? reasonText(code))
    }
    if case .unix(let path) = address, let obstacle = Self.clear(path) { throw fail(obstacle) }
    var name = Self.name(of: address)
    let family = CInt(name.storage.ss_family)
    let descriptor = socket(
      family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw fail() }
    do throws(PageError) {
      if family == AF_UNIX {
        // For the daemon's group, like the event sockets; effective from the moment the path exists.
        guard fchmod(descriptor, 0o660) == 0 else { throw fail() }
      } else {
        // Connections of a previous run that the kernel still keeps are no reason to wait.
        var yes: CInt = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
      }
      guard unsafe name.withAddress({ unsafe bind(descriptor, $0, $1) }) == 0, listen(descriptor, 64) == 0 else {
        throw fail()
      }
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    self.address = Self.bound(descriptor, address)
  }

  deinit {
    if case .unix(let path) = address { unsafe unlink(path) }
    close(descriptor)
  }

  /// The next client's socket, or −errno.
  borrowing func accept() -> CInt {
    let client = Glibc.accept(descriptor, nil, nil)
    guard client >= 0 else { return -errno }
    guard fcntl(client, F_SETFL, O_NONBLOCK) == 0, fcntl(client, F_SETFD, FD_CLOEXEC) == 0 else {
      let code = errno
      close(client)
      return -code
    }
    return client
  }

  private struct Name {
    var storage = sockaddr_storage()
    var length = socklen_t(0)

    mutating func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
      let length = length
      return unsafe withUnsafePointer(to: &storage) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
      }
    }
  }

  private static func name(of address: PageAddress) -> Name {
    var name = Name()
    func put<Address>(_ address: Address) {
      name.length = socklen_t(MemoryLayout<Address>.size)
      unsafe withUnsafeMutableBytes(of: &name.storage) { bytes in
        unsafe bytes.storeBytes(of: address, as: Address.self)
      }
    }
    switch address {
    case .loopback(let port):
      var internet = sockaddr_in()
      internet.sin_family = sa_family_t(AF_INET)
      internet.sin_port = port.bigEndian
      internet.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      put(internet)
    case .loopback6(let port):
      var internet = sockaddr_in6()
      internet.sin6_family = sa_family_t(AF_INET6)
      internet.sin6_port = port.bigEndian
      internet.sin6_addr = in6addr_loopback
      put(internet)
    case .unix(let path):
      var local = sockaddr_un()
      local.sun_family = sa_family_t(AF_UNIX)
      unsafe withUnsafeMutableBytes(of: &local.sun_path) { place in
        unsafe place.dropLast().copyBytes(from: path.utf8.prefix(place.count - 1))
      }
      put(local)
    }
    return name
  }

  /// Removes a socket that nobody listens on any more.
  ///
  /// - Returns: why the path is not available; `nil` if it is.
  private static func clear(_ path: String) -> String? {
    guard path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { return "the path is too long" }
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    guard status.st_mode & S_IFMT == S_IFSOCK else { return "the path exists and is not a socket" }
    let probe = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    defer { close(probe) }
    var name = name(of: .unix(path: path))
    // Any other error, such as a full queue, means that somebody is listening.
    guard unsafe name.withAddress({ unsafe connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED else {
      return "another process is listening there"
    }
    unsafe unlink(path)
    return nil
  }

  private static func bound(_ descriptor: CInt, _ address: PageAddress) -> PageAddress {
    var name = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    _ = unsafe withUnsafeMutablePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &length)
      }
    }
    // The port is at the same offset for both families.
    let port = UInt16(bigEndian: name.sin6_port)
    return switch address {
    case .loopback: .loopback(port: port)
    case .loopback6: .loopback6(port: port)
    case .unix: address
    }
  }
}
