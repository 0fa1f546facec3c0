/// What the figure in a synthetic scene does.
package enum SyntheticActivity: String, CaseIterable, Codable, Sendable {
  /// Nobody is there.
  case empty
  /// Walks across the picture.
  case walk
  /// Sits still on a chair.
  case sit
  /// Stands and waves one arm.
  case wave
  /// Stands, bends down to the floor and comes up again.
  case bend
  /// Lies still on the floor.
  case lie
}

/// A seeded room with a figure in it that follows a script: a test picture with a known truth.
///
/// What is seen is a function of seed, script and time alone, so that streams of any rate, size and format show the same
/// scene. The seed chooses colours, furniture, the figure's build, where it is and how fast it moves; each phase of
/// the script draws its own.
package struct SyntheticScene: Equatable, Sendable {
  /// One step of the script.
  package struct Phase: Equatable, Sendable {
    package var activity: SyntheticActivity
    package var length: Duration

    package init(_ activity: SyntheticActivity, _ length: Duration) {
      self.activity = activity
      self.length = length
    }
  }

  /// What is going on, and from when to when.
  package struct Truth: Equatable, Sendable {
    package var activity: SyntheticActivity
    package var begin: Duration
    package var end: Duration
  }

  package let seed: UInt64
  package let script: [Phase]

  /// A scene whose script is repeated for ever; phases are longer than zero.
  package init(seed: UInt64, script: [Phase] = SyntheticActivity.allCases.map { Phase($0, .seconds(5)) }) {
    precondition(!script.isEmpty && script.allSatisfy { $0.length > .zero }, "a script of phases longer than zero")
    self.seed = seed
    self.script = script
  }

  /// The activity at a time, and that phase's bounds.
  package func truth(at time: Duration) -> Truth { phase(at: time).truth }

  /// Every phase that begins before `end`, in order.
  package func truths(until end: Duration) -> [Truth] {
    var truths: [Truth] = []
    var time = Duration.zero
    while time < end {
      let truth = truth(at: time)
      truths.append(truth)
      time = truth.end
    }
    return truths
  }

  /// The phase at a time and its number, counted over all rounds of the script.
  func phase(at time: Duration) -> (truth: Truth, number: Int) {
    let round = script.reduce(Duration.zero) { $0 + $1.length }
    let rounds = max(0, time.wholeNanoseconds) / round.wholeNanoseconds
    var begin = Duration.nanoseconds(rounds * round.wholeNanoseconds)
    var number = Int(rounds) * script.count
    for phase in script {
      if time < begin + phase.length {
        return (Truth(activity: phase.activity, begin: begin, end: begin + phase.length), number)
      }
      begin += phase.length
      number += 1
    }
    // Only a length with a fraction of a nanosecond gets here.
    return (Truth(activity: script[0].activity, begin: begin, end: begin + script[0].length), number)
  }
}

struct RGB: Equatable {
  var red: UInt8
  var green: UInt8
  var blue: UInt8
}
