import Basics
package import Events
import Foundation
import Synchronization

/// Keeps what is published in one SQLite file, on a thread of its own.
///
/// `keep` puts messages into a buffer; the thread writes all that wait in one transaction. When the file cannot be written
/// they stay in the buffer, which is bounded, and the thread tries again. Questions are answered on another thread, which
/// reads beside the writer.
package final class EventStore: MessageStore {
  package struct Options: Sendable {
    package var path: String
    /// Messages older than this are removed.
    package var days = 365
    /// The most bytes on disk, with the log.
    package var bytes = 500 << 20
    /// The least time between two signs of life; a crash hides at most so much of what was open.
    package var signPeriod = Duration.seconds(10)
    package var clock = EventClock.system
    /// Told what goes wrong with the file, and that it is over.
    package var warn: @Sendable (String) -> Void = { _ in }

    package init(path: String) { self.path = path }
  }

  private struct Desk {
    var buffer = WriteBuffer()
    /// Who waits, and for which row to be durable.
    var waiting: [(end: Int, kept: @Sendable () -> Void)] = []
    var alive: Envelope?
    var isFailing = false
    var isClosing = false
  }

  /// What the thread finds to do.
  private struct Work {
    var batch: WriteBuffer.Batch
    var alive: Envelope?
    var isClosing: Bool
  }

  /// Rows in one transaction, so that those who wait for the first need not wait for thousands.
  private static let batchRows = 500

  package let options: Options
  /// Ends of what earlier runs left open; to be published before anything else.
  package let leftovers: [Leftover]
  private let desk: Mutex<Desk>
  private let doorbell = MonotonicSemaphore()
  private let finished = MonotonicSemaphore()
  private let questions = DispatchQueue(label: "history")

  /// Refuses a file that another adl or another program owns; whatever may pass, such as a missing file, is fine.
  ///
  /// - Throws: `HistoryError.newer` or `.foreign`.
  package static func check(_ path: String) throws(HistoryError) {
    do throws(HistoryError) {
      _ = try HistoryReader(path: path)
    } catch {
      if !error.mayPass { throw error }
    }
  }

  /// Opens the file, or begins one, and starts the thread.
  ///
  /// - Throws: `HistoryError.newer`, `.foreign` or `.locked`; whatever may pass is a warning.
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

  /// Writes what waits and ends the thread; a disk that does not answer within two seconds is left behind.
  package func close() {
    let wasOpen = desk.withLock { desk in
      defer { desk.isClosing = true }
      return !desk.isClosing
    }
    guard wasOpen else { return }
    doorbell.signal()
    if !finished.wait(atMost: .seconds(2)) {
      options.warn("the history's disk does not answer; the last messages are not in it")
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
        // A last attempt was made; what is left in the buffer ends with the process.
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

  /// Forgets what was written and tells those who waited for it; when it failed nobody waits any longer.
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
