package import Video

/// Tracks people through the boxes that a finder returns a few times per second.
///
/// Each track has a Kalman filter. Confident boxes are assigned to tracks at the least total cost; low-confidence ones
/// then continue tracks of people without a box. An unassigned confident box starts a track, which becomes a person
/// after a few hits. A person without boxes coasts, slowing down, until found again within `TrackerOptions.lossSeconds`
/// or considered gone.
///
/// Pure: time comes with the boxes, on the camera's clock. Every person who enters leaves exactly once.
///
/// - Source: Zhang et al., ByteTrack (2022), for the two rounds; SORT (2016) for filter and optimal assignment.
package struct PersonTracker: Sendable {
  /// The maximum number of boxes or tracks; only the best are used.
  private static let crowd = 64
  /// Consecutive answers without a box that end an unconfirmed track.
  private static let birthMisses = 2
  /// Above this overlap with a person, a new box is not a new person.
  private static let duplicate = 0.7
  /// Above this overlap with a confident box, a low-confidence one is the same body seen twice.
  private static let shadow = 0.7
  /// Somebody keeping still whose box lies in a seen person's box for this part, and is smaller by `fragment`, was part of them.
  private static let (covered, fragment) = (0.8, 4.0)
  /// Minimum height and width of a person's box, relative to the picture's height.
  private static let smallest = 0.005

  private let options: TrackerOptions
  private let aspect: Double
  private let matching: Matching
  private var tracks: [Track] = []
  private var time: Duration?
  private var entered = 0

  /// - Parameters:
  ///   - options: when people count as arrived and as gone.
  ///   - aspect: the picture's width over its height, for distances.
  /// - Precondition: `aspect` is a positive number.
  package init(_ options: TrackerOptions = TrackerOptions(), aspect: Double) {
    precondition(aspect > 0 && aspect.isFinite)
    self.options = options
    self.aspect = aspect
    matching = Matching(options: options)
  }

  /// Everyone in the picture, in order of arrival.
  package var people: [Person] {
    tracks.compactMap { $0.person(aspect: aspect) }.sorted { $0.id < $1.id }
  }

  /// Takes a finder's next answer; boxes that cannot be people are ignored.
  package mutating func update(_ boxes: [ScoredBox], at time: Duration) -> [PersonChange] {
    var changes = pass(to: time)
    let now = max(time, self.time ?? time)
    for index in tracks.indices {
      // Somebody who gets no boxes because they keep still must not drift.
      if options.keepsStill, tracks[index].misses > 0, tracks[index].stayed(aspect: aspect) { tracks[index].rest() }
      tracks[index].predict(to: now)
    }

    let (found, matching) = (usable(boxes), matching)
    let strong = found.filter { $0.score >= options.strongScore }
    var isHit = [Bool](repeating: false, count: tracks.count)
    let matched = share(strong, among: &isHit, trust: 1) { matching.cost($0, $1, at: now) }
    let doubtful = found.filter { candidate in
      candidate.score < options.strongScore
        && !strong.contains { $0.overlap(candidate) > Self.shadow }
    }
    _ = share(doubtful, among: &isHit, trust: 0.5) { matching.doubtfulCost($0, $1, at: now) }
    for index in tracks.indices where !isHit[index] { tracks[index].miss() }

    tracks.removeAll { $0.id == nil && $0.misses >= Self.birthMisses }
    for (candidate, isMatched) in zip(strong, matched) where !isMatched { begin(candidate, at: now) }
    changes += confirm()
    return changes
  }

  /// Advances time without an answer from the finder; people unseen for too long leave.
  package mutating func pass(to time: Duration) -> [PersonChange] {
    let now = max(time, self.time ?? time)
    self.time = now
    let gone = tracks.filter { isGone($0, at: now) }
    tracks = tracks.filter { !isGone($0, at: now) }
    return farewell(gone)
  }

  /// Everyone leaves, because the camera is lost or the recording is over.
  package mutating func end(at time: Duration) -> [PersonChange] {
    let changes = pass(to: time)
    defer { tracks.removeAll() }
    return changes + farewell(tracks)
  }
}

