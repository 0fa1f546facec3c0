import Video

/// A body that is followed from box to box: a person, or what may turn out to be one.
struct Track: Sendable {
  /// Below this a body is nearly still, in lengths a second.
  private static let stillSpeed = 0.25
  /// How long somebody at the picture's edge must have been still to be no leaver, in seconds.
  private static let stillAtEdgeSeconds = 2.0
  /// How near the picture's edge counts as at it, in the picture's heights.
  private static let edge = 0.01

  /// `nil` until the track counts as a person.
  var id: Int?
  let since: Duration
  private(set) var lastHit: Duration
  private(set) var hits = 1
  /// Answers of the finder without a box for this track, since the last one with.
  private(set) var misses = 0
  private(set) var filter: BodyFilter
  private(set) var score: Float
  /// The box of the last hit, as it came.
  private var lastBody: Body
  private var time: Duration
  private var stillSince: Duration?

  init(_ body: Body, score: Float, at time: Duration) {
    (since, lastHit, self.time) = (time, time, time)
    (self.score, lastBody) = (score, body)
    filter = BodyFilter(body)
  }

  var body: Body { filter.body }

  /// Seconds since the last box at `time`.
  func unseen(at time: Duration) -> Double { (time - lastHit) / .seconds(1) }

  /// Moves the estimate on to `time`.
  mutating func predict(to time: Duration) {
    filter.predict((time - self.time) / .seconds(1))
    self.time = time
  }

  /// Takes in a box found at the time predicted to.
  mutating func hit(_ body: Body, score: Float, trust: Double) {
    let elapsed = unseen(at: time)
    filter.correct(body, trust: trust)
    // Somebody who stops does so sooner than the filter believes it.
    let step = elapsed > 0 ? body.distance(lastBody) / elapsed : .infinity
    let isStill = min(filter.speed, step) < Self.stillSpeed
    stillSince = isStill ? stillSince ?? time : nil
    self.score += (score - self.score) * 0.3
    (lastBody, lastHit, hits, misses) = (body, time, hits + 1, 0)
  }

  /// Notes an answer of the finder that has no box for this track.
  mutating func miss() {
    misses += 1
  }

  /// Forgets how the body moved, as it holds still.
  mutating func rest() {
    filter.rest()
  }

  /// True when the body was nearly still at its last box and not about to leave the picture.
  ///
  /// `aspect` is the picture's width over its height.
  func stayed(aspect: Double) -> Bool {
    guard let stillSince else { return false }
    let box = lastBody.pictureBox(aspect: 1)
    let isInside =
      box.x > Self.edge && box.right < aspect - Self.edge && box.y > Self.edge && box.bottom < 1 - Self.edge
    return isInside || (lastHit - stillSince) / .seconds(1) >= Self.stillAtEdgeSeconds
  }

  /// The person this track is; `nil` while it may be none.
  func person(aspect: Double) -> Person? {
    id.map { Person(id: $0, since: since, lastSeen: lastHit, box: body.pictureBox(aspect: aspect), score: score) }
  }
}
