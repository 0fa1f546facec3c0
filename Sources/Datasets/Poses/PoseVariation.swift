import Basics
import Foundation

/// What was drawn for the poses of one clip; the same for all its frames.
struct PoseVariation: Sendable {
  let isMirrored: Bool
  /// Factor on the speed of the whole recording.
  let speed: Double
  /// Fractions of the recording cut off at its start and end.
  let cut: (begin: Double, end: Double)
  /// About each axis, in radians.
  private let turn: Double
  private let tilts: (Double, Double)
  private let scale: Float
  private let noise: Float
  /// The displacement of each joint, and which joints are lost.
  private let offsets: [SIMD3<Float>]
  private let isLost: [Bool]
  private let seed: UInt64

  init(_ augmentation: PoseAugmentation, joints: Int, isMirrored: Bool, speed: Double, seed: UInt64) {
    self.isMirrored = isMirrored
    self.speed = speed
    self.seed = seed
    var random = SplitMix64(seed: seed, name: "poses")
    func uniform(_ limit: Double) -> Double { Double.random(in: -limit...limit, using: &random) }
    turn = uniform(augmentation.turn) * .pi / 180
    tilts = (uniform(augmentation.tilt) * .pi / 180, uniform(augmentation.tilt) * .pi / 180)
    scale = Float(1 + uniform(augmentation.scale))
    cut = (abs(uniform(augmentation.crop)), abs(uniform(augmentation.crop)))
    noise = Float(augmentation.noise)
    let deviation = Float(augmentation.noise)
    offsets = (0..<joints).map { _ in deviation * SIMD3(random.normal(), random.normal(), random.normal()) }
    isLost = (0..<joints).map { _ in Double.random(in: 0..<1, using: &random) < augmentation.dropout }
  }

  /// Rows of the rotation matrix: about the vertical, then about the other two axes.
  func rotation(vertical: Int) -> [SIMD3<Float>] {
    func about(_ axis: Int, _ angle: Double) -> [SIMD3<Float>] {
      let (c, s) = (Float(cos(angle)), Float(sin(angle)))
      var rows: [SIMD3<Float>] = [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]
      let (i, j) = ((axis + 1) % 3, (axis + 2) % 3)
      (rows[i][i], rows[i][j], rows[j][i], rows[j][j]) = (c, -s, s, c)
      return rows
    }
    func product(_ a: [SIMD3<Float>], _ b: [SIMD3<Float>]) -> [SIMD3<Float>] {
      a.map { row in b[0] * row[0] + b[1] * row[1] + b[2] * row[2] }
    }
    let tilted = product(about((vertical + 1) % 3, tilts.0), about((vertical + 2) % 3, tilts.1))
    return product(tilted, about(vertical, turn))
  }

  /// A varied joint in a frame; a joint at zero was lost by the tracker, and stays there.
  func place(_ joint: Int, _ value: SIMD3<Float>, _ rows: [SIMD3<Float>], _ random: inout SplitMix64) -> SIMD3<Float> {
    guard value != .zero else { return value }
    guard !isLost[joint] else { return .zero }
    let turned = SIMD3((rows[0] * value).sum(), (rows[1] * value).sum(), (rows[2] * value).sum()) * scale
    guard noise > 0 else { return turned }
    return turned + offsets[joint] + noise * SIMD3(random.normal(), random.normal(), random.normal())
  }

  /// Random numbers for single frames.
  var frameRandom: SplitMix64 { SplitMix64(seed: seed, name: "frames") }
}

extension BodySequence {
  /// Plays the recording at another speed, between a later start and an earlier end.
  mutating func play(_ variation: PoseVariation) {
    guard frames.count > 1 else { return }
    let first = Int(variation.cut.begin * Double(frames.count))
    let last = max(first, frames.count - 1 - Int(variation.cut.end * Double(frames.count)))
    let count = max(1, Int((Double(last - first + 1) / variation.speed).rounded()))
    frames = (0..<count).map { frames[min(first + Int((Double($0) * variation.speed).rounded()), last)] }
  }

  /// Rotates and scales the bodies, adds noise, and drops some of their joints.
  mutating func vary(_ variation: PoseVariation, vertical: Int) {
    let rows = variation.rotation(vertical: vertical)
    var random = variation.frameRandom
    for frame in frames.indices {
      for body in 0..<bodies where !isEmpty(frame, body) {
        for joint in 0..<joints {
          let values = frames[frame][body]
          let value = SIMD3(values[3 * joint], values[3 * joint + 1], values[3 * joint + 2])
          let varied = variation.place(joint, value, rows, &random)
          for axis in 0..<3 { frames[frame][body][3 * joint + axis] = varied[axis] }
        }
      }
    }
  }
}
