import Basics

extension SimulatedRoom {
  /// Two people who meet in the middle at different speeds, one nearer than the other.
  static func crossing(_ seed: UInt64) -> SimulatedRoom {
    var random = SplitMix64(seed: seed ^ 0xc505)
    let sameWay = Bool.random(using: &random)
    let speeds = (
      Double.random(in: 0.3..<0.8, using: &random), Double.random(in: 0.9..<1.5, using: &random)
    )
    let heights = (Double.random(in: 0.4..<0.5, using: &random), Double.random(in: 0.5..<0.65, using: &random))
    // They meet 6 seconds after the start, at 0.89, the middle of the picture.
    let (middle, lead) = (0.89, 6.0)
    func walker(_ height: Double, _ y: Double, _ speed: Double, _ direction: Double) -> Actor {
      let reach = speed * height * lead
      let far = 1.2
      let start = max(middle - reach, -0.2)
      let time = lead - (middle - start) / (speed * height)
      let from = direction > 0 ? start : 2 * middle - start
      return Actor(
        height: height, from: (from, y), to: (middle + direction * far, y), speed: speed, at: time)
    }
    var room = SimulatedRoom()
    room.actors = [
      walker(heights.0, 0.5, speeds.0, 1), walker(heights.1, 0.55, speeds.1, sameWay ? 1 : -1),
    ]
    return room
  }

  /// One walker who is out of sight for up to two seconds.
  static func screened(_ seed: UInt64) -> SimulatedRoom {
    var random = SplitMix64(seed: seed ^ 0x5c4e)
    let speed = Double.random(in: 0.3..<1.5, using: &random)
    let height = Double.random(in: 0.35..<0.6, using: &random)
    let hidden = Double.random(in: 0.5..<2, using: &random)
    let y = Double.random(in: 0.4..<0.6, using: &random)
    var room = SimulatedRoom()
    room.actors = [Actor(height: height, from: (-0.1, y), to: (1.9, y), speed: speed, at: 1)]
    room.screens = [0.8...(0.8 + min(hidden * speed * height, 0.7))]
    return room
  }

  /// One to four people who come, walk, stand, and go, past each other and sometimes past a screen.
  static func busy(_ seed: UInt64) -> SimulatedRoom {
    var random = SplitMix64(seed: seed ^ 0xb0b)
    var room = SimulatedRoom()
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let height = Double.random(in: 0.35..<0.65, using: &random)
      let y = 0.9 - height / 2 - Double.random(in: 0..<0.1, using: &random)
      var time = Double.random(in: 0..<12, using: &random)
      let isFromLeft = Bool.random(using: &random)
      let (left, right) = (-0.3 * height, 16.0 / 9 + 0.3 * height)
      var x = isFromLeft ? left : right
      var path = [(time: time, x: x, y: y)]
      func go(to goal: Double) {
        let speed = Double.random(in: 0.3..<1.5, using: &random)
        time += abs(goal - x) / (speed * height)
        x = goal
        path.append((time, x, y))
      }
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        go(to: Double.random(in: 0.3..<1.5, using: &random))
        time += Double.random(in: 0.5..<5, using: &random)
        path.append((time, x, y))
      }
      go(to: Bool.random(using: &random) ? left : right)
      room.actors.append(Actor(height: height, path: path))
    }
    if Bool.random(using: &random) {
      let start = Double.random(in: 0.3..<1.2, using: &random)
      room.screens = [start...(start + 0.12)]
    }
    return room
  }
}
