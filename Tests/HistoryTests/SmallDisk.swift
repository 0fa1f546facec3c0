import Foundation
import Glibc
import TestSupport
import Testing

/// A disk of a few kilobytes in memory.
final class SmallDisk {
  let folder: String

  /// Whether this process may mount one.
  static let isAvailable: Bool = {
    guard let folder = try? TemporaryFolder() else { return false }  // then there is no place for a disk either
    return SmallDisk(at: folder.file("disk"), kilobytes: 100) != nil
  }()

  /// Creates the folder and mounts the disk there; `nil` if that is not permitted.
  init?(at folder: String, kilobytes: Int) {
    self.folder = folder
    guard unsafe mkdir(folder, 0o700) == 0, unsafe mount("tmpfs", folder, "tmpfs", 0, "size=\(kilobytes)k") == 0 else {
      return nil
    }
  }

  func remount(kilobytes: Int, readOnly: Bool = false) throws {
    let flags: UInt = readOnly ? 32 | 1 : 32  // MS_REMOUNT, MS_RDONLY
    let outcome = unsafe mount("tmpfs", folder, "tmpfs", flags, "size=\(kilobytes)k")
    try #require(outcome == 0)
  }

  deinit { unsafe umount2(folder, 2) }  // MNT_DETACH
}
