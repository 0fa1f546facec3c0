/// A problem in a settings file.
package struct Finding: Equatable, Sendable, CustomStringConvertible {
  /// Line number from 1; `nil` for the file as a whole.
  package var line: Int?
  package var text: String

  package var description: String { line.map { "\($0): \(text)" } ?? " \(text)" }
}

/// A settings file that cannot be used, with all its problems.
package struct SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
  package var path: String
  package var findings: [Finding]

  package var description: String { findings.map { "\(path):\($0)" }.joined(separator: "\n") }
}