extension PersonTracker {
  /// A box that may be a person's.
  private struct Found {
    var body: Body
    var score: Float

    func overlap(_ other: Found) -> Double {
      body.pictureBox(aspect: 1).overlap(other.body.pictureBox(aspect: 1))
    }
  }

  /// The best boxes that are finite and in the picture, best first.
  private func usable(_ boxes: [ScoredBox]) -> [Found] {
    let found = boxes.compactMap { candidate -> Found? in
      guard candidate.score >= options.weakScore, let box = candidate.box.inPicture else { return nil }
      let body = Body(box, aspect: aspect)
      guard min(body.width, body.height) >= Self.smallest else { return nil }
      return Found(body: body, score: min(candidate.score, 1))
    }
    guard found.count > Self.crowd else { return found }
    // Boxes of equal score keep their order, so that the same boxes always give the same people.
    let order = found.indices.sorted { (-found[$0].score, $0) < (-found[$1].score, $1) }
    return order.prefix(Self.crowd).map { found[$0] }
  }

  /// Assigns boxes to the tracks without one; returns which boxes were used.
  private mutating func share(
    _ found: [Found], among isHit: inout [Bool], trust: Double, cost: (Track, Body) -> Double
  ) -> [Bool] {
    var isTaken = [Bool](repeating: false, count: found.count)
    let open = tracks.indices.filter { !isHit[$0] }
    let pairs = Assignment.cheapest(rows: open.count, columns: found.count, limit: Matching.limit) {
      cost(tracks[open[$0]], found[$1].body)
    }
    for (index, column) in zip(open, pairs) {
      guard let column else { continue }
      tracks[index].hit(found[column].body, score: found[column].score, trust: trust)
      (isHit[index], isTaken[column]) = (true, true)
    }
    return isTaken
  }

  /// Starts a track, unless the box duplicates somebody already tracked.
  private mutating func begin(_ found: Found, at time: Duration) {
    let track = Track(found.body, score: found.score, at: time)
    guard tracks.count < Self.crowd, !isDuplicate(track) else { return }
    tracks.append(track)
  }

  /// Turns tracks with enough hits into people.
  private mutating func confirm() -> [PersonChange] {
    var changes: [PersonChange] = []
    var doubles: [Int] = []
    for index in tracks.indices where tracks[index].id == nil && tracks[index].hits >= options.birthHits {
      guard !isDuplicate(tracks[index]) else {
        doubles.append(index)
        continue
      }
      entered += 1
      tracks[index].id = entered
      changes += tracks[index].person(aspect: aspect).map { [.entered($0)] } ?? []
    }
    for index in doubles.reversed() { tracks.remove(at: index) }
    return changes
  }

  private func isDuplicate(_ track: Track) -> Bool {
    let box = track.body.pictureBox(aspect: 1)
    return tracks.contains { $0.id != nil && $0.body.pictureBox(aspect: 1).overlap(box) > Self.duplicate }
  }

  private func isGone(_ track: Track, at time: Duration) -> Bool {
    guard track.id != nil else { return (time - track.since) / .seconds(1) > options.birthSeconds }
    let unseen = track.unseen(at: time)
    guard unseen > options.lossSeconds else { return false }
    return !(options.keepsStill && track.stayed(aspect: aspect) && unseen <= options.stillSeconds) || isFragment(track)
  }

  /// Whether an unseen track was an arm, say, that moved while the rest of a body was part of the background.
  private func isFragment(_ track: Track) -> Bool {
    let box = track.body.pictureBox(aspect: 1)
    return tracks.contains { other in
      let whole = other.body.pictureBox(aspect: 1)
      return other.id != nil && other.misses == 0 && whole.area >= Self.fragment * box.area
        && (whole.intersection(box)?.area ?? 0) >= Self.covered * box.area
    }
  }

  private func farewell(_ tracks: [Track]) -> [PersonChange] {
    tracks.compactMap { $0.person(aspect: aspect) }.sorted { $0.id < $1.id }.map { .left($0, at: $0.lastSeen) }
  }
}
