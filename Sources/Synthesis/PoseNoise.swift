import Basics
import Capture
import Glibc

/// Simulates a depth camera's tracker: close to the truth, with typical errors.
///
/// Five errors, each scaled by one factor: slowly varying jitter (1 cm for visible joints, four times as much behind
/// the trunk or the counter, where a tracker guesses), hands that stick to their previous position, sides swapped for a
/// while, frames without a body, and occasionally a second body that is a piece of furniture.
struct PoseNoise: Sendable {
  let factor: Float
  private var random: PlaceRandom
  private var wander: [SIMD3<Float>]
  private var stuck: [(left: Int, offset: SIMD3<Float>)]
  private var swapped = 0
  private var lost = 0
  private let ghost: [SIMD3<Float>]?

  struct Joint: Equatable, Sendable {
    /// In the camera's space: x to its left, y up, z forward, in metres.
    var place: SIMD3<Float>
    /// 2 if visible, 1 if guessed.
    var tracking: Int
  }

  init(factor: Float, random: PlaceRandom) {
    self.factor = factor
    self.random = random
    wander = [SIMD3<Float>](repeating: .zero, count: 25)
    stuck = Array(repeating: (0, .zero), count: 25)
    var draw = random
    if draw.uniform(0...1) < 0.06 * min(factor, 4) {
      let middle = SIMD3<Float>(draw.uniform(-1...1), draw.uniform(-0.6...0), draw.uniform(2.5...4))
      ghost = (0..<25).map { _ in
        middle + SIMD3(draw.uniform(-0.2...0.2), draw.uniform(-0.25...0.25), draw.uniform(-0.1...0.1))
      }
    } else {
      ghost = nil
    }
    self.random = draw
  }

  /// The bodies that a tracker reports for a frame; call once per frame, in order.
  ///
  /// - Parameters:
  ///   - skeleton: the true skeleton; `nil` if nobody is there.
  ///   - view: the camera.
  ///   - stage: its counter hides legs.
  /// - Returns: the joints of each body; empty if it detects nobody.
  mutating func observe(_ skeleton: Skeleton?, _ view: Viewpoint, _ stage: Stage) -> [[Joint]] {
    var bodies: [[Joint]] = []
    if lost > 0 {
      lost -= 1
    } else if random.uniform(0...1) < 0.002 * factor {
      lost = Int(random.uniform(1...8))
    } else if let skeleton {
      bodies.append(body(skeleton, view, stage))
    }
    if let ghost, random.uniform(0...1) < 0.7 {
      let shift = normal() * 0.004
      bodies.append(ghost.map { Joint(place: $0 + shift, tracking: 1) })
    }
    return bodies
  }

  private mutating func body(_ skeleton: Skeleton, _ view: Viewpoint, _ stage: Stage) -> [Joint] {
    var joints: [Joint] = []
    for (index, place) in skeleton.joints.enumerated() {
      let isHidden = Self.isHidden(place, skeleton, view, stage)
      // Varies with a time constant of a third of a second; the deviation is that of the stationary process.
      let deviation: Float = (isHidden ? 0.04 : 0.01) * (Self.isEnd(index) ? 1.6 : 1) * factor
      let memory: Float = 0.9
      wander[index] = wander[index] * memory + normal() * (deviation * (1 - memory * memory).squareRoot())
      let seen = view.seen(place)
      // In a tracker's space x points to the camera's left.
      joints.append(Joint(place: SIMD3(-seen.x, seen.y, seen.z) + wander[index], tracking: isHidden ? 1 : 2))
    }
    stick(&joints)
    if swapped > 0 {
      swapped -= 1
    } else if random.uniform(0...1) < 0.0015 * factor {
      swapped = Int(random.uniform(3...20))
    }
    if swapped > 0 {
      for (left, right) in [
        (4, 8), (5, 9), (6, 10), (7, 11), (12, 16), (13, 17), (14, 18), (15, 19), (21, 23), (22, 24),
      ] {
        joints.swapAt(left, right)
      }
    }
    return joints
  }

  /// Hands and feet keep their position relative to the spine for up to half a second.
  private mutating func stick(_ joints: inout [Joint]) {
    let spine = joints[1].place
    for index in joints.indices where Self.isEnd(index) {
      if stuck[index].left > 0 {
        stuck[index].left -= 1
        joints[index] = Joint(place: spine + stuck[index].offset, tracking: 1)
      } else if random.uniform(0...1) < 0.003 * factor {
        stuck[index] = (Int(random.uniform(3...15)), joints[index].place - spine)
      }
    }
  }

  private static func isEnd(_ joint: Int) -> Bool { [6, 7, 10, 11, 14, 15, 18, 19, 21, 22, 23, 24].contains(joint) }

  /// Whether the trunk or the counter lies between the camera and a joint.
  private static func isHidden(
    _ place: SIMD3<Float>, _ skeleton: Skeleton, _ view: Viewpoint, _ stage: Stage
  ) -> Bool {
    let way = place - view.place
    let (base, top) = (skeleton[.spineBase], skeleton[.spineShoulder])
    for share in [Float(0.1), 0.4, 0.7, 0.95] {
      let trunk = base.mixed(top, share)
      let along = (trunk - view.place).dot(way) / way.dot(way)
      // Only joints well behind the surface.
      if along < 1, (view.place + way * along - trunk).length < 0.12, (1 - along) * way.length > 0.14 { return true }
    }
    let counter = stage.counter
    // Where the line of sight crosses the plane of the counter's front.
    guard abs(way.z) > 1e-4 else { return false }
    let along = (counter.z - view.place.z) / way.z
    guard along > 0, along < 1 else { return false }
    let crossing = view.place + way * along
    return abs(crossing.x - counter.x) < 0.48 && crossing.y < counter.y
  }

  /// Three independent numbers with mean 0 and deviation 1.
  private mutating func normal() -> SIMD3<Float> {
    var sum = SIMD3<Float>(repeating: 0)
    // The sum of twelve uniform numbers is close enough to normal (Irwin-Hall).
    for _ in 0..<12 { sum += SIMD3(random.uniform(-0.5...0.5), random.uniform(-0.5...0.5), random.uniform(-0.5...0.5)) }
    return sum
  }
}
