/// Decides which steps of a plan may run, and estimates how long the rest takes; pure, time is an argument.
struct ReproductionSchedule {
  /// Where a step stands.
  enum State: Equatable {
    case waiting
    case running
    case done(seconds: Double)
    case failed
    /// A step that it depends on has failed, directly or indirectly; the text names it.
    case left(because: String)
  }

  let steps: [ReproductionStep]
  private(set) var states: [String: State]

  /// - Parameters:
  ///   - steps: each after the steps it depends on.
  ///   - done: durations in seconds of the steps that need not run.
  init(_ steps: [ReproductionStep], done: [String: Double] = [:]) {
    self.steps = steps
    states = Dictionary(
      uniqueKeysWithValues: steps.map { ($0.name, done[$0.name].map { .done(seconds: $0) } ?? .waiting) })
  }

  /// The first step that is only waiting for a free slot.
  var next: ReproductionStep? { waiting.first }

  /// Number of steps running or ready to run.
  var width: Int { running.count + waiting.count }

  var running: [ReproductionStep] { steps.filter { states[$0.name] == .running } }

  var doneCount: Int { steps.count { isDone($0.name) } }

  var left: [String] {
    steps.compactMap { if case .left = states[$0.name] { $0.name } else { nil } }
  }

  private var waiting: [ReproductionStep] {
    steps.filter { states[$0.name] == .waiting && $0.inputs.allSatisfy(isDone) }
  }

  private func isDone(_ name: String) -> Bool {
    if case .done = states[name] { true } else { false }
  }

  mutating func begin(_ name: String) { states[name] = .running }

  mutating func end(_ name: String, seconds: Double) { states[name] = .done(seconds: seconds) }

  /// The step was stopped, but nothing is wrong with it.
  mutating func interrupt(_ name: String) { states[name] = .waiting }

  /// Skips everything that depends on a failed step, directly or indirectly.
  mutating func fail(_ name: String) {
    states[name] = .failed
    var lost: Set = [name]
    for step in steps where !lost.isDisjoint(with: step.inputs) {
      lost.insert(step.name)
      states[step.name] = .left(because: name)
    }
  }

  // MARK: Time

  /// Expected duration of a step in seconds: the mean of its family's finished steps, or its work at the pace of all
  /// finished steps.
  ///
  /// - Parameter step: a step that has not ended.
  /// - Returns: seconds.
  func expected(_ step: ReproductionStep) -> Double {
    let finished = steps.compactMap { step -> (step: ReproductionStep, seconds: Double)? in
      if case .done(let seconds) = states[step.name] { (step, seconds) } else { nil }
    }
    let own = finished.filter { $0.step.family == step.family }.map(\.seconds)
    if !own.isEmpty { return own.reduce(0, +) / Double(own.count) }
    // Rendering says little about training.
    let alike = finished.filter { $0.step.kind == step.kind }
    let measured = alike.isEmpty ? finished : alike
    let work = measured.reduce(0) { $0 + $1.step.work }
    return work > 0 ? step.work * measured.reduce(0) { $0 + $1.seconds } / work : step.work
  }

  /// Seconds until everything is done, by simulating the remaining steps.
  ///
  /// - Parameters:
  ///   - jobs: number of simultaneous steps.
  ///   - remaining: seconds left for running steps for which a better estimate is known.
  /// - Returns: seconds.
  func secondsLeft(jobs: Int, remaining: [String: Double] = [:]) -> Double {
    var schedule = self
    var ends: [(name: String, time: Double)] = running.map { ($0.name, remaining[$0.name] ?? expected($0)) }
    var now = 0.0
    while true {
      while ends.count < jobs, let step = schedule.next {
        schedule.begin(step.name)
        ends.append((step.name, now + expected(step)))
      }
      guard let first = ends.indices.min(by: { ends[$0].time < ends[$1].time }) else { return now }
      now = max(now, ends[first].time)
      schedule.end(ends.remove(at: first).name, seconds: 0)
    }
  }
}
