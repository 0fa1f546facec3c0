import Basics
import Capture

/// The left or right side of a body.
enum Side: Int, CaseIterable, Sendable {
  case left
  case right

  var other: Side { self == .left ? .right : .left }
  /// +1 for the body's left, the x axis of its frame.
  var sign: Float { self == .left ? 1 : -1 }
}

/// Lengths of one person's body in metres.
struct Proportions: Equatable, Sendable {
  var stature: Float
  var hipWidth: Float
  var shoulderWidth: Float
  var thigh: Float
  var shin: Float
  /// Height of the ankle above the sole.
  var ankle: Float
  /// From the base of the spine to its middle, and from there to shoulder height.
  var lowerSpine: Float
  var upperSpine: Float
  var upperArm: Float
  var forearm: Float
  var head: Float
  /// Factor on all radii.
  var girth: Float

  /// Average proportions (Drillis and Contini's fractions of the height), varied.
  init(_ random: inout PlaceRandom) {
    stature = random.uniform(1.52...1.9)
    let legs = random.uniform(0.96...1.04)
    hipWidth = stature * 0.1 * random.uniform(0.9...1.15)
    shoulderWidth = stature * 0.2 * random.uniform(0.92...1.1)
    thigh = stature * 0.245 * legs
    shin = stature * 0.246 * legs
    ankle = stature * 0.039
    lowerSpine = stature * 0.125 * (2 - legs)
    upperSpine = stature * 0.155 * (2 - legs)
    upperArm = stature * 0.175 * random.uniform(0.95...1.05)
    forearm = stature * 0.15 * random.uniform(0.95...1.05)
    head = stature * 0.058 * random.uniform(0.95...1.06)
    girth = random.uniform(0.85...1.25) * stature / 1.7
  }

  /// Height of the hips above the floor with straight legs.
  var standing: Float { thigh + shin + ankle - 0.01 }
}

/// A target for a hand: metres in the frame of a part of the body, or in the room.
struct Reach: Equatable, Sendable {
  enum Anchor: Sendable {
    /// At shoulder height, turning with the chest.
    case chest
    /// The middle of the head, turning with it.
    case head
    /// The base of the spine, turning with the pelvis.
    case hips
    case room
  }

  var anchor: Anchor
  var offset: SIMD3<Float>

  init(_ anchor: Anchor, _ x: Float, _ y: Float, _ z: Float) { (self.anchor, offset) = (anchor, SIMD3(x, y, z)) }
  init(_ anchor: Anchor, _ offset: SIMD3<Float>) { (self.anchor, self.offset) = (anchor, offset) }
}

/// A body's posture at one moment: a few numbers that determine all joints.
///
/// A body's frame has x to its left, y up and z forward; the room's frame is the same with +z towards the front camera.
/// Units are metres and radians.
struct Posture: Equatable, Sendable {
  /// The middle of the hips, in the room.
  var hips: SIMD3<Float>
  /// The direction the body faces: 0 is +z, increasing to its left.
  var heading: Float = 0
  /// Of the whole body: forward over the hips (-π/2 lies on the back), and to its right.
  var pitch: Float = 0
  var roll: Float = 0
  /// Of the spine: forward, to the right, twisted to the left.
  var lean: Float = 0
  var bend: Float = 0
  var twist: Float = 0
  /// Of the head: down, to the left.
  var nod: Float = 0
  var turn: Float = 0
  var hands: [Reach]
  /// How far elbows point outward, 0 to 1.
  var elbows: [Float] = [0.35, 0.35]
  /// Ankles in the room.
  var feet: [SIMD3<Float>]
  /// How far knees point outward, 0 to 1.
  var knees: Float = 0.1

  subscript(_ side: Side) -> Reach {
    get { hands[side.rawValue] }
    set { hands[side.rawValue] = newValue }
  }
}

/// The 25 joints of a posture, in the room.
///
/// - Source: methods.md 3.1 for names and order.
struct Skeleton: Equatable, Sendable {
  var joints: [SIMD3<Float>]
  var pelvis: Rotation
  var chest: Rotation
  var head: Rotation

  /// The 25 joints of a Kinect v2, in its order.
  enum Joint: Int {
    case spineBase, spineMid, neck, head
    case leftShoulder, leftElbow, leftWrist, leftHand
    case rightShoulder, rightElbow, rightWrist, rightHand
    case leftHip, leftKnee, leftAnkle, leftFoot
    case rightHip, rightKnee, rightAnkle, rightFoot
    case spineShoulder, leftHandTip, leftThumb, rightHandTip, rightThumb
  }

  subscript(_ joint: Joint) -> SIMD3<Float> { joints[joint.rawValue] }

  /// Joints of one side by their place in the left side's list.
  func arm(_ side: Side, _ index: Int) -> SIMD3<Float> { joints[(side == .left ? 4 : 8) + index] }
  func leg(_ side: Side, _ index: Int) -> SIMD3<Float> { joints[(side == .left ? 12 : 16) + index] }

