import Basics
import Capture
import Glibc

/// A person's appearance.
struct Looks: Equatable, Sendable {
  enum Sleeves: Sendable { case short, long }

  var skin: Light
  var hair: Light
  var shirt: Light
  var rings: Float
  var ringColor: Light
  var sleeves: Sleeves
  var trousers: Light
  var shoes: Light
  var hasLongHair: Bool
  var hasSkirt: Bool

  /// - Parameters:
  ///   - subject: draws what a person keeps.
  ///   - clothes: draws what changes from day to day.
  init(subject: inout PlaceRandom, clothes: inout PlaceRandom) {
    let tone = subject.uniform(0.25...1)
    skin = Light(0.87, 0.64, 0.5) * tone + Light(0.06, 0.03, 0.02)
    let grey = subject.uniform(0...1)
    hair =
      grey < 0.4 ? Light(repeating: subject.uniform(0.5...0.85)) : Light(0.35, 0.22, 0.12) * subject.uniform(0.1...1.3)
    hasLongHair = subject.uniform(0...1) < 0.4
    shirt = clothes.color(0.08...0.9)
    rings = clothes.uniform(0...1) < 0.3 ? clothes.uniform(0.03...0.09) : 0
    ringColor = clothes.color(0.08...0.9)
    sleeves = clothes.uniform(0...1) < 0.4 ? .short : .long
    trousers = clothes.color(0.06...0.55)
    shoes = clothes.color(0.05...0.4)
    hasSkirt = subject.uniform(0...1) < 0.2
  }
}

/// A person and the things they hold, as rods and panels.
enum Figure {
  static func draw(_ skeleton: Skeleton, _ body: Proportions, _ looks: Looks, on canvas: inout Canvas) {
    canvas.draw(rods(skeleton, body, looks))
  }

  /// A body without the things it holds.
  static func rods(_ skeleton: Skeleton, _ body: Proportions, _ looks: Looks) -> [Rod] {
    let g = body.girth
    var rods: [Rod] = []
    func rod(
      _ a: SIMD3<Float>, _ b: SIMD3<Float>, _ radius: Float, _ color: Light, rings: Float = 0
    ) { rods.append(Rod(from: a, to: b, radius: radius, color: color, ringWidth: rings, ringColor: looks.ringColor)) }

    let (base, middle, shoulders) = (skeleton[.spineBase], skeleton[.spineMid], skeleton[.spineShoulder])
    let (pelvis, chest) = (skeleton.pelvis, skeleton.chest)
    // The trunk: two columns side by side, wider at the shoulders, and the hips.
    for side in Side.allCases {
      let hip = base + pelvis(SIMD3(side.sign * 0.07 * g, 0.02, 0))
      let waist = middle + chest(SIMD3(side.sign * 0.06 * g, 0, 0.01))
      let breast = shoulders + chest(SIMD3(side.sign * body.shoulderWidth * 0.27, -0.09, 0.015))
      rod(hip, waist, 0.1 * g, looks.shirt, rings: looks.rings)
      rod(waist, breast, 0.105 * g, looks.shirt, rings: looks.rings)
      rod(breast, skeleton.arm(side, 0) + chest(SIMD3(0, -0.015, 0)), 0.062 * g, looks.shirt, rings: looks.rings)
      rod(base + pelvis(SIMD3(side.sign * 0.06, -0.06, -0.01)), skeleton.leg(side, 0), 0.105 * g, looks.trousers)
    }
    for side in Side.allCases {
      let (shoulder, elbow, wrist, palm) =
        (skeleton.arm(side, 0), skeleton.arm(side, 1), skeleton.arm(side, 2), skeleton.arm(side, 3))
      rod(shoulder, elbow, 0.047 * g, looks.shirt, rings: looks.rings)
      rod(
        elbow, wrist, looks.sleeves == .long ? 0.04 * g : 0.034 * g, looks.sleeves == .long ? looks.shirt : looks.skin)
      rod(wrist, palm, 0.034, looks.skin)
      rod(palm, joint(skeleton, side, tip: true), 0.022, looks.skin)
      rod(palm, joint(skeleton, side, tip: false), 0.014, looks.skin)
      let (hip, knee, ankle, foot) =
        (skeleton.leg(side, 0), skeleton.leg(side, 1), skeleton.leg(side, 2), skeleton.leg(side, 3))
      rod(hip, knee, (looks.hasSkirt ? 0.1 : 0.077) * g, looks.trousers)
      rod(knee, ankle, 0.052 * g, looks.hasSkirt ? looks.skin : looks.trousers)
      rod(ankle - SIMD3(0, 0.02, 0), foot, 0.042, looks.shoes)
    }
    let (neck, head, frame) = (skeleton[.neck], skeleton[.head], skeleton.head)
    let size = body.head
    rod(shoulders, neck + frame(SIMD3(0, 0.04, 0)), 0.055, looks.skin)
    rod(head + frame(SIMD3(0, -size * 0.45, 0.01)), head + frame(SIMD3(0, size * 0.35, 0)), size * 0.85, looks.skin)
    rod(
      head + frame(SIMD3(0, size * 0.5, -size * 0.25)), head + frame(SIMD3(0, size * 0.1, -size * 0.4)), size * 0.88,
      looks.hair)
    if looks.hasLongHair {
      rod(
        head + frame(SIMD3(0, -size * 0.2, -size * 0.6)), head + frame(SIMD3(0, -size * 1.7, -size * 0.7)), size * 0.6,
        looks.hair)
    }
    rod(
      head + frame(SIMD3(0, -size * 0.1, size * 0.9)), head + frame(SIMD3(0, -size * 0.25, size * 0.98)), size * 0.14,
      looks.skin * 0.9)
    for side in Side.allCases {
      let eye = head + frame(SIMD3(side.sign * size * 0.33, size * 0.1, size * 0.8))
      rod(eye, eye, size * 0.13, Light(repeating: 0.05))
    }
    return rods
  }

