import Foundation
import Glibc

/// A file that only grows.
///
/// The one holder of this value owns the descriptor; it closes when the value ends. Every write is one system call when
/// the kernel takes it whole, so a killed process leaves whole records.
struct AppendedFile: ~Copyable {
  private let path: String
  private let descriptor: CInt

  /// - Parameters:
  ///   - path: of the file.
  ///   - isNew: refuses a file that is there; otherwise the file must be there.
  /// - Throws: `EvaluationError.cannotWrite`.
  init(_ path: String, isNew: Bool) throws(EvaluationError) {
    let flags = O_WRONLY | O_APPEND | O_CLOEXEC | (isNew ? O_CREAT | O_EXCL : 0)
    let descriptor = unsafe open(path, flags, 0o644)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: lastReason()) }
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
        throw .cannotWrite(path: path, reason: lastReason())
      }
    }
  }

  /// Returns once everything is on disk.
  func synchronize() throws(EvaluationError) {
    guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, reason: lastReason()) }
  }
}

private func lastReason() -> String { unsafe String(cString: strerror(errno)) }
