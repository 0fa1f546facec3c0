import Basics
import Capture
package import Video

/// One long recording of one or two people who do one thing after another, with the truth.
package struct SyntheticStream: Sendable {
  /// A stretch of time with one action; times in seconds.
  package struct Truth: Equatable, Sendable {
    package var action: SyntheticAction
    package var begin: Double
    package var end: Double
    /// The person's number, from 1.
    package var person: Int
  }

  private let take: Take
  private let rig: CameraRig

  /// - Parameters:
  ///   - seconds: minimum duration; the last action is completed.
  ///   - actions: what happens, apart from what must happen in between.
  ///   - dataset: provides the people and rooms.
  ///   - subjects: the people, numbered from 1; those above 1000 are in no data set.
  ///   - rate: frames per second; it does not affect what happens.
  ///   - seed: determines what is done and when.
  package init(
    seconds: Double, of actions: [SyntheticAction] = SyntheticAction.allCases, dataset: SyntheticDataset,
    subjects: [Int], rate: Int = Take.rate, seed: UInt64
  ) {
    (take, rig) = dataset.day(seconds: Float(seconds), of: actions, subjects: subjects, rate: rate, seed: seed)
  }

  /// A stream of people who are in no data set; the seed also determines who they are.
  ///
  /// - Parameters:
  ///   - seconds: minimum duration; the last action is completed.
  ///   - actions: what happens, apart from what must happen in between.
  ///   - people: number of people, 1 or 2.
  ///   - rate: frames per second; it does not affect what happens.
  ///   - seed: determines who does what, when and where.
  package init(
    seconds: Double, of actions: [SyntheticAction] = SyntheticAction.allCases, people: Int, rate: Int = Take.rate,
    seed: UInt64
  ) {
    self.init(
      seconds: seconds, of: actions, dataset: SyntheticDataset(SyntheticOptions(folder: "", clips: 3, seed: seed)),
      subjects: (0..<people).map { 1001 + Int(seed % 1000) + 1000 * $0 }, rate: rate, seed: seed)
  }

  package var frameCount: Int { take.frameCount }

  /// Everything that is done, ordered by start; between entries people move from place to place.
  package var truths: [Truth] {
    let truths = take.people.enumerated().flatMap { index, person in
      person.performance.actions.map {
        Truth(action: $0.action, begin: Double($0.begin), end: Double($0.end), person: index + 1)
      }
    }
    return truths.sorted { ($0.begin, $0.person) < ($1.begin, $1.person) }
  }

  /// Renders every picture for one camera.
  ///
  /// - Parameters:
  ///   - camera: 0 at 45°, 1 in front of the person, 2 at their side.
  ///   - size: the size of the pictures.
  ///   - body: receives a picture's number, its width·height·3 bytes of RGB, and where everyone is in it.
  /// - Throws: what `body` throws.
  package func render<Failure: Error>(
    camera: Int, size: FrameSize,
    _ body: (_ frame: Int, _ pixels: [UInt8], _ sightings: [Sighting]) throws(Failure) -> Void
  ) throws(Failure) {
    var shooting = self.camera(camera, size: size)
    var pixels: [UInt8] = []
    for frame in 0..<take.frameCount {
      let skeletons = shooting.shoot(frame, into: &pixels)
      try body(frame, pixels, shooting.sightings(frame, skeletons))
    }
  }

  /// One of the cameras, numbered as for `render`.
  func camera(_ number: Int, size: FrameSize) -> Take.Camera {
    Take.Camera(take, rig.views[number], rig.films[number], size: size)
  }
}

extension SyntheticDataset {
  /// A day of one person, or of several people in one room.
  func day(
    seconds: Float, of actions: [SyntheticAction], subjects: [Int], rate: Int, seed: UInt64
  ) -> (Take, CameraRig) {
    precondition(!actions.isEmpty && !subjects.isEmpty)
    var random = PlaceRandom(seed: seed, stream: 40_000)
    let roomSeed = random.next()
    let room = Room(seed: roomSeed)
    var looks: [Looks] = []
    var days: [Day] = []
    for (index, subject) in subjects.enumerated() {
      var person = PlaceRandom(seed: options.seed, stream: 10_000 + subject)
      var clothes = PlaceRandom(seed: seed, stream: 40_001 + index * 10)
      let manner = Manner(&person)
      looks.append(Looks(subject: &person, clothes: &clothes))
      var stage = room.stage
      // At ease, one person stands further back, the other further in front.
      if subjects.count > 1 { stage.floor += index % 2 == 0 ? SIMD3(0.15, 0, -0.5) : SIMD3(-0.3, 0, 0.6) }
      let choreography = Choreography(
        stage: stage, manner: manner, random: PlaceRandom(seed: seed, stream: 40_002 + index * 10),
        situation: .standing, first: .idle)
      let draws = index == 0 ? random : PlaceRandom(seed: seed, stream: 40_000 + index * 10)
      days.append(Day(actions, choreography, draws))
    }
    Day.pass(&days, seconds: seconds)
    let people = zip(days, looks).map { Take.Person(performance: $0.choreography.finished(), looks: $1) }
    return (Take(room: room, people: people, rate: rate, seed: seed), CameraRig(seed: roomSeed, turned: false))
  }
}
