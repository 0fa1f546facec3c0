package import Events
package import Foundation
import GRDB

/// The history's file, open for reading, whether or not a daemon is writing to it.
package struct HistoryReader: Sendable {
  private let path: String
  private let queue: DatabaseQueue

  /// - Throws: `HistoryError`; `.missing` if there is no file.
  package init(path: String) throws(HistoryError) {
    self.path = path
    guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
    do throws(HistoryError) {
      queue = try Self.open(path, as: path)
    } catch {
      // Without write access to the folder, the log's index cannot be created. If there is no log, nobody is writing,
      // and the file alone is complete.
      guard case .failed = error, !FileManager.default.fileExists(atPath: "\(path)-wal"),
        let name = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)
      else { throw error }
      queue = try Self.open(path, as: "file:\(name)?immutable=1")
    }
  }

  private static func open(_ path: String, as name: String) throws(HistoryError) -> DatabaseQueue {
    try HistoryError.naming(path) {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(1)
      configuration.prepareDatabase { db in
        guard try Schema.inspect(db, path) > 0 else { throw HistoryError.missing(path: path) }
      }
      return try DatabaseQueue(path: name, configuration: configuration)
    }
  }

  /// One page of the requested messages.
  package func page(_ request: HistoryRequest) throws(HistoryError) -> HistoryPage {
    var conditions: [String] = []
    var arguments: [(any DatabaseValueConvertible)?] = []
    func require(_ condition: String, _ values: (any DatabaseValueConvertible)?...) {
      conditions.append(condition)
      arguments += values
    }
    if let since = request.since { require("time > ?", milliseconds(since)) }
    if let until = request.until { require("time <= ?", milliseconds(until)) }
    if let camera = request.camera { require("camera = ?", camera) }
    if let label = request.label { require("label = ?", label) }
    if let type = request.type {
      require("(type = ? OR substr(type, 1, ?) = ?)", type, type.unicodeScalars.count + 1, type + ".")
    }
    if let next = request.next {
      require(request.newestFirst ? "(time, id) < (?, ?)" : "(time, id) > (?, ?)", next.time, next.number)
    }
    let order = request.newestFirst ? "DESC" : "ASC"
    let sql = """
      SELECT time, id, topic, json FROM message \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
      ORDER BY time \(order), id \(order)
      """
    return try HistoryError.naming(path) {
      try queue.read { db in
        var page = HistoryPage()
        var filling = HistoryPage.Filling()
        let rows = try Row.fetchCursor(db, sql: sql, arguments: StatementArguments(arguments))
        while let row = try rows.next() {
          let position = HistoryPosition(time: row[0], number: row[1])
          let entry = HistoryPage.Entry(topic: row[2], json: row[3])
          guard page.take(entry, at: position, &filling, request) else { break }
        }
        return page
      }
    }
  }

  /// Activities that overlap a period, earliest first; those still going on have no end.
  package func spans(from: Date, to: Date) throws(HistoryError) -> [ActivitySpan] {
    let ended = try HistoryError.naming(path) {
      try queue.read { db in
        try String.fetchAll(
          db, sql: "SELECT json FROM message WHERE ends >= ? AND begins < ?",
          arguments: [milliseconds(from), milliseconds(to)])
      }
    }
    let spans = (ended + (try open())).compactMap { ActivitySpan(json: $0) }
    return spans.filter { $0.begin < to }.sorted { ($0.begin, $0.id) < ($1.begin, $1.id) }
  }

  /// The last message of each open activity and of each person still present.
  package func open() throws(HistoryError) -> [String] {
    try HistoryError.naming(path) {
      try queue.read { try String.fetchAll($0, sql: "SELECT json FROM open ORDER BY key") }
    }
  }

  private func milliseconds(_ date: Date) -> Int64 { Int64((date.timeIntervalSince1970 * 1000).rounded()) }
}
