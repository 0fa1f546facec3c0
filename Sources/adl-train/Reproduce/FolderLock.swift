import Basics
import Foundation
import Glibc

/// Keeps other reproductions out of a folder while this value exists.
struct FolderLock: ~Copyable {
  private let descriptor: Int32

  /// - Parameter folder: created if it does not exist.
  /// - Throws: `ExitCode`, after printing the reason.
  init(_ folder: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw failure("the folder \(folder) cannot be created: \(reasonText(error)); choose another --out", 65)
    }
    let descriptor = unsafe open(folder + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw failure("\(folder) cannot be written: \(reasonText(errno)); choose another --out", 65)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw failure("another adl-train reproduce is working in \(folder); wait for it, or choose another --out", 75)
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
