import GRDB

/// The file's tables, and how older files are migrated.
enum Schema {
  /// "adlh": distinguishes our files from those of other programs.
  static let applicationID = 0x6164_6C68

  /// Each statement runs once, in order; `user_version` counts the completed ones.
  static let migrations = [
    """
    CREATE TABLE message (
      id INTEGER PRIMARY KEY,
      time INTEGER NOT NULL,      -- when it was said; all times are milliseconds since 1970, UTC
      epoch TEXT NOT NULL,
      topic TEXT NOT NULL,
      seq INTEGER NOT NULL,
      type TEXT NOT NULL,
      camera TEXT NOT NULL,
      person INTEGER,
      label TEXT,
      activity TEXT,              -- the id that start, updates and end share
      begins INTEGER,             -- at an activity's end: when it began and ended
      ends INTEGER,
      json TEXT NOT NULL,
      UNIQUE (epoch, topic, seq)
    );
    CREATE INDEX message_time ON message (time);
    CREATE INDEX message_activity ON message (activity) WHERE activity IS NOT NULL;
    CREATE INDEX message_ends ON message (ends) WHERE ends IS NOT NULL;

    -- Activities without an end and people who have not left: the last message about each.
    CREATE TABLE open (
      key TEXT PRIMARY KEY,
      epoch TEXT NOT NULL,
      json TEXT NOT NULL
    ) WITHOUT ROWID;

    -- The last time at which each run with something open was known to be alive.
    CREATE TABLE alive (
      epoch TEXT PRIMARY KEY,
      time TEXT NOT NULL,         -- RFC 3339
      mono_ns INTEGER NOT NULL,
      boot_id TEXT NOT NULL
    ) WITHOUT ROWID;
    """
  ]

  static var version: Int { migrations.count }

  /// - Returns: the file's version; 0 for an empty file.
  /// - Throws: `HistoryError.foreign` or `.newer`.
  static func inspect(_ db: Database, _ path: String) throws -> Int {
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    switch try Int.fetchOne(db, sql: "PRAGMA application_id") {
    case applicationID: break
    case 0 where try version == 0 && Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0: break
    default: throw HistoryError.foreign(path: path)
    }
    guard version <= Self.version else {
      throw HistoryError.newer(path: path, version: version, known: Self.version)
    }
    return version
  }

  /// Migrates a file to the current version, or leaves it unchanged.
  static func migrate(_ db: Database, from version: Int) throws {
    guard version < Self.version else { return }
    try db.inTransaction {
      for migration in migrations[version...] { try db.execute(sql: migration) }
      try db.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(Self.version)")
      return .commit
    }
  }
}
