import Events

/// How long one camera's windows took, for the summary at the end.
struct WindowTimes {
  /// Enough for percentiles; older times make room.
  private static let kept = 4096

  private var windows = 0
  private var inference: [Duration] = []
  private var latency: [Duration] = []

  mutating func add(inference: Duration, latency: Duration) {
    let slot = windows % Self.kept
    if self.inference.count < Self.kept {
      self.inference.append(inference)
      self.latency.append(latency)
    } else {
      self.inference[slot] = inference
      self.latency[slot] = latency
    }
    windows += 1
  }

  /// One line for people, and for the checks that run the daemon for long.
  func summary(_ counters: CameraHealth.Counters) -> String {
    """
    \(counters.frames) frames, \(counters.samples) samples, \(counters.windows) windows, \
    \(counters.skippedHops) hops skipped, \(counters.emptyHops) empty, \(counters.stillHops) still, inference median \
    \(percentile(0.5, of: inference)) ms, p99 \(percentile(0.99, of: inference)) ms, last frame to event median \(percentile(0.5, of: latency)) ms, \
    p99 \(percentile(0.99, of: latency)) ms
    """
  }

  private func percentile(_ share: Double, of durations: [Duration]) -> Int {
    let sorted = durations.sorted()
    guard !sorted.isEmpty else { return 0 }
    return Int((sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] / .milliseconds(1)).rounded())
  }
}
