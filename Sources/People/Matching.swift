import Video

/// Which box may belong to which track, and how well they go together.
struct Matching: Sendable {
  /// What a pair may cost at most.
  static let limit = 1.0
  /// How far off a box may be in any case, and at most, in body lengths.
  private static let (nearest, farthest) = (0.35, 2.5)
  /// As `farthest`, for somebody who holds still unseen.
  private static let farthestStill = 1.0
  /// How much longer or shorter a body may have become.
  private static let growth = 3.0

  /// What improbability, distance and a weaker claim weigh.
  private static let (surpriseWeight, distanceWeight, claimWeight) = (0.03, 0.1, 1.0)
  var options: TrackerOptions

  /// How far from where it is expected a track may turn up, in body lengths.
  private func gate(_ unseen: Double) -> Double {
    guard unseen <= options.lossSeconds else { return Self.farthestStill }
    return min(Self.nearest + options.bodyHeightsPerSecond * unseen, Self.farthest)
  }

  /// 0 (just as expected) to 1, or infinity for a box that cannot be this track's.
  ///
  /// A few boxes a second lie a body apart, so distance counts beside overlap. Whoever wasn't seen lately, or may be
  /// nobody, has the weaker claim: a person who covers another keeps the one box both could have.
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

  /// As `cost`, for a box the finder doubts.
  ///
  /// It only carries on what has just been seen in its place, so that it cannot pull a track over to somebody else.
  func doubtfulCost(_ track: Track, _ body: Body, at time: Duration) -> Double {
    let overlap = track.body.pictureBox(aspect: 1).overlap(body.pictureBox(aspect: 1))
    guard track.id != nil, track.unseen(at: time) <= 1, overlap >= 0.3 else { return .infinity }
    return 1 - overlap
  }
}
