import Basics
import Foundation
package import Logging

/// Log lines as journald wants them: priority prefix, message, then `key=value` pairs, on standard error.
///
/// In a terminal the prefix gives way to the time and the level's name.
package struct JournalLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  private let underJournal: Bool

  /// - Parameters:
  ///   - level: the least severe level that is written.
  ///   - underJournal: true when systemd reads our standard error (`JOURNAL_STREAM` is set).
  package init(level: Logger.Level, underJournal: Bool) {
    logLevel = level
    self.underJournal = underJournal
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let pairs = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    // A message from outside (a path, a library's text) must not forge lines of its own.
    let text = (["\(event.message)"] + pairs.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
      .replacing("\n", with: " ")
    let head = underJournal ? "<\(Self.priority(event.level))>" : "\(Self.time()) \(event.level) "
    StandardStreams.complain(head + text + "\n")
  }

  /// Syslog priority of a level, sd-daemon(3).
  private static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }

  private static func time() -> String {
    Date().formatted(.iso8601.time(includingFractionalSeconds: true).timeSeparator(.colon))
  }
}
