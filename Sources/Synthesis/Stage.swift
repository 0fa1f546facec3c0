import Basics
import Capture

/// The positions of a room's furniture, in metres; the origin is on the floor, in the middle of what the cameras see.
struct Stage: Equatable, Sendable {
  /// The centre of the seat, at its height; it faces `chairTurn`.
  var chair: SIMD3<Float>
  var chairTurn: Float
  /// The low table in front of the chair: the centre of its top.
  var table: SIMD3<Float>
  /// The counter's top; people stand behind it and face +z.
  var counter: SIMD3<Float>
  /// The centre of the bed at its height; it lies along x.
  var bed: SIMD3<Float>
  /// Half the bed's length and width.
  var bedHalf: SIMD2<Float>
  /// The threshold, in the left wall.
  var door: SIMD3<Float>
  /// A free place on the floor.
  var floor: SIMD3<Float>
  /// Distances of the left and back walls.
  var wall: SIMD2<Float>

  init(_ random: inout PlaceRandom) {
    wall = SIMD2(random.uniform(1.95...2.3), random.uniform(1.9...2.3))
    chair = SIMD3(random.uniform(-0.85 ... -0.6), random.uniform(0.42...0.48), random.uniform(-0.25...0))
    chairTurn = random.uniform(-0.25...0.35)
    let ahead = Rotation(aboutY: chairTurn).z
    table = chair + ahead * random.uniform(0.62...0.72)
    table.y = random.uniform(0.42...0.52)
    counter = SIMD3(random.uniform(0.72...0.9), random.uniform(0.86...0.95), random.uniform(0.5...0.65))
    bed = SIMD3(random.uniform(0.1...0.4), random.uniform(0.4...0.5), -wall.y + random.uniform(0.5...0.6))
    bedHalf = SIMD2(0.98, 0.45)
    door = SIMD3(-wall.x, 0, random.uniform(-0.75 ... -0.45))
    floor = SIMD3(random.uniform(-0.1...0.1), 0, random.uniform(0...0.3))
  }

  var chairForward: SIMD3<Float> { Rotation(aboutY: chairTurn).z }
  /// Where a person stands in front of the chair, at the counter and in front of the bed.
  var beforeChair: SIMD3<Float> { ground(chair + chairForward * 0.3) }
  var atCounter: SIMD3<Float> { SIMD3(counter.x, 0, counter.z - 0.42) }
  var beforeBed: SIMD3<Float> { SIMD3(bed.x, 0, bed.z + bedHalf.y + 0.2) }

  private func ground(_ v: SIMD3<Float>) -> SIMD3<Float> { SIMD3(v.x, 0, v.z) }
}
