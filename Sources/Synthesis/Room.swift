import Basics
import Capture
import Glibc

/// A furnished room: static objects, drawn once per clip, and objects that move by themselves.
struct Room: Sendable {
  let stage: Stage
  let lighting: Lighting
  private let random: PlaceRandom
  private let wallLight: Light
  private let hasCurtain: Bool
  private let hasScreen: Bool
  /// How an animal moves about; `nil` if there is none.
  private let animal: (place: SIMD2<Float>, reach: Float, rate: Float, color: Light)?
  private let doorColor: Light
  private let screenPlace: Float
  private let windowPlace: Float

  /// - Parameter seed: rooms with different seeds differ in everything but the layout.
  init(seed: UInt64) {
    var random = PlaceRandom(seed: seed, stream: 1)
    stage = Stage(&random)
    let brightness = random.uniform(0.75...1.25)
    let warmth = random.uniform(-0.12...0.12)
    lighting = Lighting(
      lamp: SIMD3(random.uniform(-1.5...2), random.uniform(2...2.6), random.uniform(-0.8...2.5)),
      lampColor: Light(1 + warmth, 1, 1 - warmth) * random.uniform(0.45...0.75) * brightness,
      ambient: Light(1 - warmth, 1, 1 + warmth) * random.uniform(0.2...0.4) * brightness)
    wallLight = random.color(0.45...0.85)
    hasCurtain = random.uniform(0...1) < 0.5
    hasScreen = random.uniform(0...1) < 0.5
    animal =
      random.uniform(0...1) < 0.3
      ? (
        SIMD2(random.uniform(-0.8...0.8), random.uniform(0.7...1.1)), random.uniform(0.3...0.9),
        random.uniform(0.15...0.4), random.color(0.15...0.6)
      ) : nil
    doorColor = random.color(0.3...0.7)
    screenPlace = random.uniform(-0.2...1)
    windowPlace = random.uniform(-0.9 ... -0.3)
    self.random = random
  }

  // MARK: Static objects

