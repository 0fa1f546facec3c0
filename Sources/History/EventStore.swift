import Basics
package import Events
import Foundation
import Synchronization

/// Stores published messages in one SQLite file, on its own thread.
///
/// `keep` puts messages into a buffer; the thread writes all waiting messages in one transaction. If the file cannot be
/// written, they stay in the buffer, which is bounded, and the thread retries. Queries are answered on another thread,
/// which reads alongside the writer.
package final class EventStore: MessageStore {
  package struct Options: Sendable {
    package var path: String
    /// Messages older than this are deleted.
    package var days = 365
    /// Maximum bytes on disk, including the log.
    package var bytes = 500 << 20
    /// Minimum time between two signs of life; after a crash, what was open ends at most this much too early.
    package var signPeriod = Duration.seconds(10)
    package var clock = EventClock.system
    /// Receives problems with the file, and their end.
    package var warn: @Sendable (String) -> Void = { _ in }

    package init(path: String) { self.path = path }
  }

  private struct Desk {
    var buffer = WriteBuffer()
    /// Callbacks, and the row each is waiting for.
    var waiting: [(end: Int, kept: @Sendable () -> Void)] = []
    var alive: Envelope?
    var isFailing = false
    var isClosing = false
  }

  /// What the thread has to do.
  private struct Work {
    var batch: WriteBuffer.Batch
    var alive: Envelope?
    var isClosing: Bool
  }

  /// Rows per transaction, so that whoever waits for the first does not wait for thousands.
  private static let batchRows = 500

  package let options: Options
  /// Ends of what earlier runs left open; publish them before anything else.
  package let leftovers: [Leftover]
  private let desk: Mutex<Desk>
  private let doorbell = MonotonicSemaphore()
  private let finished = MonotonicSemaphore()
  private let questions = DispatchQueue(label: "history")

  /// Rejects a file of another program or of a newer adl; temporary problems, such as a missing file, are accepted.
  ///
  /// - Throws: `HistoryError.newer` or `.foreign`.
  package static func check(_ path: String) throws(HistoryError) {
    do throws(HistoryError) {
      _ = try HistoryReader(path: path)
    } catch {
      if !error.mayPass { throw error }
    }
  }

  /// True while events cannot be stored.
  package var isFailing: Bool { desk.withLock(\.isFailing) }

  /// Opens or creates the file, and starts the thread.
  ///
  /// - Throws: `HistoryError.newer`, `.foreign` or `.locked`; temporary problems are only warnings.
  package init(_ options: Options) throws(HistoryError) {
    self.options = options
    let writer = HistoryWriter(options)
    leftovers = try writer.begin()
    var desk = Desk()
    desk.isFailing = writer.isFailing
    self.desk = Mutex(desk)
    let thread = Thread { [self] in
      run(writer)
      writer.close()
      finished.signal()
    }
    thread.name = "history"
    thread.start()
  }

  package func keep(_ messages: [PublishedMessage], then kept: @escaping @Sendable () -> Void) {
    let rows = messages.compactMap { HistoryRow($0) }
    let mustWait = desk.withLock { desk in
      guard !desk.isClosing else { return false }
      desk.buffer.append(rows)
      guard !desk.isFailing else { return false }
      desk.waiting.append((desk.buffer.end, kept))
      return true
    }
    doorbell.signal()
    if !mustWait { kept() }
  }

  package func noteAlive(_ envelope: Envelope) {
    desk.withLock { $0.alive = envelope }
    doorbell.signal()
  }

  package func answer(
    _ request: HistoryRequest, then answered: @escaping @Sendable (Result<HistoryPage, HistoryFailure>) -> Void
  ) {
    let path = options.path
    questions.async {
      do throws(HistoryError) {
        answered(.success(try HistoryReader(path: path).page(request)))
      } catch {
        answered(.failure(HistoryFailure("\(error)")))
      }
    }
  }

  /// Writes what is waiting and ends the thread; a disk that does not respond within two seconds is abandoned.
  package func close() {
    let wasOpen = desk.withLock { desk in
      defer { desk.isClosing = true }
      return !desk.isClosing
    }
    guard wasOpen else { return }
    doorbell.signal()
    if !finished.wait(atMost: .seconds(2)) {
      options.warn("the history's disk is not responding; the last messages were not stored")
    }
  }

  // MARK: On the thread

  private func run(_ writer: HistoryWriter) {
    var pause = Duration.milliseconds(500)
    var retry = ContinuousClock.now
    var tidyDue = retry
    while true {
      let work = takeWork()
      let now = ContinuousClock.now
      if work.isClosing || !writer.isFailing || now >= retry {
        if !work.batch.isEmpty || writer.isFailing {
          let isWritten = writer.write(work.batch) { self.desk.withLock { $0.buffer.takeDropped() } }
          settle(work.batch, isWritten: isWritten)
          pause = isWritten ? .milliseconds(500) : min(pause * 2, .seconds(30))
          retry = .now + pause
        }
        if let alive = work.alive, writer.wants(alive) { writer.write(alive) }
      }
      if work.isClosing {
        // That was the last attempt; whatever is left in the buffer is lost with the process.
        if writer.isFailing || desk.withLock({ $0.buffer.isEmpty }) { return }
        continue
      }
      var isTidy = true
      if !writer.isFailing, .now >= tidyDue {
        isTidy = !writer.tidy()
        if isTidy { tidyDue = .now + .seconds(60) }
      }
      if writer.isFailing { release() }
      let isBusy = !isTidy || (!writer.isFailing && !desk.withLock { $0.buffer.isEmpty })
      let wait = isBusy ? .zero : writer.isFailing ? max(.zero, retry - .now) : tidyDue - .now
      _ = doorbell.wait(atMost: wait)
    }
  }

  private func takeWork() -> Work {
    desk.withLock { desk in
      defer { desk.alive = nil }
      return Work(batch: desk.buffer.batch(atMost: Self.batchRows), alive: desk.alive, isClosing: desk.isClosing)
    }
  }

  /// Removes written messages and notifies those waiting for them; after a failure nobody waits any longer.
  private func settle(_ batch: WriteBuffer.Batch, isWritten: Bool) {
    let kept = desk.withLock { desk in
      desk.isFailing = !isWritten
      if isWritten { desk.buffer.remove(batch) }
      let begin = desk.buffer.begin
      let done = desk.waiting.filter { !isWritten || $0.end <= begin }
      desk.waiting.removeAll { !isWritten || $0.end <= begin }
      return done.map(\.kept)
    }
    for kept in kept { kept() }
  }

  /// The file cannot be written for now, so nobody waits for it.
  private func release() {
    let waiting = desk.withLock { desk in
      desk.isFailing = true
      defer { desk.waiting = [] }
      return desk.waiting
    }
    for (_, kept) in waiting { kept() }
  }
}
