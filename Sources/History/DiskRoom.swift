import CFileSystem
import Glibc

/// Room on the history's disk, looked at before SQLite touches its files.
///
/// SQLite shares the index of its log in mapped memory. A page of that which finds no place on the disk when it is written to
/// ends the process with SIGBUS: on a full btrfs, where all that is written goes to a new place, and where blocks are smaller
/// than pages. Elsewhere pages have their place, and SQLite says by itself that the disk is full.
enum DiskRoom {
  /// Far more than is written between a look and the end of what it was for.
  private static let least = 1 << 20
  /// File systems that write a page again where it was: ext, XFS and tmpfs.
  private static let inPlace = [0xEF53, 0x5846_5342, 0x0102_1994]

  /// Whether what lies at `path` may be touched; true where nobody can say.
  static func isEnough(for path: String) -> Bool {
    var found = statfs()
    // The file may not be there yet.
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    guard unsafe statfs(path, &found) == 0 || statfs(folder, &found) == 0 else { return true }
    if inPlace.contains(found.f_type), found.f_bsize >= sysconf(CInt(_SC_PAGESIZE)) { return true }
    return Int(clamping: geteuid() == 0 ? found.f_bfree : found.f_bavail) >= least / max(1, found.f_bsize)
  }

  /// - Throws: `HistoryError.failed` where there is no room.
  static func check(_ path: String) throws(HistoryError) {
    guard !isEnough(for: path) else { return }
    throw .failed(path: path, reason: "its disk is full, with less than \(least >> 20) MB left")
  }
}
