/// Detects when frames of a live stream are waiting for us, so that recognition would fall behind.
///
/// A frame that arrived without a wait had been waiting. If all do for longer than a stream's usual bursts, frames are
/// stale until one has to be waited for again; a few are still used, so that a machine that never catches up sees
/// something.
struct Backlog: Sendable {
  /// Reading a frame that is already there takes less.
  private static let noWait = Duration.milliseconds(1)
  /// Bursts take less time than this to read.
  private static let longestBurst = Duration.milliseconds(500)
  /// How often a stale frame is used all the same.
  private static let interval = Duration.milliseconds(250)

  private var lastWait: Duration?
  private var lastUsed: Duration?

  /// Whether to drop the next frame.
  ///
  /// - Parameters:
  ///   - now: when it was read.
  ///   - waited: how long the read had to wait.
  /// - Returns: true if newer frames should be used instead.
  mutating func isStale(at now: Duration, waited: Duration) -> Bool {
    if waited >= Self.noWait || lastWait == nil { lastWait = now }
    let isStale =
      now - (lastWait ?? now) > Self.longestBurst && now - (lastUsed ?? now) < Self.interval
    if !isStale { lastUsed = now }
    return isStale
  }
}
