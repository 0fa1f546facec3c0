import Events
import Foundation
import Glibc

/// Writes to the file and recovers from failures: reopens it, sets a damaged one aside, creates a new one.
///
/// Reports each problem once, and once that it is over.
///
/// `@unchecked Sendable`: created and started on one thread, handed to the store's thread, and used only there.
final class HistoryWriter: @unchecked Sendable {
  private let options: EventStore.Options
  private var lock: FileLock?
  private var file: HistoryFile?
  /// What is open, so that a new file can contain it too.
  private var open: [String: OpenEntry] = [:]
  /// The newest message or sign of life written so far.
  private var written: Envelope?
  private var setAside: ContinuousClock.Instant?
  private var settled: SettledClock?
  private(set) var isFailing = false

  init(_ options: EventStore.Options) { self.options = options }

  /// Opens the file for the first time.
  ///
  /// - Returns: the ends of what earlier runs left open.
  /// - Throws: `HistoryError.newer`, `.foreign` or `.locked`; temporary problems are only warnings.
  func begin() throws(HistoryError) -> [Leftover] {
    do throws(HistoryError) {
      let file = try usableFile()
      settled = SettledClock(options.clock.now(), newest: try file.newest())
      let (entries, alive) = try file.openEntries()
      let (ends, unreadable) = Leftovers(clock: options.clock).ends(entries, alive)
      for entry in entries { open[entry.key] = entry }
      try file.commit([], unreadable.map { .closes($0) }, alive: nil)
      for key in unreadable { open[key] = nil }
      return ends
    } catch {
      guard error.mayPass else { throw error }
      fail(error)
      return []
    }
  }

  /// Writes a batch in one transaction.
  ///
  /// - Parameters:
  ///   - batch: messages in publishing order.
  ///   - dropped: returns how many messages were dropped since the last call.
  /// - Returns: false if the batch must be written again.
  func write(_ batch: WriteBuffer.Batch, dropped: () -> Int) -> Bool {
    do throws(HistoryError) {
      do throws(HistoryError) {
        try commit(batch)
      } catch {
        guard case .damaged = error else { throw error }
        file = nil
        try commit(batch, afterDamage: error)
      }
      let lost = dropped()
      if isFailing {
        isFailing = false
        options.warn("writing the history to \(options.path) again; \(lost) messages were not stored")
      } else if lost > 0 {
        options.warn("\(lost) messages were not stored: they came faster than the history's disk can write")
      }
      return true
    } catch {
      // Reopened next time, because the file descriptor itself may be bad.
      file = nil
      fail(error)
      return false
    }
  }

  /// True if a sign of life is worth writing: something is open, and the last one was a while ago.
  func wants(_ alive: Envelope) -> Bool {
    guard !isFailing, !open.isEmpty else { return false }
    guard let written, written.epoch == alive.epoch else { return true }
    return .nanoseconds(alive.monotonic - written.monotonic) >= options.signPeriod
  }

  func write(_ alive: Envelope) {
    do throws(HistoryError) {
      try usableFile().commit([], [], alive: alive)
      written = alive
    } catch {
      file = nil
      fail(error)
    }
  }

  /// Deletes some of what is too old or too much; true if there may be more.
  func tidy() -> Bool {
    let now = options.clock.now()
    var settled = settled ?? SettledClock(now, newest: nil)
    let days = settled.time(now).addingTimeInterval(-86_400 * Double(options.days))
    self.settled = settled
    let bytes = options.bytes - min(2 * HistoryFile.logBytes, options.bytes / 4)
    do throws(HistoryError) {
      do throws(HistoryError) {
        return try usableFile().tidy(before: Int64(days.timeIntervalSince1970 * 1000), bytes: bytes)
      } catch {
        file = nil
        // The damage may be in old messages only, which no write would touch.
        guard case .damaged = error else { throw error }
        try replace(error)
      }
    } catch {
      fail(error)
    }
    return false
  }

  /// Closes the file and releases the lock.
  func close() {
    file = nil
    lock = nil
  }

  private func commit(_ batch: WriteBuffer.Batch, afterDamage damage: HistoryError? = nil) throws(HistoryError) {
    if let damage { try replace(damage) }
    let file = try usableFile()
    let last = batch.rows.last?.envelope
    try file.commit(batch.rows, Array(batch.orphans.values), alive: last)
    for change in Array(batch.orphans.values) + batch.rows.compactMap(\.change) {
      switch change {
      case .opens(let entry): open[entry.key] = entry
      case .closes(let key): open[key] = nil
      }
    }
    if let last { written = last }
  }

  /// The file, opened if necessary; a new one if it is gone or damaged.
  private func usableFile() throws(HistoryError) -> HistoryFile {
    if let file {
      guard !file.isInPlace else { return file }
      // SQLite would keep writing to the deleted file. Close it before opening the next one, because closing deletes
      // the log by name.
      self.file = nil
      options.warn("\(options.path) was removed or replaced; the history continues in a new file of that name")
    }
    if lock == nil { lock = try FileLock(options.path) }
    do throws(HistoryError) {
      return try openFile()
    } catch {
      guard case .damaged = error else { throw error }
      try replace(error)
      return try openFile()
    }
  }

  private func openFile() throws(HistoryError) -> HistoryFile {
    let file = try HistoryFile(path: options.path)
    try file.commit([], open.values.map { .opens($0) }, alive: nil)
    self.file = file
    return file
  }

  /// Sets a damaged file aside, at most once per minute, so that a broken disk is not filled with copies.
  private func replace(_ damage: HistoryError) throws(HistoryError) {
    guard DamagedFile.isDatabase(options.path) else { throw .notDatabase(path: options.path) }
    if let setAside, ContinuousClock.now - setAside < .seconds(60) { throw damage }
    setAside = .now
    let name = try DamagedFile.setAside(options.path, at: options.clock.now().wall)
    options.warn("\(damage); it is now \(name), and a new history was started (sqlite3 can .recover the old one)")
  }

  private func fail(_ error: HistoryError) {
    guard !isFailing else { return }
    isFailing = true
    options.warn("cannot write the history (history.path); events continue without it: \(error)")
  }
}