  init(_ posture: Posture, _ body: Proportions) {
    self.init(from: posture, to: posture, share: 0, body)
  }

  /// A posture between two others; hands move straight between their two targets.
  init(from a: Posture, to b: Posture, share: Float, _ body: Proportions) {
    func mix(_ part: KeyPath<Posture, Float>) -> Float { mixed(a[keyPath: part], b[keyPath: part], share) }
    let hips = a.hips.mixed(b.hips, share)
    pelvis =
      Rotation(aboutY: mix(\.heading)) * Rotation(aboutX: mix(\.pitch)) * Rotation(aboutZ: mix(\.roll))
    let (lean, bend, twist) = (mix(\.lean), mix(\.bend), mix(\.twist))
    // The spine bends half at its base and half in the middle.
    let lower = pelvis * Rotation(aboutX: lean / 2) * Rotation(aboutZ: bend / 2) * Rotation(aboutY: twist / 2)
    chest = pelvis * Rotation(aboutX: lean) * Rotation(aboutZ: bend) * Rotation(aboutY: twist)
    head = chest * Rotation(aboutY: mix(\.turn)) * Rotation(aboutX: mix(\.nod))
    joints = [SIMD3<Float>](repeating: .zero, count: 25)

    let middle = hips + lower(SIMD3(0, body.lowerSpine, 0))
    let shoulders = middle + chest(SIMD3(0, body.upperSpine, 0))
    let neck = shoulders + chest(SIMD3(0, body.stature * 0.035, 0.005))
    set(.spineBase, hips)
    set(.spineMid, middle)
    set(.spineShoulder, shoulders)
    set(.neck, neck)
    let crown = neck + head(SIMD3(0, body.head * 1.5, body.head * 0.25))
    set(.head, crown)

    for side in Side.allCases {
      let index = side.rawValue
      let shoulder = shoulders + chest(SIMD3(side.sign * body.shoulderWidth / 2, -0.02, 0))
      func resolve(_ reach: Reach) -> SIMD3<Float> {
        switch reach.anchor {
        case .chest: shoulders + chest(reach.offset)
        case .head: crown + head(reach.offset)
        case .hips: hips + pelvis(reach.offset)
        case .room: reach.offset
        }
      }
      let target = resolve(a.hands[index]).mixed(resolve(b.hands[index]), share)
      let out = mixed(a.elbows[index], b.elbows[index], share)
      let hand = body.stature * 0.05
      // Elbows point to the side, where hands hardly ever go, and never across the body, where an arm would flip.
      let (elbow, palm) = Self.bent(
        shoulder, target, body.upperArm, body.forearm + hand,
        towards: chest(SIMD3(side.sign * (out + 0.4), (out - 1) * 0.6, -0.3)))
      let direction = (palm - elbow).normalized
      let arm = side == .left ? 4 : 8
      joints[arm] = shoulder
      joints[arm + 1] = elbow
      joints[arm + 2] = palm - direction * hand
      joints[arm + 3] = palm
      joints[side == .left ? 21 : 23] = palm + direction * (body.stature * 0.045)
      let inward = chest(SIMD3(-side.sign, 0, 0.3)).normalized
      joints[side == .left ? 22 : 24] = palm + (inward + direction * 0.4) * (body.stature * 0.022)

      let hip = hips + pelvis(SIMD3(side.sign * body.hipWidth / 2, -0.03, 0))
      // Knees point forward, or sideways for somebody on their front, because the floor is in the way.
      var ahead = pelvis(SIMD3(side.sign * mix(\.knees), 0, 1))
      ahead.y = max(ahead.y, -0.1)
      let (knee, ankle) = Self.bent(
        hip, a.feet[index].mixed(b.feet[index], share), body.thigh, body.shin, towards: ahead)
      let leg = side == .left ? 12 : 16
      joints[leg] = hip
      joints[leg + 1] = knee
      joints[leg + 2] = ankle
      joints[leg + 3] = ankle + pelvis(SIMD3(side.sign * 0.15, -0.25, 1)).normalized * (body.stature * 0.1)
    }
  }

  private mutating func set(_ joint: Joint, _ place: SIMD3<Float>) { joints[joint.rawValue] = place }

  /// Two bones from `root` to `target`, or as near as they reach, bent towards a direction.
  private static func bent(
    _ root: SIMD3<Float>, _ target: SIMD3<Float>, _ first: Float, _ second: Float, towards pole: SIMD3<Float>
  ) -> (middle: SIMD3<Float>, end: SIMD3<Float>) {
    let way = target - root
    let direction = way.normalized
    let distance = min(max(way.length, abs(first - second) + 0.02), (first + second) * 0.999)
    let along = (first * first - second * second + distance * distance) / (2 * distance)
    let aside = max(0, first * first - along * along).squareRoot()
    let side = (pole - direction * pole.dot(direction)).normalized
    return (root + direction * along + side * aside, root + direction * distance)
  }
}
