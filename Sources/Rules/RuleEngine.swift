/// Turns facts and time into alerts; pure.
///
/// It evaluates its rules at every fact and at every whole second of monotonic time in between, however rarely it is
/// called: the same facts give the same alerts at the same times. Durations are monotonic, times of day are wall time.
package struct RuleEngine: Sendable {
  private enum Watcher: Sendable {
    case camera(CameraWatcher)
    case absence(AbsenceWatcher, cameras: [String])
  }

  /// Maximum number of steps per call: a second each within a day, longer ones beyond that.
  private static let mostSteps = 100_000.0

  private var now: Moment
  private var views: [String: CameraView]
  private var watchers: [Watcher]

  /// Creates an engine that knows nothing about any camera yet.
  package init(_ rules: [Rule], at start: Moment) {
    now = start
    views = Dictionary(
      rules.flatMap(\.cameras).map { ($0, CameraView(at: start.monotonic)) }, uniquingKeysWith: { $1 })
    watchers = rules.enumerated().flatMap { index, rule in
      rule.isAbsence
        ? [Watcher.absence(AbsenceWatcher(index, rule), cameras: rule.cameras)]
        : rule.cameras.map { .camera(CameraWatcher(index, rule, camera: $0)) }
    }
  }

  /// Takes a fact; a fact about a camera without rules just advances time.
  ///
  /// A moment before the last one counts as the last one, but with its own wall time.
  package mutating func take(_ fact: Fact, at moment: Moment) -> [RuleOutput] {
    let outputs = advance(to: moment)
    guard var view = views[fact.camera] else { return outputs }
    view.take(fact, at: now.monotonic)
    views[fact.camera] = view
    for index in watchers.indices {
      guard case .camera(var watcher) = watchers[index], watcher.camera == fact.camera else { continue }
      watcher.take(fact, view, at: now)
      watchers[index] = .camera(watcher)
    }
    return outputs + evaluate()
  }

  /// Advances time; see `take`.
  package mutating func advance(to moment: Moment) -> [RuleOutput] {
    var outputs: [RuleOutput] = []
    let end = max(moment.monotonic, now.monotonic)
    let step = max(1, ((end - now.monotonic) / .seconds(Self.mostSteps)).rounded(.up))
    var next = Duration.seconds((now.monotonic / .seconds(1)).rounded(.down) + step)
    while next <= end {
      now = Moment(monotonic: next, wall: moment.wall(of: next))
      outputs += evaluate()
      next += .seconds(step)
    }
    now = Moment(monotonic: end, wall: moment.wall)
    return outputs
  }

  /// Clears all raised alerts.
  package mutating func stop(at moment: Moment) -> [RuleOutput] {
    var outputs = advance(to: moment)
    for index in watchers.indices {
      switch watchers[index] {
      case .camera(var watcher):
        if let alert = watcher.stop(at: now.monotonic) { outputs.append(.alert(alert)) }
        watchers[index] = .camera(watcher)
      case .absence(var watcher, let cameras):
        if let alert = watcher.stop(at: now.monotonic) { outputs.append(.alert(alert)) }
        watchers[index] = .absence(watcher, cameras: cameras)
      }
    }
    return outputs
  }

  private mutating func evaluate() -> [RuleOutput] {
    var outputs: [RuleOutput] = []
    for index in watchers.indices {
      switch watchers[index] {
      case .camera(var watcher):
        if let view = views[watcher.camera], let alert = watcher.evaluate(view, at: now) {
          outputs.append(.alert(alert))
        }
        watchers[index] = .camera(watcher)
      case .absence(var watcher, let cameras):
        outputs += watcher.evaluate(cameras.compactMap { views[$0] }, at: now)
        watchers[index] = .absence(watcher, cameras: cameras)
      }
    }
    return outputs
  }
}
