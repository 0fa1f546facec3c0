import Foundation
import Glibc

/// The C library's text for an `errno`.
package func reasonText(_ code: CInt) -> String {
  unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { (buffer) in
    guard let base = buffer.baseAddress, unsafe strerror_r(code, base, buffer.count) == 0 else {
      return "error \(code)"
    }
    return unsafe String(cString: base)
  }
}

/// The innermost reason in a Foundation error.
package func reasonText(_ error: any Error) -> String {
  let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
  // Foundation puts a sentence before the kernel's message.
  return (underlying ?? error as NSError).localizedDescription
    .replacing("The operation could not be completed. ", with: "")
}