  func draw(on canvas: inout Canvas) {
    var random = random
    func light(_ range: ClosedRange<Float>) -> Light { random.color(range) }
    func pick<T>(_ choices: [T]) -> T { choices[Int(random.next() % UInt64(choices.count))] }
    func wood() -> Light { Light(0.5, 0.34, 0.2) * random.uniform(0.5...1.4) + light(0...0.08) }
    func upright(_ place: SIMD3<Float>, _ half: SIMD3<Float>, _ surface: Surface, turn: Float = 0) -> [Panel] {
      Panel.box(place, Rotation(aboutY: turn), half, surface)
    }

    // Floor and walls. The left wall has the doorway.
    let (left, back, right, front, high) = (-stage.wall.x, -stage.wall.y, Float(5), Float(5), Float(2.6))
    let grain = light(0.25...0.65)
    let floor = pick([
      Surface(color: wood(), pattern: .planks(0.14)), Surface(color: grain, other: grain * 0.7, pattern: .tiles(0.4)),
      Surface(color: grain, pattern: .grain(0.06)),
    ])
    canvas.draw(
      Panel(
        corner: SIMD3(left - 1.5, 0, back), u: SIMD3(right - left + 1.5, 0, 0), v: SIMD3(0, 0, front - back),
        surface: floor))
    let paper = pick([
      Surface(color: wallLight),
      Surface(color: wallLight, other: wallLight * 0.85, pattern: .stripes(random.uniform(0.08...0.3))),
      Surface(color: wallLight, pattern: .grain(0.03)),
    ])
    canvas.draw(
      Panel(corner: SIMD3(left, 0, back), u: SIMD3(right - left, 0, 0), v: SIMD3(0, high, 0), surface: paper))
    canvas.draw(
      Panel(corner: SIMD3(right, 0, back), u: SIMD3(0, 0, front - back), v: SIMD3(0, high, 0), surface: paper))
    canvas.draw(
      Panel(corner: SIMD3(left, 0, front), u: SIMD3(right - left, 0, 0), v: SIMD3(0, high, 0), surface: paper))
    canvas.draw(
      Panel(
        corner: SIMD3(left, high, back), u: SIMD3(right - left, 0, 0), v: SIMD3(0, 0, front - back),
        surface: Surface(color: Light(repeating: 0.8))))
    let (sill, width) = (stage.door.z, Float(0.45))
    for (from, to) in [(back, sill - width), (sill + width, front)] {
      canvas.draw(Panel(corner: SIMD3(left, 0, from), u: SIMD3(0, 0, to - from), v: SIMD3(0, high, 0), surface: paper))
    }
    canvas.draw(
      Panel(
        corner: SIMD3(left, 2.05, sill - width), u: SIMD3(0, 0, 2 * width), v: SIMD3(0, high - 2.05, 0), surface: paper)
    )
    // A dim hall behind the door.
    canvas.draw(
      Panel(
        corner: SIMD3(left - 1.4, 0, sill - 1.2), u: SIMD3(0, 0, 2.4), v: SIMD3(0, high, 0),
        surface: Surface(color: wallLight * 0.5)))

    if random.uniform(0...1) < 0.6 {
      let rug = light(0.15...0.7)
      canvas.draw(
        Panel(
          corner: SIMD3(random.uniform(-1.1 ... -0.6), 0.006, random.uniform(-0.2...0.3)), u: SIMD3(1.6, 0, 0),
          v: SIMD3(0, 0, 1),
          surface: Surface(
            color: rug, other: light(0.15...0.7), pattern: pick([.stripes(0.2), .checks(0.25), .grain(0.05)]))))
    }
    // Pictures, shelf, window.
    for _ in 0..<Int(random.uniform(0...3.99)) {
      let size = SIMD2(random.uniform(0.25...0.6), random.uniform(0.25...0.5))
      canvas.draw(
        Panel(
          corner: SIMD3(random.uniform(-1.6...1.6), random.uniform(1.2...1.7), back + 0.01), u: SIMD3(size.x, 0, 0),
          v: SIMD3(0, size.y, 0),
          surface: Surface(
            color: light(0.1...0.9), other: light(0.1...0.9), pattern: pick([.checks(0.1), .stripes(0.09)]))))
    }
    if random.uniform(0...1) < 0.6 {
      canvas.draw(
        Panel(
          corner: SIMD3(windowPlace, 1, back + 0.012), u: SIMD3(0.9, 0, 0), v: SIMD3(0, 1.1, 0),
          surface: Surface(color: Light(0.85, 0.92, 1) * random.uniform(0.6...1.1), emits: true)))
    }
    if random.uniform(0...1) < 0.6 {
      let board = Surface(color: wood())
      let (x, z) = (random.uniform(1.5...2.2), back + 0.17)
      for shelf in 0..<4 {
        canvas.draw(upright(SIMD3(x, 0.35 + 0.45 * Float(shelf), z), SIMD3(0.4, 0.015, 0.15), board))
        for _ in 0..<Int(random.uniform(1...5)) {
          let size = SIMD3(random.uniform(0.015...0.06), random.uniform(0.07...0.16), 0.09)
          canvas.draw(
            upright(
              SIMD3(x + random.uniform(-0.33...0.33), 0.365 + 0.45 * Float(shelf) + size.y, z), size,
              Surface(color: light(0.05...0.85))))
        }
      }
    }

    // Chair and low table.
    let cloth = Surface(color: light(0.12...0.7), pattern: pick([.plain, .grain(0.02)]))
    let legs = wood()
    let turn = Rotation(aboutY: stage.chairTurn)
    let seat = SIMD3(stage.chair.x, stage.chair.y, stage.chair.z)
    let isArmchair = random.uniform(0...1) < 0.4
    canvas.draw(Panel.box(seat - SIMD3(0, 0.04, 0), turn, SIMD3(0.25, 0.04, 0.25), cloth))
    canvas.draw(Panel.box(seat + turn(SIMD3(0, 0.26, -0.28)), turn, SIMD3(0.24, 0.24, 0.03), cloth))
    if isArmchair {
      canvas.draw(
        Panel.box(
          seat - SIMD3(0, stage.chair.y / 2 + 0.03, 0), turn, SIMD3(0.27, stage.chair.y / 2 - 0.03, 0.27), cloth))
      for side in [Float(-1), 1] {
        canvas.draw(Panel.box(seat + turn(SIMD3(0.31 * side, 0, 0)), turn, SIMD3(0.05, 0.2, 0.26), cloth))
      }
    } else {
      for (x, z) in [(-1, -1), (-1, 1), (1, -1), (1, 1)] as [(Float, Float)] {
        let top = seat + turn(SIMD3(0.21 * x, -0.06, 0.21 * z))
        canvas.draw(Rod(from: top, to: SIMD3(top.x, 0, top.z), radius: 0.02, color: legs))
      }
    }
    let top = Surface(color: wood(), pattern: pick([.plain, .planks(0.1)]))
    canvas.draw(Panel.box(stage.table - SIMD3(0, 0.015, 0), turn, SIMD3(0.32, 0.015, 0.19), top))
    for (x, z) in [(-1, -1), (-1, 1), (1, -1), (1, 1)] as [(Float, Float)] {
      let corner = stage.table + turn(SIMD3(0.28 * x, -0.03, 0.15 * z))
      canvas.draw(Rod(from: corner, to: SIMD3(corner.x, 0, corner.z), radius: 0.015, color: legs))
    }
    if random.uniform(0...1) < 0.5 {
      canvas.draw(
        Panel.box(
          stage.table + turn(SIMD3(0.2, 0.02, -0.06)), turn, SIMD3(0.08, 0.02, 0.06), Surface(color: light(0.1...0.9))))
    }

    // Counter.
    let counter = stage.counter
    canvas.draw(
      upright(
        counter - SIMD3(0, 0.02, 0), SIMD3(0.48, 0.02, 0.26),
        Surface(color: light(0.3...0.8), pattern: pick([.plain, .grain(0.02)]))))
    canvas.draw(
      upright(
        SIMD3(counter.x, counter.y / 2 - 0.02, counter.z), SIMD3(0.45, counter.y / 2 - 0.02, 0.23),
        Surface(color: light(0.2...0.8), pattern: pick([.plain, .planks(0.2)]))))
    for _ in 0..<Int(random.uniform(0...3.99)) {
      let (x, size) = (counter.x + pick([-1, 1]) * random.uniform(0.28...0.4), random.uniform(0.03...0.07))
      let foot = SIMD3(x, counter.y + size, counter.z + random.uniform(-0.1...0.18))
      canvas.draw(
        Rod(from: foot, to: foot + SIMD3(0, random.uniform(0...0.15), 0), radius: size, color: light(0.1...0.9)))
    }

    // Bed.
    let (bed, half) = (stage.bed, stage.bedHalf)
    canvas.draw(
      upright(
        SIMD3(bed.x, bed.y - 0.09, bed.z), SIMD3(half.x, 0.09, half.y),
        Surface(
          color: light(0.3...0.9), other: light(0.3...0.9), pattern: pick([.plain, .stripes(0.15), .checks(0.2)]))))
    canvas.draw(
      upright(
        SIMD3(bed.x, (bed.y - 0.18) / 2, bed.z), SIMD3(half.x - 0.02, (bed.y - 0.18) / 2, half.y - 0.02),
        Surface(color: wood())))
    for side in [Float(-1), 1] where random.uniform(0...1) < 0.8 {
      canvas.draw(
        Rod(
          from: bed + SIMD3(side * (half.x - 0.15), 0.03, -0.2), to: bed + SIMD3(side * (half.x - 0.15), 0.03, 0.2),
          radius: 0.09, color: Light(repeating: random.uniform(0.6...0.95))))
    }
    // A plant or a lamp in a corner.
    if random.uniform(0...1) < 0.6 {
      let foot = SIMD3(random.uniform(-1.75 ... -1.45), 0, back + random.uniform(0.25...0.4))
      canvas.draw(
        Rod(from: foot + SIMD3(0, 0.12, 0), to: foot + SIMD3(0, 0.2, 0), radius: 0.12, color: light(0.2...0.6)))
      for _ in 0..<9 {
        let tip = foot + SIMD3(random.uniform(-0.35...0.35), random.uniform(0.5...1.1), random.uniform(-0.2...0.35))
        canvas.draw(
          Rod(
            from: foot + SIMD3(0, 0.25, 0), to: tip, radius: 0.025,
            color: Light(0.1, 0.35, 0.1) * random.uniform(0.6...1.5)))
      }
    }
  }

