import Basics
import Capture
import Glibc
import Video

/// Performances in one room at the same time, in front of any number of cameras.
package struct Take: Sendable {
  /// Frames per second of recordings.
  package static let rate = 30

  /// A person in the take, and what they do.
  struct Person: Sendable {
    var performance: Performance
    var looks: Looks
  }

  let room: Room
  let people: [Person]
  /// Frames per second of this take.
  let rate: Int
  /// Colours of the things people handle.
  private let tints: [Light]
  /// The room's clock at the start: screen and animal continue between takes.
  private let clock: Float

  init(room: Room, people: [Person], rate: Int = Self.rate, seed: UInt64) {
    (self.room, self.people, self.rate) = (room, people, rate)
    var random = PlaceRandom(seed: seed, stream: 5)
    clock = random.uniform(0...600)
    tints = people.map { _ in
      Light(random.uniform(0.15...0.95), random.uniform(0.15...0.95), random.uniform(0.15...0.95))
    }
  }

  /// Lasts as long as anyone does anything; people who finish earlier stay as they are.
  package var frameCount: Int { max(1, Int((people.map(\.performance.duration).max() ?? 0) * Float(rate))) }

  /// Whether anybody is ever present.
  var hasPerson: Bool { (0..<frameCount).contains { frame in skeletons(frame).contains { $0 != nil } } }

  /// Each person's body in a picture; `nil` for those absent.
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

    /// Renders a frame as width·height·3 bytes of RGB, and returns each person's body in it.
    mutating func shoot(_ frame: Int, into pixels: inout [UInt8]) -> [Skeleton?] {
      let time = Float(frame) / Float(take.rate)
      canvas.restore(empty)
      let door = take.people.map { $0.performance.doorAngle(at: time) }.max() ?? 0
      take.room.drawMoving(on: &canvas, at: take.clock + time, door: door)
      let skeletons = take.skeletons(frame)
      // All shadows are drawn before the people.
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

    /// Where everyone is in the picture shot last.
    ///
    /// - Parameters:
    ///   - frame: that picture's number.
    ///   - skeletons: what shooting it returned.
    /// - Returns: one sighting per person.
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

/// The three cameras of a setup, as in NTU RGB+D: at 45°, in front of the person, and at their side.
struct CameraRig: Sendable {
  let views: [Viewpoint]
  let films: [Film]

  /// - Parameters:
  ///   - seed: the setup's seed.
  ///   - turned: true for the second replication, in which the person faces the camera that was at the side.
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
