internal import Glibc

/// Reasons of the kernel that may pass by themselves: a device that left or is being reset.
let transientCodes: Set<CInt> = [ENODEV, ENXIO, ENOTTY, EPROTO, EIO, ENOENT, EBUSY, ETIMEDOUT]

/// The C library's text for an `errno`.
func reasonText(_ code: CInt) -> String {
  unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { (buffer) in
    guard let base = buffer.baseAddress, unsafe strerror_r(code, base, buffer.count) == 0 else {
      return "error \(code)"
    }
    return unsafe String(cString: base)
  }
}
