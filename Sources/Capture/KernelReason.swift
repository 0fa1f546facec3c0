internal import Glibc

/// The C library's text for an `errno`.
func reasonText(_ code: CInt) -> String {
  unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { (buffer) in
    guard let base = buffer.baseAddress, unsafe strerror_r(code, base, buffer.count) == 0 else {
      return "error \(code)"
    }
    return unsafe String(cString: base)
  }
}
