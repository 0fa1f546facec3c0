/// Sees when frames of a live stream wait for us, so that what is recognised would fall behind what happens.
///
/// A frame that came without a wait had been waiting. Where all do, for longer than a stream's own bursts last, frames are
/// stale until one has to be waited for again; a few are used all the same, so that a machine that never catches up sees
/// something.
struct Backlog: Sendable {
  /// Reading what is there already takes less.
  private static let noWait = Duration.milliseconds(1)
  /// Bursts are shorter than this, in the time that they take us.
  private static let longestBurst = Duration.milliseconds(500)
  /// From one frame that is used all the same to the next.
  private static let interval = Duration.milliseconds(250)

  private var lastWait: Duration?
  private var lastUsed: Duration?

  /// Whether the next frame is to be left out.
  ///
  /// - Parameters:
  ///   - now: when it was read.
  ///   - waited: for how long it was waited for.
  /// - Returns: true where the frames behind it are better.
  mutating func isStale(at now: Duration, waited: Duration) -> Bool {
    if waited >= Self.noWait || lastWait == nil { lastWait = now }
    let isStale =
      now - (lastWait ?? now) > Self.longestBurst && now - (lastUsed ?? now) < Self.interval
    if !isStale { lastUsed = now }
    return isStale
  }
}
