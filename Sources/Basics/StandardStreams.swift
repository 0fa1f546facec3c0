import Foundation

/// Standard input, output and error, any of which may be closed, full, or a pipe that nobody reads.
package enum StandardStreams {
  /// Opens those that are closed on nothing, so that no file or socket takes their numbers.
  package static func prepare() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }

  /// Writes to standard error; what cannot be written is lost, for there is nowhere left to say so.
  package static func complain(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Hands on what was printed so far.
  ///
  /// - Returns: `nil`, or why standard output cannot be written.
  package static func flush() -> String? {
    fflush(nil) == 0 ? nil : unsafe String(cString: strerror(errno))
  }
}
