internal import GRDB

/// Why a history cannot be used.
package enum HistoryError: Error, Equatable, CustomStringConvertible {
  /// A newer adl wrote it; `version` is its schema's, `known` the newest that this adl knows.
  case newer(path: String, version: Int, known: Int)
  /// An SQLite file of another program.
  case foreign(path: String)
  /// The file was not written by SQLite.
  case notDatabase(path: String)
  /// Another daemon is writing to it.
  case locked(path: String)
  case missing(path: String)
  /// Its content is not what SQLite wrote.
  case damaged(path: String, reason: String)
  /// The disk or missing permissions prevent access; may be temporary.
  case failed(path: String, reason: String)

  package var description: String {
    switch self {
    case .newer(let path, let version, let known):
      "\(path) was written by a newer adl (its schema is \(version), this adl knows \(known)); "
        + "update adl, or set history.path to another file"
    case .foreign(let path): "\(path) is a database of another program; set history.path to another file"
    case .notDatabase(let path): "\(path) is not a history; move it away, or set history.path to another file"
    case .locked(let path): "another adld is writing to \(path); set history.path to a different file"
    case .missing(let path): "there is no history at \(path)"
    case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
    case .failed(let path, let reason): "\(path): \(reason)"
    }
  }

  /// False if somebody must change something before the file can be used.
  var mayPass: Bool {
    switch self {
    case .newer, .foreign, .locked: false
    case .missing, .damaged, .failed, .notDatabase: true
    }
  }

  /// Runs database work if it is safe to, and converts errors to `HistoryError`.
  static func naming<Result>(_ path: String, _ work: () throws -> Result) throws(HistoryError) -> Result {
    try DiskRoom.check(path)
    do {
      return try work()
    } catch let error as HistoryError {
      throw error
    } catch let error as DatabaseError {
      // Without the statement, because its arguments are what people did.
      let reason = error.message ?? "SQLite's error \(error.extendedResultCode.rawValue)"
      switch error.resultCode {
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: throw .damaged(path: path, reason: reason)
      default: throw .failed(path: path, reason: reason)
      }
    } catch {
      throw .failed(path: path, reason: "\(error)")
    }
  }
}
