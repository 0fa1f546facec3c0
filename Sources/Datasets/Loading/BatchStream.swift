import Foundation
import Synchronization

/// Batches of loaded clips, decoded ahead of the consumer on separate threads.
///
/// Order and content do not depend on the number of threads. A clip that cannot be read is left out of its batch,
/// counted and listed. The threads end after the last batch or on `cancel`, which a consumer that stops earlier must
/// call.
package final class BatchStream: Sendable {
  package typealias Request = (clip: Clip, draw: ClipDraw)

  /// Number of clips that may be skipped whatever their share, so that one broken file does not stop a small data set.
  private static let toleratedSkips = 3
  private static let toleratedShare = 0.01

  private struct State {
    /// Index of the next request over all batches, and where each batch starts.
    var nextRequest = 0
    /// The batch that `next` returns next.
    var nextBatch = 0
    /// Results of the started batches, by request.
    var results: [Int: Result<[LoadedClip], DatasetError>] = [:]
    /// Clips skipped in the batches returned so far, in order.
    var skipped: [(name: String, reason: String)] = []
    var waited = Duration.zero
    var isCancelled = false
  }

  private let loader: ClipLoader
  private let requests: [Request]
  private let starts: [Int]
  private let ahead: Int
  private let state = Mutex(State())
  /// Protects nothing by itself: it wakes threads that wait for `state` to change.
  private let condition = NSCondition()

  /// - Parameters:
  ///   - loader: loads the clips.
  ///   - batches: the contents of each batch, in order.
  ///   - workers: number of threads.
  ///   - ahead: how many batches to load in advance.
  package init(_ loader: ClipLoader, _ batches: [[Request]], workers: Int, ahead: Int) {
    precondition(workers > 0 && ahead > 0)
    self.loader = loader
    self.ahead = ahead
    requests = Array(batches.joined())
    starts = batches.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    for index in 0..<min(workers, max(requests.count, 1)) {
      let thread = Thread { [self] in work() }
      thread.name = "decoder \(index)"
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  /// The next batch, smaller if clips could not be read; `nil` after the last.
  ///
  /// - Throws: `DatasetError.tooManySkipped` once more than 1 % of all clips, and more than three, were skipped.
  package func next() throws(DatasetError) -> [LoadedClip]? {
    let begin = ContinuousClock.now
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
      state.withLock { $0.waited += ContinuousClock.now - begin }
    }
    while true {
      let (outcome, failure) = state.withLock { state -> ([LoadedClip]??, DatasetError?) in
        guard state.nextBatch + 1 < starts.count, !state.isCancelled else { return (.some(nil), nil) }
        let range = starts[state.nextBatch]..<starts[state.nextBatch + 1]
        guard range.allSatisfy({ state.results[$0] != nil }) else { return (nil, nil) }
        var batch: [LoadedClip] = []
        for index in range {
          switch state.results.removeValue(forKey: index) {
          case .success(let clips): batch += clips
          case .failure(let error): state.skipped.append((requests[index].clip.name, "\(error)"))
          case nil: break
          }
        }
        state.nextBatch += 1
        return (.some(batch), Self.failure(state, total: requests.count))
      }
      if let failure {
        cancelLocked()
        throw failure
      }
      if let outcome { return outcome }
      condition.wait()
    }
  }

  /// Clips skipped in the batches returned so far, in order.
  package var skipped: [(name: String, reason: String)] { state.withLock { $0.skipped } }

  /// How long callers have waited in `next` so far.
  package var waited: Duration { state.withLock { $0.waited } }

  /// Lets the threads end; whatever they are decoding is dropped.
  package func cancel() {
    condition.lock()
    cancelLocked()
    condition.unlock()
  }

  private func cancelLocked() {
    state.withLock { $0.isCancelled = true }
    condition.broadcast()
  }

  private static func failure(_ state: borrowing State, total: Int) -> DatasetError? {
    let count = state.skipped.count
    guard count > toleratedSkips, Double(count) > toleratedShare * Double(total) else { return nil }
    let examples = state.skipped.prefix(5).map { "\($0.name): \($0.reason)" }
    return .tooManySkipped(count: count, of: total, examples: examples)
  }

  /// The loop of each thread: takes the next request, loads it, stores the result.
  private func work() {
    while let index = claim() {
      let request = requests[index]
      let result: Result<[LoadedClip], DatasetError>
      do throws(DatasetError) {
        result = .success(try loader.load(request.clip, request.draw))
      } catch {
        result = .failure(error)
      }
      condition.lock()
      state.withLock { $0.results[index] = result }
      condition.broadcast()
      condition.unlock()
    }
  }

  /// The next request, once its batch is near enough; `nil` when there is no more work.
  private func claim() -> Int? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      let (index, isOver) = state.withLock { state -> (Int?, Bool) in
        guard !state.isCancelled, state.nextRequest < requests.count else { return (nil, true) }
        let reach = starts[min(state.nextBatch + ahead, starts.count - 1)]
        guard state.nextRequest < reach else { return (nil, false) }
        state.nextRequest += 1
        return (state.nextRequest - 1, false)
      }
      if let index { return index }
      if isOver { return nil }
      condition.wait()
    }
  }
}
