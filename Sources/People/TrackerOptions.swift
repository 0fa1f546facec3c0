/// When a person counts as come, and when as gone.
package struct TrackerOptions: Equatable, Sendable {
  /// Boxes with at least this score may begin a person.
  package var strongScore: Float = 0.5
  /// Boxes with at least this score may keep a person who is there already; others are ignored.
  package var weakScore: Float = 0.1
  /// Strong boxes that it takes until a person counts.
  package var birthHits = 3
  /// The time within which they must come, in seconds.
  package var birthSeconds = 3.0
  /// How long a person may go without boxes, behind furniture or other people, in seconds.
  package var lossSeconds = 3.0
  /// How fast people may move against what was expected of them, in body heights a second.
  package var bodyHeightsPerSecond = 1.5
  /// The boxes come from motion: who holds still gets none and is there nevertheless.
  ///
  /// Whoever was nearly still when last seen, and wasn't on the way out at the picture's edge, is kept for `stillSeconds`.
  package var keepsStill = false
  /// How long somebody may hold still in a picture whose boxes come from motion, in seconds.
  package var stillSeconds = 600.0

  package init() {}
}
