import Foundation

/// Files that are replaced by renaming another one over them.
package enum ReplacedFile {
  /// Why nothing may be renamed to `path`; `nil` if it may.
  ///
  /// A rename replaces even a pipe or a device: root could replace /dev/null.
  package static func objection(to path: String) -> String? {
    var status = stat()
    guard unsafe stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return nil }
    return "it is not a regular file"
  }
}
