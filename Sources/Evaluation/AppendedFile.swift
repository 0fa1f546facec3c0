import Basics
import Foundation
import Glibc

/// A file that only grows.
///
/// Owns the file descriptor and closes it. Each write is a single system call if the kernel accepts it whole, so a
/// killed process leaves complete records.
struct AppendedFile: ~Copyable {
  private let path: String
  private let descriptor: CInt

  /// - Parameters:
  ///   - path: the file to write.
  ///   - isNew: true requires that the file does not exist, false that it does.
  /// - Throws: `EvaluationError.cannotWrite`.
  init(_ path: String, isNew: Bool) throws(EvaluationError) {
    let flags = O_WRONLY | O_APPEND | O_CLOEXEC | (isNew ? O_CREAT | O_EXCL : 0)
    let descriptor = unsafe open(path, flags, 0o644)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: reasonText(errno)) }
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  func append(_ bytes: [UInt8]) throws(EvaluationError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      if written >= 0 {
        rest = rest.dropFirst(written)
      } else if errno != EINTR {
        throw .cannotWrite(path: path, reason: reasonText(errno))
      }
    }
  }

  /// Returns when everything is on disk.
  func synchronize() throws(EvaluationError) {
    guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, reason: reasonText(errno)) }
  }
}
