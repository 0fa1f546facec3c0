import Events

/// How long one camera's windows took from stage to stage, for the summary at the end.
struct WindowTimes {
  /// The stages of one window.
  struct Stages {
    /// From its last frame's timestamp until it was ready for the network: driver, decoding, cutting.
    var gathering: Duration
    /// Until the network took it.
    var waiting: Duration
    var inference: Duration
    /// From its last frame's timestamp until its scores were ready to publish.
    var latency: Duration
  }

  /// Enough for percentiles; the oldest times are dropped.
  private static let kept = 4096

  private var windows = 0
  private var stages: [Stages] = []

  mutating func add(_ window: Stages) {
    if stages.count < Self.kept { stages.append(window) } else { stages[windows % Self.kept] = window }
    windows += 1
  }

  /// One line for people, and for the checks that run the daemon for a long time.
  func summary(_ counters: CameraHealth.Counters) -> String {
    """
    \(counters.frames) frames, \(counters.samples) samples, \(counters.windows) windows, \
    \(counters.skippedHops) hops skipped, \(counters.emptyHops) empty, \(counters.stillHops) still, \
    last frame to window \(times(\.gathering)), waiting \(times(\.waiting)), inference \(times(\.inference)), \
    all but inference \(times { $0.latency - $0.inference }), last frame to event \(times(\.latency))
    """
  }

  private func times(_ stage: (Stages) -> Duration) -> String {
    let sorted = stages.map(stage).sorted()
    func percentile(_ share: Double) -> Int {
      guard !sorted.isEmpty else { return 0 }
      return Int((sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] / .milliseconds(1)).rounded())
    }
    return "median \(percentile(0.5)) ms, p99 \(percentile(0.99)) ms"
  }
}
