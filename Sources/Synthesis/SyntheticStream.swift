import Capture
package import Video

/// One long recording of one person who does one thing after the other, with the truth.
package struct SyntheticStream: Sendable {
  /// A stretch of time in which one thing is done; times in seconds.
  package struct Truth: Equatable, Sendable {
    package var action: SyntheticAction
    package var begin: Double
    package var end: Double
  }

  private let take: Take
  private let rig: CameraRig

  /// - Parameters:
  ///   - seconds: at least; the last action is finished.
  ///   - actions: what happens, but for what must happen in between.
  ///   - dataset: whose people and rooms.
  ///   - subject: who, from 1; people over 1000 are in no data set.
  ///   - rate: pictures a second; they change, what happens does not.
  ///   - seed: what is done and when.
  package init(
    seconds: Double, of actions: [SyntheticAction] = SyntheticAction.allCases, dataset: SyntheticDataset, subject: Int,
    rate: Int = Take.rate, seed: UInt64
  ) {
    (take, rig) = dataset.day(seconds: Float(seconds), of: actions, subject: subject, rate: rate, seed: seed)
  }

  package var frameCount: Int { take.frameCount }

  /// Everything that is done, in order; between them somebody goes from place to place.
  package var truths: [Truth] { take.actions.map { Truth(action: $0.action, begin: $0.begin, end: $0.end) } }

  /// Renders every picture for one camera.
  ///
  /// - Parameters:
  ///   - camera: 0 at 45°, 1 before the person, 2 at its side.
  ///   - size: of the pictures.
  ///   - body: takes a picture's number and its width·height·3 bytes of RGB.
  /// - Throws: what `body` throws.
  package func render<Failure: Error>(
    camera: Int, size: FrameSize, _ body: (_ frame: Int, _ pixels: [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    var shooting = Take.Camera(take, rig.views[camera], rig.films[camera], size: size)
    var pixels: [UInt8] = []
    for frame in 0..<take.frameCount {
      _ = shooting.shoot(frame, into: &pixels)
      try body(frame, pixels)
    }
  }
}

extension SyntheticDataset {
  /// A day of one person: actions drawn so that each comes as often as the others, as far as one leads to the next.
  func day(
    seconds: Float, of actions: [SyntheticAction], subject: Int, rate: Int, seed: UInt64
  ) -> (Take, CameraRig) {
    precondition(!actions.isEmpty)
    var person = PlaceRandom(seed: options.seed, stream: 10_000 + subject)
    let manner = Manner(&person)
    var random = PlaceRandom(seed: seed, stream: 40_000)
    var clothes = PlaceRandom(seed: seed, stream: 40_001)
    let roomSeed = random.next()
    let room = Room(seed: roomSeed)
    var choreography = Choreography(
      stage: room.stage, manner: manner, random: PlaceRandom(seed: seed, stream: 40_002), situation: .standing,
      first: .idle)
    var counts: [SyntheticAction: Int] = [:]
    choreography.perform(.idle, seconds: 3)
    while choreography.time < seconds {
      // The rarest action so far, by lot among equals; what another brought about counts as done.
      let fewest = actions.map { counts[$0] ?? 0 }.min() ?? 0
      let open = actions.filter { (counts[$0] ?? 0) == fewest }
      let action = open[Int(random.next() % UInt64(open.count))]
      let done = choreography.actionCount
      let situations = Choreography.situations(action)
      if !situations.contains(choreography.situation) {
        choreography.reach(situations[Int(random.next() % UInt64(situations.count))])
      }
      choreography.pause(random.uniform(0.2...0.8))
      // An action that reaching its beginning has brought about is done already.
      if !choreography.actionsSince(done).contains(action) {
        choreography.perform(action, seconds: random.uniform(4...8))
      }
      for action in choreography.actionsSince(done) { counts[action, default: 0] += 1 }
      choreography.settle()
      choreography.pause(random.uniform(0.1...0.8))
    }
    let looks = Looks(subject: &person, clothes: &clothes)
    return (
      Take(room: room, performance: choreography.finished(), looks: looks, rate: rate, seed: seed),
      CameraRig(seed: roomSeed, turned: false)
    )
  }
}
