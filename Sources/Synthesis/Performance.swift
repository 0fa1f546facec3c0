import Basics
import Capture
import Glibc

/// A person's way of moving.
struct Manner: Equatable, Sendable {
  var body: Proportions
  var dominant: Side
  /// Factor on durations, and on the size of motions.
  var slowness: Float
  var amplitude: Float
  /// Tremor of the hands: amplitude in metres, and frequency per second.
  var tremor: Float
  var tremorRate: Float
  /// Forward lean of a person standing at ease.
  var stoop: Float
  var strideLength: Float

  init(_ random: inout PlaceRandom) {
    body = Proportions(&random)
    dominant = random.uniform(0...1) < 0.2 ? .left : .right
    slowness = random.uniform(0.8...1.35)
    amplitude = random.uniform(0.8...1.15)
    // A few people have a visible tremor.
    tremor = random.uniform(0...1) < 0.2 ? random.uniform(0.006...0.014) : random.uniform(0.001...0.003)
    tremorRate = random.uniform(4...6.5)
    stoop = random.uniform(-0.03...0.22)
    strideLength = random.uniform(0.55...0.72) * body.stature / 1.7
  }
}

/// A rehearsed motion: postures over time, oscillations around them, and where things are.
struct Performance: Sendable {
  struct Key: Sendable {
    var time: Float
    var posture: Posture
    /// How this posture is reached.
    var pace: Pace
  }

  enum Pace: Sendable {
    /// Slow, fast, slow: as arms and bodies move.
    case smooth
    /// At constant speed.
    case even
    /// At constant speed, with stepping feet.
    case walking
    /// Accelerating: as in a fall.
    case falling
  }

  /// A repeating motion: a hand's path around the point where it is held.
  struct Swing: Sendable {
    var side: Side
    /// In the chest's frame: offset = a·sin + b·cos of the phase.
    var a: SIMD3<Float>
    var b: SIMD3<Float>
    var rate: Float
    var begin: Float
    var end: Float
  }

  var manner: Manner
  var keys: [Key]
  var swings: [Swing]
  var props: [Prop]
  /// When the person cannot be seen at all.
  var absences: [ClosedRange<Float>]
  /// How far the door is open, 0 to 1, over time.
  var door: [(time: Float, open: Float)]
  var duration: Float
  /// The actions with their times, in order and without overlap.
  var actions: [(action: SyntheticAction, begin: Float, end: Float)]
  /// The person's situation from each time on; it changes at the end of the motion that leads to it.
  var situations: [(time: Float, situation: Choreography.Situation)]

  func isPresent(at time: Float) -> Bool { !absences.contains { $0.contains(time) } }

  func situation(at time: Float) -> Choreography.Situation {
    situations.last { $0.time <= time }?.situation ?? situations[0].situation
  }

  func doorAngle(at time: Float) -> Float {
    guard let next = door.firstIndex(where: { $0.time > time }) else { return door.last?.open ?? 0 }
    guard next > 0 else { return door[0].open }
    let (a, b) = (door[next - 1], door[next])
    return mixed(a.open, b.open, eased((time - a.time) / (b.time - a.time), .smooth))
  }

  func skeleton(at time: Float) -> Skeleton {
    let (previous, next, share) = Self.between(keys, at: time)
    var (a, b) = (keys[previous].posture, keys[next].posture)
    live(&a, at: time)
    live(&b, at: time)
    if keys[next].pace == .walking { step(&a, &b, share, distanceBefore: distance(upTo: previous)) }
    return Skeleton(from: a, to: b, share: share, manner.body)
  }

  /// The keys around a time, and the fraction of the motion between them.
  private static func between(_ keys: [Key], at time: Float) -> (previous: Int, next: Int, share: Float) {
    let next = min(keys.partitioningIndex { $0.time > time }, keys.count - 1)
    let previous = max(0, next - 1)
    let length = keys[next].time - keys[previous].time
    let raw = length > 0 ? min(max((time - keys[previous].time) / length, 0), 1) : 1
    return (previous, next, eased(raw, keys[next].pace))
  }

  /// The ground a person occupies, roughly: under the feet, the hips and, when lying, the head.
  static func footprint(_ keys: [Key], at time: Float) -> [SIMD3<Float>] {
    let (previous, next, share) = between(keys, at: time)
    let (a, b) = (keys[previous].posture, keys[next].posture)
    let hips = ground(a.hips.mixed(b.hips, share))
    let feet = ground(((a.feet[0] + a.feet[1]) / 2).mixed((b.feet[0] + b.feet[1]) / 2, share))
    return [feet, hips, hips + (hips - feet) * 0.9]
  }

