import Capture
import Glibc
import Video

/// One performance in one room, before any number of cameras.
package struct Take: Sendable {
  /// Pictures a second of recordings.
  package static let rate = 30

  let room: Room
  let performance: Performance
  let looks: Looks
  /// Pictures a second of this one.
  let rate: Int
  private let tint: Light
  /// What the room's clock shows at the begin: screen and animal go on between takes.
  private let clock: Float

  init(room: Room, performance: Performance, looks: Looks, rate: Int = Self.rate, seed: UInt64) {
    (self.room, self.performance, self.looks, self.rate) = (room, performance, looks, rate)
    var random = PlaceRandom(seed: seed, stream: 5)
    clock = random.uniform(0...600)
    tint = Light(random.uniform(0.15...0.95), random.uniform(0.15...0.95), random.uniform(0.15...0.95))
  }

  package var frameCount: Int { max(1, Int(performance.duration * Float(rate))) }

  /// Whether anybody is ever there.
  var hasPerson: Bool {
    (0..<frameCount).contains { performance.isPresent(at: Float($0) / Float(rate)) }
  }

  /// What is done when, in seconds.
  package var actions: [(action: SyntheticAction, begin: Double, end: Double)] {
    performance.actions.map { ($0.action, Double($0.begin), Double($0.end)) }
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

    /// The picture of a frame as width·height·3 bytes of RGB, and the body in it.
    mutating func shoot(_ frame: Int, into pixels: inout [UInt8]) -> Skeleton? {
      let time = Float(frame) / Float(take.rate)
      let performance = take.performance
      canvas.restore(empty)
      take.room.drawMoving(on: &canvas, at: take.clock + time, door: performance.doorAngle(at: time))
      let skeleton = performance.isPresent(at: time) ? performance.skeleton(at: time) : nil
      if let skeleton {
        Figure.shade(skeleton, take.room.stage, on: &canvas)
        Figure.draw(skeleton, performance.manner.body, take.looks, on: &canvas)
        for prop in performance.props { Figure.draw(prop, at: time, skeleton, take.tint, on: &canvas) }
      }
      film.expose(canvas, exposure: exposure, frame: frame, into: &pixels)
      return skeleton
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
