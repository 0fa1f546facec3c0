import Basics
import Capture

/// One person's day: actions are drawn so that all occur equally often, as far as one can follow another.
struct Day {
  private(set) var choreography: Choreography
  private let actions: [SyntheticAction]
  private var random: PlaceRandom
  private var counts: [SyntheticAction: Int] = [:]

  init(_ actions: [SyntheticAction], _ choreography: Choreography, _ random: PlaceRandom) {
    (self.actions, self.choreography, self.random) = (actions, choreography, random)
    self.choreography.perform(.idle, seconds: 3)
  }

  /// Lets everyone do one thing after another; whoever finishes first continues first.
  ///
  /// People may brush past each other. Nobody stays where somebody else is: an action that would lead there is redrawn.
  static func pass(_ days: inout [Day], seconds: Float) {
    while let index = days.indices.min(by: { days[$0].choreography.time < days[$1].choreography.time }),
      days[index].choreography.time < seconds
    {
      let others = days.indices.filter { $0 != index }.map { days[$0] }
      var best: (day: Day, contact: Float)?
      for attempt in 0..<12 {
        var day = days[index]
        day.goOn(attempt)
        let contact = others.reduce(0) { $0 + day.contact(with: $1, since: days[index].choreography.time) }
        if contact < best?.contact ?? .infinity { best = (day, contact) }
        if contact <= 0.75 { break }
      }
      if let best { days[index] = best.day }
    }
  }

  /// Does the next thing.
  ///
  /// Every attempt draws a different action, and later ones also draw from more frequent ones.
  private mutating func goOn(_ attempt: Int) {
    for _ in 0..<attempt { (_, _) = (random.next(), choreography.random.next()) }
    // The rarest action so far, drawn among equals; actions that came about on the way count as done.
    let fewest = actions.map { counts[$0] ?? 0 }.min() ?? 0
    let open = actions.filter { (counts[$0] ?? 0) <= fewest + attempt / 3 }
    let action = open[Int(random.next() % UInt64(open.count))]
    let done = choreography.actionCount
    let situations = Choreography.situations(action)
    if !situations.contains(choreography.situation) {
      choreography.reach(situations[Int(random.next() % UInt64(situations.count))])
    }
    choreography.pause(random.uniform(0.2...0.8))
    // An action that came about on the way to its start is already done.
    if !choreography.actionsSince(done).contains(action) {
      choreography.perform(action, seconds: random.uniform(4...8))
    }
    for action in choreography.actionsSince(done) { counts[action, default: 0] += 1 }
    choreography.settle()
    choreography.pause(random.uniform(0.1...0.8))
  }

  /// Seconds since `begin` during which the two occupy the same ground, if the other then stays where it ends up.
  private func contact(with other: Day, since begin: Float) -> Float {
    let step: Float = 0.25
    let wall = choreography.stage.door.x
    let times = stride(from: begin, through: choreography.time, by: step)
    return times.reduce(0) { sum, time in
      let mine = Performance.footprint(choreography.keys, at: time)
      let theirs = Performance.footprint(other.choreography.keys, at: time)
      // Nobody can be seen behind the wall.
      guard mine[1].x > wall, theirs[1].x > wall else { return sum }
      let isTouching = mine.contains { a in theirs.contains { (a - $0).length < 0.4 } }
      return isTouching ? sum + step : sum
    }
  }
}
