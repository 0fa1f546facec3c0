/// Tells when the network cannot keep up with a camera, and when it can again.
///
/// Looks at the last hops: of each window it is told whether it was scored or skipped.
struct LoadWatch {
  /// Hops that are looked at; with a hop of half a second 10 s.
  private static let span = 20
  /// So many skipped of them, a tenth, are more than a stutter.
  private static let most = 2

  /// True while the network does not keep up.
  private(set) var isOverloaded = false
  private var skipped = [Bool](repeating: false, count: span)
  private var next = 0
  private var count = 0

  /// Takes the fate of a window; true when `isOverloaded` changed.
  mutating func take(wasSkipped: Bool) -> Bool {
    count += (wasSkipped ? 1 : 0) - (skipped[next] ? 1 : 0)
    skipped[next] = wasSkipped
    next = (next + 1) % Self.span
    let was = isOverloaded
    isOverloaded = was ? count > 0 : count > Self.most
    return isOverloaded != was
  }

  /// Share of the last hops that were skipped.
  var share: Double { Double(count) / Double(Self.span) }
}
