/// `history`: the file that stores what was published.
package struct HistorySettings: Equatable, Sendable {
  /// Where the file should be.
  package enum Place: Equatable, Sendable {
    /// In the state folder that systemd provides for the service, or nowhere if there is none.
    case automatic
    case off
    case file(String)
  }

  package var place: Place
  package var days: Int
  package var megabytes: Int

  init(_ table: SettingsTable) {
    let path = table.text("path", default: "auto") ?? "auto"
    place = path == "auto" ? .automatic : path.isEmpty ? .off : .file(path)
    if case .file = place, !path.hasPrefix("/") { table.refuse("path", "a path that starts with /, auto or \"\"") }
    days = table.integer("days", default: 365, 1...36_500)
    megabytes = table.integer("megabytes", default: 500, 10...1_000_000)
    table.finish()
  }

  /// The file's path.
  ///
  /// - Parameter stateDirectory: STATE_DIRECTORY from the environment, which may name several folders.
  /// - Returns: its path; `nil` if no history is kept.
  package func path(stateDirectory: String?) -> String? {
    switch place {
    case .off: nil
    case .file(let path): path
    case .automatic: stateDirectory?.split(separator: ":").first.map { "\($0)/history.sqlite" }
    }
  }
}