  // MARK: Small motions

  /// Adds what nobody can hold still: breath, sway, tremor and oscillations.
  private func live(_ posture: inout Posture, at time: Float) {
    let breath = sin(time * 1.6)
    posture.lean += 0.008 * breath
    posture.hips.x += 0.006 * sin(time * 0.9 + 1) * (posture.pitch == 0 ? 1 : 0)
    posture.turn += 0.05 * sin(time * 0.7 + manner.tremorRate) + 0.03 * sin(time * 1.9)
    for side in Side.allCases {
      let phase = time * 2 * .pi * manner.tremorRate + Float(side.rawValue) * 1.3
      posture[side].offset += SIMD3(sin(phase), cos(phase * 0.93), sin(phase * 1.1 + 2)) * manner.tremor
      posture[side].offset += SIMD3(sin(time * 0.8), sin(time * 1.1 + 1), cos(time * 0.6)) * 0.006
    }
    for swing in swings where time > swing.begin && time < swing.end {
      let fade = min(1, min(time - swing.begin, swing.end - time) / 0.25)
      let phase = (time - swing.begin) * 2 * .pi * swing.rate
      posture[swing.side].offset += (swing.a * sin(phase) + swing.b * cos(phase)) * fade
    }
  }

  /// Metres walked up to a key.
  private func distance(upTo key: Int) -> Float {
    guard key > 0 else { return 0 }
    return (1...key).reduce(Float(0)) { sum, index in
      guard keys[index].pace == .walking else { return sum }
      return sum + Self.ground(keys[index].posture.hips - keys[index - 1].posture.hips).length
    }
  }

  private static func ground(_ v: SIMD3<Float>) -> SIMD3<Float> { SIMD3(v.x, 0, v.z) }

  /// Stepping feet and swinging arms along a straight path.
  private func step(_ a: inout Posture, _ b: inout Posture, _ share: Float, distanceBefore: Float) {
    let way = Self.ground(b.hips - a.hips)
    guard way.length > 0.05 else { return }
    let body = manner.body
    let direction = way.normalized
    let walked = distanceBefore + way.length * share
    // The first and last half steps grow and shrink, so that the feet end side by side.
    let vigour = min(1, min(way.length * share, way.length * (1 - share)) / (manner.strideLength / 2))
    let heading = mixed(a.heading, b.heading, share)
    let hips = a.hips.mixed(b.hips, share)
    let aside = Rotation(aboutY: heading).x
    for side in Side.allCases {
      // A stride is two steps; the foot is on the ground during its first half and swings during the second.
      let phase = (walked / (2 * manner.strideLength) + (side == .left ? 0 : 0.5))
      let cycle = phase - floor(phase)
      let isSwinging = cycle > 0.5
      let along =
        isSwinging
        ? -cos((cycle - 0.5) * 2 * .pi) * manner.strideLength / 2
        : (0.5 - 2 * cycle) * manner.strideLength
      let lift = isSwinging ? sin((cycle - 0.5) * 2 * .pi) * 0.09 * body.stature / 1.7 : 0
      let foot =
        Self.ground(hips) + aside * (side.sign * body.hipWidth * 0.5) + direction * (along * vigour)
        + SIMD3(0, body.ankle + lift * vigour, 0)
      a.feet[side.rawValue] = foot
      b.feet[side.rawValue] = foot
      let swing = -along * 0.55 * vigour * manner.amplitude
      if a[side].anchor == .hips { a[side].offset.z += swing }
      if b[side].anchor == .hips { b[side].offset.z += swing }
    }
    let bob = 0.018 * cos(walked / manner.strideLength * 2 * .pi) * vigour
    a.hips.y += bob - 0.015 * vigour
    b.hips.y += bob - 0.015 * vigour
  }
}

/// The fraction of a motion completed after a fraction of its time.
func eased(_ share: Float, _ pace: Performance.Pace) -> Float {
  switch pace {
  // Minimum jerk (Flash and Hogan 1985).
  case .smooth: share * share * share * (10 - 15 * share + 6 * share * share)
  case .even, .walking: share
  case .falling: share * share
  }
}

extension Array {
  /// The first index from which all elements satisfy the condition.
  fileprivate func partitioningIndex(_ isLater: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isLater(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
