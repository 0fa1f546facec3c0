import Foundation

/// Files that are replaced by a rename.
package enum ReplacedFile {
  /// Why nothing may be renamed to a path; `nil` where it may.
  ///
  /// A rename puts a file in the place of a pipe or a device: as root even in that of /dev/null.
  package static func objection(to path: String) -> String? {
    var status = stat()
    guard unsafe stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return nil }
    return "it is not a regular file"
  }
}
