import Video

/// Decides which box may belong to which track, and how well they match.
struct Matching: Sendable {
  /// The maximum cost of a pair.
  static let limit = 1.0
  /// How far off a box is always allowed to be, and its maximum, in body lengths.
  private static let (nearest, farthest) = (0.35, 2.5)
  /// Like `farthest`, for somebody keeping still out of sight.
  private static let farthestStill = 1.0
  /// The maximum factor by which a body's size may have changed.
  private static let growth = 3.0

  /// Weights of improbability, distance and weakness of the claim.
  private static let (surpriseWeight, distanceWeight, claimWeight) = (0.03, 0.1, 1.0)
  var options: TrackerOptions

  /// How far a track may turn up from where it is expected, in body lengths.
  private func gate(_ unseen: Double) -> Double {
    guard unseen <= options.lossSeconds else { return Self.farthestStill }
    return min(Self.nearest + options.bodyHeightsPerSecond * unseen, Self.farthest)
  }

  /// 0 (exactly as expected) to 1, or infinity for a box that cannot belong to the track.
  ///
  /// With a few boxes per second a body moves up to its own length, so distance counts in addition to overlap. A track
  /// not seen recently, or not confirmed yet, has the weaker claim: a person who covers another keeps the only box.
  func cost(_ track: Track, _ body: Body, at time: Duration) -> Double {
    let unseen = track.unseen(at: time)
    let expected = track.body
    let distance = expected.distance(body)
    let ratio = max(expected.length / body.length, body.length / expected.length)
    guard distance <= gate(unseen), ratio <= Self.growth else { return .infinity }
    let apart = (1 - expected.generalizedOverlap(body)) / 2
    let claim = 0.1 * min(unseen, 1) + (track.id == nil ? 0.1 : 0)
    return min(
      Self.surpriseWeight * track.filter.surprise(body) + Self.distanceWeight * apart + Self.claimWeight * claim, 0.999)
  }

  /// Like `cost`, for a low-confidence box.
  ///
  /// Such a box only continues a track seen just before in the same place, so that it cannot pull a track over to
  /// somebody else.
  func doubtfulCost(_ track: Track, _ body: Body, at time: Duration) -> Double {
    let overlap = track.body.pictureBox(aspect: 1).overlap(body.pictureBox(aspect: 1))
    guard track.id != nil, track.unseen(at: time) <= 1, overlap >= 0.3 else { return .infinity }
    return 1 - overlap
  }
}
