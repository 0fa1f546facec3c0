import Basics
import Foundation
package import Logging

/// Writes log lines for journald: priority prefix, message, then `key=value` pairs, on standard error.
///
/// In a terminal the prefix is replaced by the time and the level's name.
package struct JournalLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  private let underJournal: Bool

  /// - Parameters:
  ///   - level: the lowest level that is written.
  ///   - underJournal: true if systemd reads our standard error (`JOURNAL_STREAM` is set).
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
    // A message with external content (a path, a library's text) must not forge log lines.
    let text = (["\(event.message)"] + pairs.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
      .replacing("\n", with: " ")
    let head = underJournal ? "<\(Self.priority(event.level))>" : "\(Self.time()) \(event.level) "
    StandardStreams.complain(head + text + "\n")
  }

  /// A level's syslog priority, as in sd-daemon(3).
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