  private static func joint(_ skeleton: Skeleton, _ side: Side, tip: Bool) -> SIMD3<Float> {
    skeleton.joints[(side == .left ? 21 : 23) + (tip ? 0 : 1)]
  }

  /// Soft shadows under feet, hips and chest, on the floor and on nearby furniture.
  static func shade(_ skeleton: Skeleton, _ stage: Stage, on canvas: inout Canvas) {
    for point in [skeleton[.leftAnkle], skeleton[.rightAnkle], skeleton[.spineBase], skeleton[.spineShoulder]] {
      let height = max(point.y, 0)
      let strength = 0.5 / (1 + 2.5 * height)
      canvas.shade(SIMD3(point.x, 0, point.z), radius: 0.13 + 0.12 * height, strength: strength)
      let (bed, half) = (stage.bed, stage.bedHalf)
      if abs(point.x - bed.x) < half.x, abs(point.z - bed.z) < half.y, point.y > bed.y {
        canvas.shade(SIMD3(point.x, bed.y, point.z), radius: 0.15, strength: 0.4)
      }
    }
  }

  // MARK: Things

  static func draw(_ prop: Prop, at time: Float, _ skeleton: Skeleton, _ tint: Light, on canvas: inout Canvas) {
    guard let (middle, frame) = pose(prop, at: time, skeleton) else { return }
    func at(_ x: Float, _ y: Float, _ z: Float) -> SIMD3<Float> { middle + frame(SIMD3(x, y, z)) }
    func box(_ x: Float, _ y: Float, _ z: Float, half: SIMD3<Float>, _ color: Light, emits: Bool = false) {
      canvas.draw(Panel.box(at(x, y, z), frame, half, Surface(color: color, emits: emits)))
    }
    switch prop.kind {
    case .cup: canvas.draw(Rod(from: at(0, -0.02, 0), to: at(0, 0.03, 0), radius: 0.038, color: tint))
    case .pillBox:
      canvas.draw(Rod(from: at(0, -0.02, 0), to: at(0, 0.025, 0), radius: 0.02, color: Light(0.85, 0.45, 0.1)))
    case .phone: box(0, 0.01, 0, half: SIMD3(0.037, 0.075, 0.006), Light(repeating: 0.06))
    case .book:
      // Two halves that open towards the reader.
      for side in [Float(-1), 1] {
        let half = frame * Rotation(aboutY: -side * 0.45)
        let page = middle + half(SIMD3(side * 0.075, 0, 0))
        canvas.draw(Panel.box(page, half, SIMD3(0.072, 0.105, 0.007), Surface(color: Light(repeating: 0.88))))
        canvas.draw(Panel.box(page - half(SIMD3(0, 0, 0.011)), half, SIMD3(0.077, 0.11, 0.003), Surface(color: tint)))
      }
    case .tablet:
      box(0, 0, 0, half: SIMD3(0.125, 0.09, 0.005), Light(repeating: 0.05))
      box(0, 0, 0.004, half: SIMD3(0.112, 0.078, 0.003), Light(0.65, 0.75, 0.95), emits: true)
    case .laptop:
      box(0, 0, 0, half: SIMD3(0.16, 0.009, 0.11), Light(repeating: 0.35))
      let lid = frame * Rotation(aboutX: 0.3)
      let screen = at(0, 0.1, 0.14)
      canvas.draw(Panel.box(screen, lid, SIMD3(0.16, 0.105, 0.005), Surface(color: Light(repeating: 0.3))))
      canvas.draw(
        Panel.box(
          screen - lid(SIMD3(0, 0, 0.004)), lid, SIMD3(0.148, 0.093, 0.003),
          Surface(color: Light(0.7, 0.8, 1), emits: true)))
    case .spoon:
      canvas.draw(Rod(from: at(0, 0.08, 0), to: at(0, -0.17, 0.02), radius: 0.011, color: Light(0.5, 0.35, 0.2)))
    case .knife:
      canvas.draw(Rod(from: at(0, 0, -0.03), to: at(0, 0, 0.04), radius: 0.014, color: Light(repeating: 0.08)))
      box(0, -0.012, 0.13, half: SIMD3(0.003, 0.022, 0.09), Light(repeating: 0.85))
    case .pot:
      for x in stride(from: Float(-0.07), through: 0.07, by: 0.035) {
        canvas.draw(
          Rod(from: at(x, 0, -0.05), to: at(x, 0, 0.05), radius: 0.065, color: Light(repeating: 0.25) + tint * 0.15))
      }
    case .board:
      box(0, 0, 0, half: SIMD3(0.19, 0.012, 0.12), Light(0.7, 0.52, 0.3))
      for x in [Float(-0.07), -0.02, 0.03] {
        canvas.draw(Rod(from: at(x, 0.025, -0.03), to: at(x, 0.025, 0.05), radius: 0.02, color: Light(0.75, 0.3, 0.1)))
      }
    case .plate:
      for turn in 0..<4 {
        let blade = frame * Rotation(aboutZ: Float(turn) * .pi / 4)
        canvas.draw(Panel.box(middle, blade, SIMD3(0.11, 0.045, 0.006), Surface(color: Light(repeating: 0.9))))
      }
    case .sponge: box(0, 0, 0.01, half: SIMD3(0.05, 0.03, 0.02), Light(0.9, 0.8, 0.15))
    case .parcel: box(0, 0.03, 0, half: SIMD3(0.08, 0.05, 0.06), tint)
    }
  }

