import CFileSystem
import Glibc

/// Room on the history's disk, looked for before SQLite touches its files.
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
    let blocks = Int(clamping: geteuid() == 0 ? found.f_bfree : found.f_bavail)
    return blocks >= least / max(1, found.f_bsize) && canTake(least, beside: path)
  }

  /// Whether a file of so many bytes finds a place; btrfs counts as free what it cannot give.
  private static func canTake(_ bytes: Int, beside path: String) -> Bool {
    let probe = unsafe open("\(path).room", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    // Whoever may not write there cannot ask.
    guard probe >= 0 else { return errno != ENOSPC }
    defer { close(probe) }
    return unsafe unlink("\(path).room") != 0 || posix_fallocate(probe, 0, bytes) != ENOSPC
  }

  /// - Throws: `HistoryError.failed` where there is no room.
  static func check(_ path: String) throws(HistoryError) {
    guard !isEnough(for: path) else { return }
    throw .failed(path: path, reason: "its disk is full, with less than \(least >> 20) MB left")
  }
}
