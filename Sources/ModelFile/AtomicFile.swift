import Basics
package import Foundation
import Glibc

/// Files appear whole or not at all: written beside, synced, renamed, and the folder synced.
package enum AtomicFile {
  /// Writes the file at `path` with what `write` puts into the handle.
  ///
  /// A file that was there stays as it was when anything fails.
  ///
  /// - Throws: `ModelFileError.cannotWrite` with the system's reason.
  package static func write(to path: String, _ write: (FileHandle) throws -> Void) throws(ModelFileError) {
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent().path
    // Not of its own name, which may be as long as names can be.
    let beside = folder + "/." + UUID().uuidString + ".part"
    func failed(_ reason: String) -> ModelFileError { .cannotWrite(path: path, reason: reason) }
    func lastReason() -> String { unsafe String(cString: strerror(errno)) }

    if let objection = ReplacedFile.objection(to: path) { throw failed(objection) }
    let descriptor = unsafe open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failed(lastReason()) }
    do {
      let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
      do {
        try write(handle)
      } catch {
        close(descriptor)
        throw error
      }
      guard fsync(descriptor) == 0, close(descriptor) == 0, unsafe rename(beside, path) == 0 else {
        throw failed(lastReason())
      }
    } catch {
      unsafe unlink(beside)
      throw error as? ModelFileError ?? failed(systemReason(error))
    }
    // The rename itself is on disk only once the folder is; a folder that cannot be opened is no reason to fail now.
    let folderDescriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folderDescriptor >= 0 {
      fsync(folderDescriptor)
      close(folderDescriptor)
    }
  }
}

/// The innermost reason of an error from Foundation.
private func systemReason(_ error: any Error) -> String {
  let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
  // Foundation puts a sentence before the kernel's own words.
  return (underlying ?? error as NSError).localizedDescription
    .replacing("The operation could not be completed. ", with: "")
}