  // MARK: Moving objects

  /// Draws door, curtain, screen and animal at a time on the room's own clock.
  func drawMoving(on canvas: inout Canvas, at time: Float, door: Float) {
    let hinge = SIMD3(stage.door.x, 0, stage.door.z - 0.43)
    // It opens into the hall.
    let leaf = Rotation(aboutY: -door * 1.4)(SIMD3(0, 0, 0.86))
    canvas.draw(Panel(corner: hinge, u: leaf, v: SIMD3(0, 2.03, 0), surface: Surface(color: doorColor)))
    let back = -stage.wall.y
    if hasCurtain {
      for fold in 0..<6 {
        let x = windowPlace - 0.2 + 0.06 * Float(fold)
        let sway = 0.025 * sin(time * 0.9 + Float(fold) * 0.8)
        canvas.draw(
          Panel(
            corner: SIMD3(x + sway, 0.85, back + 0.05 + (fold % 2 == 0 ? 0 : 0.03)), u: SIMD3(0.065 - sway, 0, 0.02),
            v: SIMD3(-sway, 1.4, 0), surface: Surface(color: doorColor * (fold % 2 == 0 ? 1.1 : 0.85) + 0.1)))
      }
    }
    if hasScreen {
      var flicker = PlaceRandom(seed: 0, stream: Int(time / 0.7))
      let scene = Light(flicker.uniform(0.1...0.9), flicker.uniform(0.1...0.9), flicker.uniform(0.1...0.9))
      canvas.draw(
        Panel(
          corner: SIMD3(screenPlace, 1.05, back + 0.03), u: SIMD3(0.7, 0, 0), v: SIMD3(0, 0.42, 0),
          surface: Surface(color: scene, other: scene * flicker.uniform(0.3...0.9), pattern: .checks(0.18), emits: true)
        ))
    }
    if let animal {
      let phase = time * animal.rate
      let place = SIMD3(animal.place.x + animal.reach * sin(phase), 0.16, animal.place.y + 0.15 * cos(phase * 1.7))
      let ahead = SIMD3<Float>(cos(phase) >= 0 ? 1 : -1, 0, 0)
      canvas.shade(SIMD3(place.x, 0, place.z), radius: 0.16, strength: 0.4)
      canvas.draw(Rod(from: place - ahead * 0.14, to: place + ahead * 0.12, radius: 0.075, color: animal.color))
      canvas.draw(
        Rod(
          from: place + ahead * 0.22 + SIMD3(0, 0.07, 0), to: place + ahead * 0.25 + SIMD3(0, 0.07, 0), radius: 0.055,
          color: animal.color))
      canvas.draw(
        Rod(
          from: place - ahead * 0.15, to: place - ahead * 0.28 + SIMD3(0, 0.14 + 0.04 * sin(time * 3), 0), radius: 0.02,
          color: animal.color * 0.8))
      for x in [Float(-0.11), 0.1] {
        for z in [Float(-0.04), 0.04] {
          let step = 0.04 * sin(time * 7 + x * 20 + z * 40)
          canvas.draw(
            Rod(
              from: place + ahead * x + SIMD3(0, 0, z), to: SIMD3(place.x + x * ahead.x + step, 0.02, place.z + z),
              radius: 0.022, color: animal.color * 0.85))
        }
      }
    }
  }
}
