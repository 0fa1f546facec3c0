import Glibc

/// Reads a detector's file.
enum ModelBytes {
  static let limit = 512 << 20

  /// The bytes of a regular file.
  ///
  /// Read, not mapped: truncating a mapped file would crash the process.
  static func read(_ path: String) throws(DetectionError) -> [UInt8] {
    func failed(_ reason: String) -> DetectionError { .cannotRead(path: path, reason: reason) }
    func lastReason() -> String { unsafe String(cString: strerror(errno)) }
    guard !path.utf8.contains(0) else { throw failed("its name contains a zero byte") }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failed(lastReason()) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failed(lastReason()) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw failed(status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file")
    }
    guard status.st_size <= limit else { throw failed("it has \(status.st_size) bytes, more than 512 MB") }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var count = 0
    while count < bytes.count {
      let read = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(descriptor, $0.baseAddress.map { unsafe $0 + count }, $0.count - count, count)
      }
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else { throw failed(lastReason()) }
      guard read > 0 else { throw failed("it was truncated while being read") }
      count += read
    }
    return bytes
  }
}
