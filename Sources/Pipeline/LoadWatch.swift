/// Detects when the network cannot keep up with a camera, and when it can again.
///
/// It considers the most recent hops: for each window it is told whether it was scored or skipped.
struct LoadWatch {
  /// Number of hops to consider; 10 s for a hop of half a second.
  private static let span = 20
  /// More skipped hops than this, a tenth, are more than a hiccup.
  private static let most = 2

  /// True while the network cannot keep up.
  private(set) var isOverloaded = false
  private var skipped = [Bool](repeating: false, count: span)
  private var next = 0
  private var count = 0

  /// Records whether a window was skipped; returns true if `isOverloaded` changed.
  mutating func take(wasSkipped: Bool) -> Bool {
    count += (wasSkipped ? 1 : 0) - (skipped[next] ? 1 : 0)
    skipped[next] = wasSkipped
    next = (next + 1) % Self.span
    let was = isOverloaded
    isOverloaded = was ? count > 0 : count > Self.most
    return isOverloaded != was
  }

  /// Fraction of the recent hops that were skipped.
  var share: Double { Double(count) / Double(Self.span) }
}
