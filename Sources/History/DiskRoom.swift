import CFileSystem
import Glibc

/// Checks for free space on the history's disk before SQLite touches its files.
///
/// SQLite shares the index of its log through mapped memory. Writing to a mapped page for which the disk has no room
/// ends the process with SIGBUS: on a full btrfs, which writes everything to a new place, and on file systems with
/// blocks smaller than pages. Elsewhere pages have their place, and SQLite itself reports that the disk is full.
enum DiskRoom {
  /// Far more than is written between the check and the end of the operation.
  private static let least = 1 << 20
  /// File systems that rewrite pages in place: ext, XFS and tmpfs.
  private static let inPlace = [0xEF53, 0x5846_5342, 0x0102_1994]

  /// Whether the file at `path` may be touched; true if that cannot be determined.
  static func isEnough(for path: String) -> Bool {
    var found = statfs()
    // The file may not exist yet.
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    guard unsafe statfs(path, &found) == 0 || statfs(folder, &found) == 0 else { return true }
    if inPlace.contains(found.f_type), found.f_bsize >= sysconf(CInt(_SC_PAGESIZE)) { return true }
    let blocks = Int(clamping: geteuid() == 0 ? found.f_bfree : found.f_bavail)
    return blocks >= least / max(1, found.f_bsize) && canTake(least, beside: path)
  }

  /// Whether a file of this size fits; btrfs reports space as free that it cannot allocate.
  private static func canTake(_ bytes: Int, beside path: String) -> Bool {
    let probe = unsafe open("\(path).room", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    // Without write access there is nothing to try.
    guard probe >= 0 else { return errno != ENOSPC }
    defer { close(probe) }
    return unsafe unlink("\(path).room") != 0 || posix_fallocate(probe, 0, bytes) != ENOSPC
  }

  /// - Throws: `HistoryError.failed` if there is no room.
  static func check(_ path: String) throws(HistoryError) {
    guard !isEnough(for: path) else { return }
    throw .failed(path: path, reason: "its disk is full, with less than \(least >> 20) MB left")
  }
}
