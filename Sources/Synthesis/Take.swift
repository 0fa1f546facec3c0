import Basics
import Capture
import Glibc
import Video

/// Performances in one room at the same time, before any number of cameras.
package struct Take: Sendable {
  /// Pictures a second of recordings.
  package static let rate = 30

  /// Who is in it, and what it does there.
  struct Person: Sendable {
    var performance: Performance
    var looks: Looks
  }

  let room: Room
  let people: [Person]
  /// Pictures a second of this one.
  let rate: Int
  /// Of what each handles.
  private let tints: [Light]
  /// What the room's clock shows at the begin: screen and animal go on between takes.
  private let clock: Float

  init(room: Room, people: [Person], rate: Int = Self.rate, seed: UInt64) {
    (self.room, self.people, self.rate) = (room, people, rate)
    var random = PlaceRandom(seed: seed, stream: 5)
    clock = random.uniform(0...600)
    tints = people.map { _ in
      Light(random.uniform(0.15...0.95), random.uniform(0.15...0.95), random.uniform(0.15...0.95))
    }
  }

  /// As long as anybody does anything; who is done before stays as it is.
  package var frameCount: Int { max(1, Int((people.map(\.performance.duration).max() ?? 0) * Float(rate))) }

  /// Whether anybody is ever there.
  var hasPerson: Bool { (0..<frameCount).contains { frame in skeletons(frame).contains { $0 != nil } } }

  /// Everybody's body in a picture; `nil` for who is not there.
  func skeletons(_ frame: Int) -> [Skeleton?] {
    let time = Float(frame) / Float(rate)
    return people.map { $0.performance.isPresent(at: time) ? $0.performance.skeleton(at: time) : nil }
  }

  /// Renders the take's pictures for one camera.
  struct Camera {
    let view: Viewpoint
    private let film: Film
    private let take: Take
    private let empty: Canvas
    private let exposure: Float
    private var canvas: Canvas

    init(_ take: Take, _ view: Viewpoint, _ film: Film, size: FrameSize) {
      (self.take, self.view, self.film) = (take, view, film)
      var canvas = Canvas(width: size.width, height: size.height, view: view, lighting: take.room.lighting)
      take.room.draw(on: &canvas)
      empty = canvas
      exposure = film.exposure(for: canvas)
      self.canvas = canvas
    }

    /// The picture of a frame as width·height·3 bytes of RGB, and everybody's body in it.
    mutating func shoot(_ frame: Int, into pixels: inout [UInt8]) -> [Skeleton?] {
      let time = Float(frame) / Float(take.rate)
      canvas.restore(empty)
      let door = take.people.map { $0.performance.doorAngle(at: time) }.max() ?? 0
      take.room.drawMoving(on: &canvas, at: take.clock + time, door: door)
      let skeletons = take.skeletons(frame)
      // Shadows lie under everybody before anybody stands on them.
      for case let skeleton? in skeletons { Figure.shade(skeleton, take.room.stage, on: &canvas) }
      for (index, person) in take.people.enumerated() {
        guard let skeleton = skeletons[index] else { continue }
        Figure.draw(skeleton, person.performance.manner.body, person.looks, on: &canvas)
        for prop in person.performance.props {
          Figure.draw(prop, at: time, skeleton, take.tints[index], on: &canvas)
        }
      }
      film.expose(canvas, exposure: exposure, frame: frame, into: &pixels)
      return skeletons
    }

    /// Where everybody is in the picture that was shot last.
    ///
    /// - Parameters:
    ///   - frame: that picture's number.
    ///   - skeletons: what shooting it returned.
    /// - Returns: one for each person.
    func sightings(_ frame: Int, _ skeletons: [Skeleton?]) -> [Sighting] {
      zip(take.people, skeletons).map { person, skeleton in
        guard let skeleton else { return Sighting() }
        let rods = Figure.rods(skeleton, person.performance.manner.body, person.looks)
        return Sighting(
          box: canvas.bounds(rods), isVisible: skeleton.joints.contains { canvas.shows($0, within: 0.3) },
          posture: person.performance.situation(at: Float(frame) / Float(take.rate)).posture)
      }
    }
  }
}

/// The three cameras of a set-up, as in NTU RGB+D: at 45°, before the person, and at its side.
struct CameraRig: Sendable {
  let views: [Viewpoint]
  let films: [Film]

  /// - Parameters:
  ///   - seed: the set-up's.
  ///   - turned: the second replication, in which the person faces the camera that was at the side.
  init(seed: UInt64, turned: Bool) {
    var random = PlaceRandom(seed: seed, stream: 2)
    var (views, films): ([Viewpoint], [Film]) = ([], [])
    let distance = random.uniform(3...3.5)
    let height = random.uniform(1.35...2.1)
    let angles: [Float] = turned ? [.pi / 4, .pi / 2, 0] : [.pi / 4, 0, .pi / 2]
    for angle in angles {
      let azimuth = angle + random.uniform(-0.12...0.12)
      let target = SIMD3(random.uniform(-0.1...0.15), random.uniform(0.72...0.85), random.uniform(-0.1...0.15))
      let away = distance * random.uniform(0.95...1.05)
      views.append(
        Viewpoint(
          place: SIMD3(away * sin(azimuth), height + random.uniform(-0.1...0.1), away * cos(azimuth)) + target
            * SIMD3(1, 0, 1),
          target: target, tilt: random.uniform(-0.03...0.03), focal: random.uniform(1.12...1.28)))
      films.append(Film(&random))
    }
    (self.views, self.films) = (views, films)
  }
}
