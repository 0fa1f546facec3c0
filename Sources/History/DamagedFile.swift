import Basics
import Events
import Foundation
import Glibc

/// Sets a damaged file aside under another name, so that its contents can be rescued.
enum DamagedFile {
  /// How many damaged files to keep; older ones are deleted.
  static let kept = 2

  /// Whether a file starts like an SQLite database; anything else is not ours to rename.
  static func isDatabase(_ path: String) -> Bool {
    let file = FileHandle(forReadingAtPath: path)
    defer { try? file?.close() }  // Opened for reading only.
    return (try? file?.read(upToCount: 16)) == Data("SQLite format 3\0".utf8)
  }

  /// Renames the file and its log.
  ///
  /// - Returns: the new name.
  /// - Throws: `HistoryError.failed` if the folder cannot be changed.
  static func setAside(_ path: String, at time: Date) throws(HistoryError) -> String {
    let stamp = EventClock.text(time).filter { $0.isNumber || $0 == "T" }
    let name = "\(path).damaged-\(stamp)"
    guard unsafe rename(path, name) == 0 else {
      throw .failed(path: path, reason: reasonText(errno))
    }
    // There may be no log; its index is rebuilt.
    _ = unsafe rename("\(path)-wal", "\(name)-wal")
    _ = unsafe unlink("\(path)-shm")
    removeOlder(path)
    return name
  }

  private static func removeOlder(_ path: String) {
    let url = URL(fileURLWithPath: path)
    let prefix = url.lastPathComponent + ".damaged-"
    let folder = url.deletingLastPathComponent().path
    // If the folder cannot be listed, all are kept.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let damaged = names.filter { $0.hasPrefix(prefix) && !$0.hasSuffix("-wal") }.sorted()
    for name in damaged.dropLast(kept) {
      _ = unsafe unlink("\(folder)/\(name)")
      _ = unsafe unlink("\(folder)/\(name)-wal")
    }
  }
}

/// The exclusive right to write to a history, held while this value exists.
struct FileLock: ~Copyable {
  private let descriptor: CInt

  /// - Throws: `HistoryError.locked` if another process holds it, `.failed` if the folder is not writable.
  init(_ path: String) throws(HistoryError) {
    let descriptor = unsafe open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
    guard descriptor >= 0 else {
      throw .failed(path: "\(path).lock", reason: reasonText(errno))
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw .locked(path: path)
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
