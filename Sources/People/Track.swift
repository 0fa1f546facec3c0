import Video

/// A body tracked from box to box: a person, or a candidate for one.
struct Track: Sendable {
  /// Below this speed a body is nearly still, in body lengths per second.
  private static let stillSpeed = 0.25
  /// How long somebody at the picture's edge must have been still to count as staying, in seconds.
  private static let stillAtEdgeSeconds = 2.0
  /// How near the edge counts as being at it, relative to the picture's height.
  private static let edge = 0.01

  /// `nil` until the track is confirmed as a person.
  var id: Int?
  let since: Duration
  private(set) var lastHit: Duration
  private(set) var hits = 1
  /// Number of finder answers without a box for this track since its last box.
  private(set) var misses = 0
  private(set) var filter: BodyFilter
  private(set) var score: Float
  /// The unfiltered box of the last hit.
  private var lastBody: Body
  private var time: Duration
  private var stillSince: Duration?

  init(_ body: Body, score: Float, at time: Duration) {
    (since, lastHit, self.time) = (time, time, time)
    (self.score, lastBody) = (score, body)
    filter = BodyFilter(body)
  }

  var body: Body { filter.body }

  /// Seconds from the last box to `time`.
  func unseen(at time: Duration) -> Double { (time - lastHit) / .seconds(1) }

  /// Advances the estimate to `time`.
  mutating func predict(to time: Duration) {
    filter.predict((time - self.time) / .seconds(1))
    self.time = time
  }

  /// Takes a box found at the time last predicted.
  mutating func hit(_ body: Body, score: Float, trust: Double) {
    let elapsed = unseen(at: time)
    filter.correct(body, trust: trust)
    // When somebody stops, the filter takes longer to notice.
    let step = elapsed > 0 ? body.distance(lastBody) / elapsed : .infinity
    let isStill = min(filter.speed, step) < Self.stillSpeed
    stillSince = isStill ? stillSince ?? time : nil
    self.score += (score - self.score) * 0.3
    (lastBody, lastHit, hits, misses) = (body, time, hits + 1, 0)
  }

  /// Notes a finder's answer without a box for this track.
  mutating func miss() {
    misses += 1
  }

  /// Forgets the body's motion, because it keeps still.
  mutating func rest() {
    filter.rest()
  }

  /// True if the body was nearly still at its last box and not about to leave the picture.
  ///
  /// `aspect` is the picture's width over its height.
  func stayed(aspect: Double) -> Bool {
    guard let stillSince else { return false }
    let box = lastBody.pictureBox(aspect: 1)
    let isInside =
      box.x > Self.edge && box.right < aspect - Self.edge && box.y > Self.edge && box.bottom < 1 - Self.edge
    return isInside || (lastHit - stillSince) / .seconds(1) >= Self.stillAtEdgeSeconds
  }

  /// The tracked person; `nil` while unconfirmed.
  func person(aspect: Double) -> Person? {
    id.map { Person(id: $0, since: since, lastSeen: lastHit, box: body.pictureBox(aspect: aspect), score: score) }
  }
}
