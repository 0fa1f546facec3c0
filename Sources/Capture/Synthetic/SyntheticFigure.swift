import Basics
internal import Glibc

/// A point of the scene: heights of the picture from the left, and from the top.
struct ScenePoint: Equatable {
  var x: Float
  var y: Float

  /// The point so far away at an angle from straight down, counted towards the right.
  func stepped(_ length: Float, _ angle: Float) -> ScenePoint {
    ScenePoint(x: x + length * sin(angle), y: y + length * cos(angle))
  }
}

/// A round-ended stroke of one colour.
struct Limb {
  var from: ScenePoint
  var to: ScenePoint
  var radius: Float
  var color: RGB
}

/// The figure of a synthetic scene as strokes, drawn in order.
struct SyntheticFigure {
  /// Angles of the limbs from straight down, and where the hip is.
  private struct Pose {
    var hip: ScenePoint
    /// From straight up, towards the right.
    var torso: Float = 0
    var thighs: (Float, Float) = (0.08, -0.08)
    var shins: (Float, Float) = (0.04, -0.04)
    var upperArms: (Float, Float) = (0.15, -0.15)
    var forearms: (Float, Float) = (0.1, -0.1)
  }

  let limbs: [Limb]

  /// The figure of a phase, `seconds` after the phase began, in a picture as wide as `aspect` times its height.
  init(_ activity: SyntheticActivity, seconds: Float, phase: PlaceRandom, figure: PlaceRandom, aspect: Float) {
    var (phase, figure) = (phase, figure)
    let scale = figure.uniform(0.85...1.15)
    let skin = RGB(red: UInt8(figure.uniform(150...235)), green: UInt8(figure.uniform(110...180)), blue: 110)
    let (shirt, trousers) = (phase.color(20...250), phase.color(10...120))
    let x = aspect * phase.uniform(0.3...0.7)
    let tempo = phase.uniform(0.85...1.15)
    let side: Float = phase.next() & 1 == 0 ? 1 : -1
    let (leg, floor) = (0.15 * scale, Float(0.9))
    let time = seconds * tempo
    let turn = 2 * Float.pi * time
    var pose = Pose(hip: ScenePoint(x: x, y: floor - 2 * leg))
    switch activity {
    case .empty:
      limbs = []
      return
    case .walk:
      let way = aspect + 0.16
      let gone = (time * 0.3 + phase.uniform(0...1) * way).truncatingRemainder(dividingBy: way) - 0.08
      pose.hip.x = side > 0 ? gone : aspect - gone
      let swing = 0.5 * sin(1.6 * turn)
      pose.thighs = (swing, -swing)
      pose.shins = (min(swing, 0.2 * side * swing), min(-swing, -0.2 * side * swing))
      pose.upperArms = (-swing, swing)
      pose.forearms = (-swing + 0.3 * side, swing + 0.3 * side)
    case .sit:
      pose.hip.y = floor - leg
      pose.thighs = (1.5 * side, 1.4 * side)
      pose.upperArms = (0.5 * side, 0.4 * side)
      pose.forearms = (1.4 * side, 1.3 * side)
    case .wave:
      let angle = side * (2.6 + 0.5 * sin(1.5 * turn))
      pose.upperArms.0 = 1.9 * side
      pose.forearms.0 = angle
    case .bend:
      pose.torso = side * 0.95 * (1 - cos(0.5 * turn))
      pose.upperArms = (0.3 * pose.torso, 0.2 * pose.torso)
      pose.forearms = (0.2 * pose.torso, 0.1 * pose.torso)
    case .lie:
      pose.hip.y = floor - 0.05
      pose.torso = 1.55 * side
      pose.thighs = (-1.5 * side, -1.6 * side)
      pose.shins = pose.thighs
      pose.upperArms = (1.2 * side, 1.4 * side)
      pose.forearms = pose.upperArms
    }
    limbs = Self.strokes(pose, scale, skin: skin, shirt: shirt, trousers: trousers, chair: activity == .sit)
  }

  private static func strokes(_ pose: Pose, _ scale: Float, skin: RGB, shirt: RGB, trousers: RGB, chair: Bool) -> [Limb]
  {
    var limbs: [Limb] = []
    func stroke(_ from: ScenePoint, _ length: Float, _ angle: Float, _ radius: Float, _ color: RGB) -> ScenePoint {
      let to = from.stepped(length * scale, angle)
      limbs.append(Limb(from: from, to: to, radius: radius * scale, color: color))
      return to
    }
    if chair {
      let wood = RGB(red: 110, green: 70, blue: 40)
      let seat = ScenePoint(x: pose.hip.x, y: pose.hip.y + 0.05)
      _ = stroke(ScenePoint(x: seat.x - 0.08, y: seat.y), 0.16, .pi / 2, 0.015, wood)
      _ = stroke(ScenePoint(x: seat.x - 0.08, y: seat.y), 0.1, 0, 0.01, wood)
      _ = stroke(ScenePoint(x: seat.x + 0.08, y: seat.y), 0.1, 0, 0.01, wood)
    }
    for (thigh, shin) in [(pose.thighs.1, pose.shins.1), (pose.thighs.0, pose.shins.0)] {
      let knee = stroke(pose.hip, 0.15, thigh, 0.035, trousers)
      _ = stroke(knee, 0.15, shin, 0.028, trousers)
    }
    let neck = stroke(pose.hip, 0.24, .pi - pose.torso, 0.055, shirt)
    for (upper, fore) in [(pose.upperArms.1, pose.forearms.1), (pose.upperArms.0, pose.forearms.0)] {
      let elbow = stroke(neck, 0.12, upper, 0.026, shirt)
      _ = stroke(elbow, 0.12, fore, 0.022, skin)
    }
    let head = neck.stepped(0.085 * scale, .pi - pose.torso)
    _ = stroke(head, 0, 0, 0.055, skin)
    return limbs
  }
}
