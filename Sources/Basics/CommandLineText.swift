import Foundation

/// The arguments this process was started with.
package enum CommandLineText {
  /// Ends the process with status 64 if an argument is not UTF-8.
  ///
  /// Swift repairs such arguments, and a file of that name would not be found.
  package static func requireUTF8(program: String) {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let text = unsafe CommandLine.unsafeArgv[index], unsafe String(validatingCString: text) == nil else {
        continue
      }
      let shown = unsafe String(cString: text)
      StandardStreams.complain(
        "\(program): '\(shown)' is not UTF-8; rename the file, or use a link with a name that is\n")
      exit(64)
    }
  }
}
