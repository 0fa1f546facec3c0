import Basics
import Glibc

/// Reads a detector's file.
enum ModelBytes {
  static let limit = 512 << 20

  /// The bytes of a regular file.
  ///
  /// Read, not mapped: truncating a mapped file would crash the process.
  static func read(_ path: String) throws(DetectionError) -> [UInt8] {
    func failed(_ reason: String) -> DetectionError { .cannotRead(path: path, reason: reason) }
    let file = try RegularFile(path, failure: failed)
    guard file.byteCount <= limit else { throw failed("it has \(file.byteCount) bytes, more than 512 MB") }
    var bytes = [UInt8](repeating: 0, count: file.byteCount)
    var count = 0
    while count < bytes.count {
      let read = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(file.descriptor, $0.baseAddress.map { unsafe $0 + count }, $0.count - count, count)
      }
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else { throw failed(reasonText(errno)) }
      guard read > 0 else { throw failed("it was truncated while being read") }
      count += read
    }
    return bytes
  }
}
