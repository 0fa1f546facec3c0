/// When a person counts as arrived, and when as gone.
package struct TrackerOptions: Equatable, Sendable {
  /// Boxes with at least this score may start a track.
  package var strongScore: Float = 0.5
  /// Boxes with at least this score may continue an existing track; others are ignored.
  package var weakScore: Float = 0.1
  /// Number of confident boxes needed to confirm a person.
  package var birthHits = 3
  /// The time within which they must arrive, in seconds.
  package var birthSeconds = 3.0
  /// How long a person may go without boxes, for example behind furniture or other people, in seconds.
  package var lossSeconds = 3.0
  /// How fast people may deviate from their expected path, in body heights per second.
  package var bodyHeightsPerSecond = 1.5
  /// The boxes come from motion, so somebody who keeps still gets none but is still there.
  ///
  /// A person who was nearly still when last seen, and not leaving at the picture's edge, is kept for `stillSeconds`.
  package var keepsStill = false
  /// How long somebody may keep still if boxes come from motion, in seconds.
  package var stillSeconds = 600.0

  package init() {}
}
