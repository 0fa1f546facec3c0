import Foundation
import Inference
import Video

/// What each stream's windows leave for the next one, within a budget, for all scorers of a model.
///
/// `@unchecked Sendable`: every access to the entries holds the lock, and a stream's memory is used by whoever computes it.
final class StreamMemory: @unchecked Sendable {
  private struct Entry {
    var cache: WindowCache
    var cut: Int
    var firstSample: Int
    var lastTime: Duration
    /// A window is being computed in it.
    var isUsed = true
  }

  private let lock = NSLock()
  private var entries: [WindowStream: Entry] = [:]
  private let most: Int
  /// After this long without a window, a stream's memory may be given to another.
  private let longestPause: Duration

  /// - Parameters:
  ///   - engine: the engine that computes the windows.
  ///   - bytes: the budget.
  ///   - hop: time between two windows.
  init(_ engine: ClipEngine, most bytes: Int, hop: Duration) {
    most = engine.cacheBytes == 0 ? 0 : bytes / engine.cacheBytes
    longestPause = hop * 4
  }

  var byteCount: Int { lock.withLock { entries.values.reduce(0) { $0 + $1.cache.byteCount } } }

  /// A stream's memory, and the number of frames since the window it holds, if `window` continues that one.
  ///
  /// `nil` where there is no room for it. Whoever gets it says `leave` afterwards.
  func room(
    for window: ClipWindow, of stream: WindowStream, _ engine: ClipEngine
  ) throws(InferenceError) -> (cache: WindowCache, shift: Int?)? {
    lock.lock()
    defer { lock.unlock() }
    guard let cache = try cache(for: window, of: stream, engine) else { return nil }
    let before = entries[stream]
    entries[stream] = Entry(
      cache: cache, cut: window.cut, firstSample: window.firstSample, lastTime: window.lastTime)
    guard let before, before.cut == window.cut, window.firstSample > before.firstSample else { return (cache, nil) }
    return (cache, window.firstSample - before.firstSample)
  }

  /// The window is computed.
  func leave(_ stream: WindowStream) { lock.withLock { entries[stream]?.isUsed = false } }

  private func cache(
    for window: ClipWindow, of stream: WindowStream, _ engine: ClipEngine
  ) throws(InferenceError) -> WindowCache? {
    if let entry = entries[stream] { return entry.cache }
    if entries.count < most { return try engine.makeCache() }
    guard let oldest = entries.lazy.filter({ !$0.value.isUsed }).min(by: { $0.value.lastTime < $1.value.lastTime }),
      window.lastTime - oldest.value.lastTime > longestPause
    else { return nil }
    entries[oldest.key] = nil
    return oldest.value.cache
  }
}