  /// A thing's centre and frame; `nil` if it is not there.
  private static func pose(_ prop: Prop, at time: Float, _ skeleton: Skeleton) -> (SIMD3<Float>, Rotation)? {
    let (head, up) = (skeleton[.head], SIMD3<Float>(0, 1, 0))
    switch prop.place(at: time) {
    case .away: return nil
    case .spot(let place, let turn):
      // Cups stand, everything else lies with its z axis up, unless it is made to stand on its own.
      let upright: Set<Prop.Kind> = [.cup, .pillBox, .pot, .board, .parcel, .laptop]
      let frame =
        upright.contains(prop.kind)
        ? Rotation(aboutY: turn) : Rotation(aboutY: turn) * Rotation(aboutX: -.pi / 2)
      return (place + SIMD3(0, upright.contains(prop.kind) ? 0.02 : 0.008, 0), frame)
    case .lap:
      let middle = skeleton[.spineBase] + skeleton.pelvis(SIMD3(0, 0.12, 0.42))
      return (middle, skeleton.pelvis)
    case .hands:
      let (left, right) = (skeleton.arm(.left, 3), skeleton.arm(.right, 3))
      let middle = (left + right) / 2 + SIMD3(0, 0.03, 0)
      return (middle, facing(head - middle, across: left - right))
    case .hand(let side):
      let (elbow, palm) = (skeleton.arm(side, 1), skeleton.arm(side, 3))
      let arm = (palm - elbow).normalized
      switch prop.kind {
      case .cup, .pillBox:
        // A cup tips the nearer it is to the mouth.
        let mouth = head + skeleton.head(SIMD3(0, -0.07, 0.08))
        let near = min(max(1 - ((palm - mouth).length - 0.08) / 0.15, 0), 1)
        let axis = up.mixed((mouth - palm).normalized, near * 0.7).normalized
        return (palm + axis * 0.02, Rotation(forward: axis.cross(SIMD3(1, 0.01, 0)), up: axis))
      case .phone:
        return (palm, Rotation(forward: skeleton.head.x, up: skeleton.head.y))
      case .tablet:
        let middle = palm + skeleton.chest(SIMD3(-side.sign * 0.11, 0.04, 0))
        return (middle, facing(head - middle, across: skeleton.chest.x))
      case .plate:
        let middle = palm + skeleton.chest(SIMD3(-side.sign * 0.08, 0.03, 0.02))
        return (middle, facing((head - middle).normalized + up * 0.4, across: skeleton.chest.x))
      case .spoon: return (palm, Rotation(forward: skeleton.chest.z, up: up))
      case .knife: return (palm, Rotation(forward: arm + SIMD3(0, 0.5, 0), up: up))
      default: return (palm, Rotation(forward: arm, up: up))
      }
    }
  }

  /// A frame whose z axis points in a direction, with x as close as possible to another.
  private static func facing(_ way: SIMD3<Float>, across: SIMD3<Float>) -> Rotation {
    let z = way.normalized
    let y = z.cross(across).normalized
    return Rotation(x: y.cross(z), y: y, z: z)
  }
}
