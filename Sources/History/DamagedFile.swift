import Events
import Foundation
import Glibc

/// A damaged file under another name, for whoever wants to save what is in it.
enum DamagedFile {
  /// Damaged files that stay; older ones go.
  static let kept = 2

  /// Whether a file begins as SQLite's do; anything else is not ours to rename.
  static func isDatabase(_ path: String) -> Bool {
    let file = FileHandle(forReadingAtPath: path)
    defer { try? file?.close() }  // Nothing was written.
    return (try? file?.read(upToCount: 16)) == Data("SQLite format 3\0".utf8)
  }

  /// Renames the file and its log.
  ///
  /// - Returns: the new name.
  /// - Throws: `HistoryError.failed` when the folder cannot be changed.
  static func setAside(_ path: String, at time: Date) throws(HistoryError) -> String {
    let stamp = EventClock.text(time).filter { $0.isNumber || $0 == "T" }
    let name = "\(path).damaged-\(stamp)"
    guard unsafe rename(path, name) == 0 else {
      throw .failed(path: path, reason: unsafe String(cString: strerror(errno)))
    }
    // There may be no log; the index to it is made anew.
    _ = unsafe rename("\(path)-wal", "\(name)-wal")
    _ = unsafe unlink("\(path)-shm")
    removeOlder(path)
    return name
  }

  private static func removeOlder(_ path: String) {
    let url = URL(fileURLWithPath: path)
    let prefix = url.lastPathComponent + ".damaged-"
    let folder = url.deletingLastPathComponent().path
    // A folder that cannot be listed keeps them all.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let damaged = names.filter { $0.hasPrefix(prefix) && !$0.hasSuffix("-wal") }.sorted()
    for name in damaged.dropLast(kept) {
      _ = unsafe unlink("\(folder)/\(name)")
      _ = unsafe unlink("\(folder)/\(name)-wal")
    }
  }
}

/// The right to write to a history, which ends with this value.
struct FileLock: ~Copyable {
  private let descriptor: CInt

  /// - Throws: `HistoryError.locked` when another process has it, `.failed` when the folder cannot be written.
  init(_ path: String) throws(HistoryError) {
    let descriptor = unsafe open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
    guard descriptor >= 0 else {
      throw .failed(path: "\(path).lock", reason: unsafe String(cString: strerror(errno)))
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw .locked(path: path)
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
