import Basics
import Events
import Foundation
import GRDB
import Glibc

/// The history's file, open for writing; used by one thread.
///
/// All errors are `HistoryError`s; none leaves a batch half written.
final class HistoryFile {
  /// Size to which the write-ahead log is truncated after each checkpoint.
  static let logBytes = 4 << 20

  let path: String
  private let queue: DatabaseQueue
  private let identity: FileIdentity?

  /// Opens or creates the file.
  init(path: String) throws(HistoryError) {
    self.path = path
    // SQLite would make it readable by everyone; with the unit's umask, group adl may read it.
    if FileIdentity(path) == nil { close(unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o660)) }
    queue = try HistoryError.naming(path) {
      var configuration = Configuration()
      configuration.label = "history"
      // A user's sqlite3 shell may hold it for a moment.
      configuration.busyMode = .timeout(1)
      configuration.prepareDatabase { db in
        let version = try Schema.inspect(db, path)
        // Must come before the first table; later it has no effect.
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        // FULL waits for the disk at every commit. NORMAL would also be safe if the daemon is killed, but a power
        // failure would lose events that subscribers have. With a few events per minute the cost is negligible.
        try db.execute(sql: "PRAGMA synchronous = FULL")
        _ = try Int.fetchOne(db, sql: "PRAGMA journal_size_limit = \(Self.logBytes)")
        try Schema.migrate(db, from: version)
      }
      return try DatabaseQueue(path: path, configuration: configuration)
    }
    identity = FileIdentity(path)
  }

  deinit {
    // SQLite writes to its index while closing.
    if !DiskRoom.isEnough(for: path) { _ = unsafe Unmanaged.passRetained(queue) }
  }

  /// False once the file was deleted or replaced.
  var isInPlace: Bool { identity != nil && FileIdentity(path) == identity }

  /// Adds rows that do not exist yet, and updates what is open; durable on return.
  ///
  /// - Parameters:
  ///   - rows: in publishing order.
  ///   - changes: additional changes, applied before those of the rows.
  ///   - alive: the newest sign of life of this run.
  /// - Throws: `HistoryError`; then nothing is changed.
  func commit(_ rows: [HistoryRow], _ changes: [HistoryRow.Change], alive: Envelope?) throws(HistoryError) {
    try HistoryError.naming(path) {
      try queue.write { db in
        for change in changes { try Self.apply(change, db) }
        for row in rows {
          try db.cachedStatement(
            sql: """
              INSERT OR IGNORE INTO message
              (time, epoch, topic, seq, type, camera, person, label, activity, begins, ends, json)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
              """
          ).execute(arguments: [
            row.time, row.envelope.epoch, row.topic, Int64(row.envelope.seq), row.facts.type, row.facts.camera,
            row.facts.person?.id, row.facts.activity?.label, row.facts.id, row.span?.begins, row.span?.ends, row.json,
          ])
          if let change = row.change { try Self.apply(change, db) }
        }
        if let alive {
          try db.cachedStatement(sql: "INSERT OR REPLACE INTO alive VALUES (?, ?, ?, ?)")
            .execute(arguments: [alive.epoch, alive.time, alive.monotonic, alive.bootID])
          try db.cachedStatement(
            sql: "DELETE FROM alive WHERE epoch <> ? AND epoch NOT IN (SELECT epoch FROM open)"
          ).execute(arguments: [alive.epoch])
        }
      }
    }
  }

  private static func apply(_ change: HistoryRow.Change, _ db: Database) throws {
    switch change {
    case .opens(let entry):
      try db.cachedStatement(sql: "INSERT OR REPLACE INTO open VALUES (?, ?, ?)")
        .execute(arguments: [entry.key, entry.epoch, entry.json])
    case .closes(let key): try db.cachedStatement(sql: "DELETE FROM open WHERE key = ?").execute(arguments: [key])
    }
  }

  /// What has not ended yet, and when each run that left something open was last alive.
  func openEntries() throws(HistoryError) -> (entries: [OpenEntry], alive: [String: LastSign]) {
    try HistoryError.naming(path) {
      try queue.read { db in
        let entries = try Row.fetchAll(db, sql: "SELECT key, epoch, json FROM open ORDER BY key").map { row in
          OpenEntry(key: row[0], epoch: row[1], json: row[2])
        }
        let alive = try Row.fetchAll(db, sql: "SELECT epoch, time, mono_ns, boot_id FROM alive").map { row in
          (row[0] as String, LastSign(instant: Instant(time: row[1], monotonic: row[2]), bootID: row[3]))
        }
        return (entries, Dictionary(alive, uniquingKeysWith: { $1 }))
      }
    }
  }

  /// When the most recently written message was sent.
  func newest() throws(HistoryError) -> Date? {
    try HistoryError.naming(path) {
      try queue.read { db in
        try Int64.fetchOne(db, sql: "SELECT time FROM message ORDER BY id DESC LIMIT 1")
          .map { Date(timeIntervalSince1970: Double($0) / 1000) }
      }
    }
  }

  /// Deletes some of the oldest messages if they are too old or too many.
  ///
  /// - Parameters:
  ///   - time: messages sent earlier are too old; milliseconds since 1970.
  ///   - bytes: the maximum size of the file.
  /// - Returns: true if there may be more to delete.
  /// - Throws: `HistoryError`.
  func tidy(before time: Int64, bytes: Int) throws(HistoryError) -> Bool {
    try HistoryError.naming(path) {
      try queue.writeWithoutTransaction { db in
        func pragma(_ name: String) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA \(name)") ?? 0 }
        let pageBytes = try pragma("page_size")
        let excess = try (pragma("page_count") - pragma("freelist_count")) * pageBytes - bytes
        let removed = try Self.removeOldest(db, before: time, excess: excess)
        // Two megabytes at a time.
        if try pragma("freelist_count") > 0 {
          try db.execute(sql: "PRAGMA incremental_vacuum(\((2 << 20) / pageBytes))")
        }
        return try removed == Self.step || (removed > 0 && excess > 0) || pragma("freelist_count") > 0
      }
    }
  }

  /// How many messages to delete at a time: few enough that an event hardly waits.
  private static let step = 500

  /// Deletes the oldest messages that are too old, and as many more as the excess requires.
  private static func removeOldest(_ db: Database, before time: Int64, excess: Int) throws -> Int {
    let oldest = try Row.fetchAll(
      db, sql: "SELECT id, time, length(json) FROM message WHERE time < ? ORDER BY time, id LIMIT ?",
      arguments: [excess > 0 ? Int64.max : time, step])
    var excess = excess
    let doomed = oldest.prefix { row in
      defer { excess -= row[2] as Int }
      return (row[1] as Int64) < time || excess > 0
    }
    guard !doomed.isEmpty else { return 0 }
    try db.inTransaction {
      let statement = try db.cachedStatement(sql: "DELETE FROM message WHERE id = ?")
      for row in doomed { try statement.execute(arguments: [row[0] as Int64]) }
      return .commit
    }
    return doomed.count
  }
}
