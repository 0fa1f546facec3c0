import Basics
package import Foundation
import Glibc

/// Writes files that appear complete or not at all: written to a temporary file, synced, renamed, and the folder
/// synced.
package enum AtomicFile {
  /// Replaces the file at `path` with what `write` writes to the handle.
  ///
  /// If anything fails, an existing file is unchanged.
  ///
  /// - Throws: `ModelFileError.cannotWrite` with the system's reason.
  package static func write(to path: String, _ write: (FileHandle) throws -> Void) throws(ModelFileError) {
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent().path
    // Not derived from the file's own name, which may already have the maximum length.
    let beside = folder + "/." + UUID().uuidString + ".part"
    func failed(_ reason: String) -> ModelFileError { .cannotWrite(path: path, reason: reason) }

    if let objection = ReplacedFile.objection(to: path) { throw failed(objection) }
    let descriptor = unsafe open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failed(reasonText(errno)) }
    do {
      let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
      do {
        try write(handle)
      } catch {
        close(descriptor)
        throw error
      }
      guard fsync(descriptor) == 0, close(descriptor) == 0, unsafe rename(beside, path) == 0 else {
        throw failed(reasonText(errno))
      }
    } catch {
      unsafe unlink(beside)
      throw error as? ModelFileError ?? failed(reasonText(error))
    }
    // The rename is durable only once the folder is synced; if the folder cannot be opened, that is not worth failing
    // for.
    let folderDescriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folderDescriptor >= 0 {
      fsync(folderDescriptor)
      close(folderDescriptor)
    }
  }
}
