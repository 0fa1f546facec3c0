import Events
import Foundation
import Glibc

/// Writes to the file and finds a way on when it cannot: opens it again, sets a damaged one aside, begins a new one.
///
/// It says once what goes wrong, and once that it is over.
///
/// `@unchecked Sendable`: made and begun by one thread, handed to the store's thread, and used there only.
final class HistoryWriter: @unchecked Sendable {
  private let options: EventStore.Options
  private var lock: FileLock?
  private var file: HistoryFile?
  /// What is open, so that a new file knows it too.
  private var open: [String: OpenEntry] = [:]
  /// The newest message or sign of life that was written.
  private var written: Envelope?
  private var setAside: ContinuousClock.Instant?
  private var settled: SettledClock?
  private(set) var isFailing = false

  init(_ options: EventStore.Options) { self.options = options }

  /// Opens the file for the first time.
  ///
  /// - Returns: the ends of what earlier runs left open.
  /// - Throws: `HistoryError.newer`, `.foreign` or `.locked`; whatever may pass is a warning.
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
  ///   - batch: in the order of publishing.
  ///   - dropped: how many messages were given up since it was last asked.
  /// - Returns: false when the batch must come again.
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
        options.warn("the history is written to \(options.path) again; \(lost) messages were not kept")
      } else if lost > 0 {
        options.warn("\(lost) messages were not kept: more came than the history's disk can take")
      }
      return true
    } catch {
      // Opened anew next time: what failed may have been the file's descriptor.
      file = nil
      fail(error)
      return false
    }
  }

  /// True when a sign of life is worth a write: something goes on, and the last one is some time ago.
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

  /// Removes some of what is too old or too much; true when there may be more.
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
        // It may be old messages only, which no write would come upon.
        guard case .damaged = error else { throw error }
        try replace(error)
      }
    } catch {
      fail(error)
    }
    return false
  }

  /// Closes the file and lets others write to it.
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

  /// The file, opened where it is not; a new one where it is gone or damaged.
  private func usableFile() throws(HistoryError) -> HistoryFile {
    if let file {
      guard !file.isInPlace else { return file }
      // SQLite would write on into a file without a name. It must be closed before the next is opened, since closing
      // removes the log by its name.
      self.file = nil
      options.warn("\(options.path) was removed or replaced; the history goes on in the file of that name")
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

  /// Sets a damaged file aside; not more than once a minute, lest a broken disk is filled with them.
  private func replace(_ damage: HistoryError) throws(HistoryError) {
    guard DamagedFile.isDatabase(options.path) else { throw .notDatabase(path: options.path) }
    if let setAside, ContinuousClock.now - setAside < .seconds(60) { throw damage }
    setAside = .now
    let name = try DamagedFile.setAside(options.path, at: options.clock.now().wall)
    options.warn("\(damage); it is now \(name), and a new history begins (sqlite3 can .recover the old one)")
  }

  private func fail(_ error: HistoryError) {
    guard !isFailing else { return }
    isFailing = true
    options.warn("the history (history.path) cannot be written, events go on without it: \(error)")
  }
}
