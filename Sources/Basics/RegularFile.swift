import Glibc

/// A regular file, open for reading.
///
/// Pipes and devices are refused: they would block or never end.
package struct RegularFile: ~Copyable {
  package let descriptor: CInt
  package let byteCount: Int

  /// - Parameters:
  ///   - path: the file's path.
  ///   - failure: makes an error of a reason.
  /// - Throws: what `failure` makes of the reason why the file cannot be read.
  package init<Failure: Error>(_ path: String, failure: (String) -> Failure) throws(Failure) {
    guard !path.utf8.contains(0) else { throw failure("its name contains a zero byte") }
    let opened = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard opened >= 0 else { throw failure(reasonText(errno)) }
    var status = stat()
    let code = unsafe fstat(opened, &status)
    let objection: String? =
      switch status.st_mode & S_IFMT {
      case _ where code != 0: reasonText(errno)
      case S_IFREG: nil
      case S_IFDIR: "it is a folder"
      default: "it is not a regular file"
      }
    if let objection {
      close(opened)
      throw failure(objection)
    }
    (descriptor, byteCount) = (opened, Int(status.st_size))
  }

  deinit { close(descriptor) }
}
