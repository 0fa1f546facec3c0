import Foundation

/// Standard input, output and error, any of which may be closed, full, or a pipe nobody reads.
package enum StandardStreams {
  /// Opens closed ones on /dev/null, so that no file or socket gets their descriptors.
  package static func prepare() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }

  /// Writes to standard error; a failure is ignored, because there is nowhere left to report it.
  package static func complain(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Flushes what was printed so far.
  ///
  /// - Returns: `nil`, or why standard output cannot be written.
  package static func flush() -> String? {
    fflush(nil) == 0 ? nil : reasonText(errno)
  }
}
