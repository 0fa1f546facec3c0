/// One thing that is wrong with a settings file.
package struct Finding: Equatable, Sendable, CustomStringConvertible {
  /// Line in the file, from 1; `nil` for the file as a whole.
  package var line: Int?
  package var text: String

  package var description: String { line.map { "\($0): \(text)" } ?? " \(text)" }
}

/// A settings file that is not used, with everything that is wrong with it at once.
package struct SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
  package var path: String
  package var findings: [Finding]

  package var description: String { findings.map { "\(path):\($0)" }.joined(separator: "\n") }
}
