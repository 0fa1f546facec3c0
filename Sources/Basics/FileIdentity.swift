#if canImport(Glibc)
  import Glibc
#endif

/// Identifies the file at a path; different names of one file compare equal.
package struct FileIdentity: Equatable, Sendable {
  package let isRegular: Bool
  private let device: UInt
  private let inode: UInt

  /// `nil` if there is no file.
  package init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  fileprivate init(_ status: stat) {
    isRegular = status.st_mode & S_IFMT == S_IFREG
    (device, inode) = (UInt(status.st_dev), UInt(status.st_ino))
  }
}

/// Tells a changed file from an unchanged one without reading it.
package struct FileVersion: Equatable, Sendable {
  private let file: FileIdentity
  private let byteCount: Int
  /// Seconds and nanoseconds.
  private let modified: [Int]

  /// `nil` if there is no file.
  package init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    file = FileIdentity(status)
    byteCount = Int(status.st_size)
    modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
  }
}
