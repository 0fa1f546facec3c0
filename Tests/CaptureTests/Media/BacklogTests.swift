import Testing

@testable import Capture

@Suite struct `A backlog of frames` {
  /// Runs frames at `rate`, each taking `work` to use and `decoding` to drop; returns the largest delay of a used one.
  private func run(rate: Double, work: Duration, decoding: Duration, seconds: Double) -> (
    used: Int, stale: Int, latest: Duration
  ) {
    var backlog = Backlog()
    var now = Duration.seconds(100)
    var (used, stale, latest) = (0, 0, Duration.zero)
    for index in 0..<Int(rate * seconds) {
      let there = Duration.seconds(100 + Double(index) / rate)
      let waited = max(there - now, .zero)
      now = max(now, there) + decoding
      if backlog.isStale(at: now, waited: waited) {
        stale += 1
      } else {
        used += 1
        latest = max(latest, now - there)
        now += work
      }
    }
    return (used, stale, latest)
  }

  @Test func `no frame is dropped while frames are taken in time`() {
    let outcome = run(rate: 30, work: .milliseconds(20), decoding: .milliseconds(5), seconds: 60)
    #expect(outcome.used == 1800 && outcome.stale == 0)
  }

  @Test func `the backlog does not grow if frames are taken too slowly`() {
    let outcome = run(rate: 30, work: .milliseconds(100), decoding: .milliseconds(2), seconds: 600)
    #expect(outcome.latest < .seconds(1), "\(outcome.latest)")
    #expect(outcome.used > 600 * 5)
  }

  @Test func `some frames are shown even if decoding alone is too slow`() {
    let outcome = run(rate: 30, work: .milliseconds(10), decoding: .milliseconds(50), seconds: 60)
    #expect(outcome.used >= 200)
  }
}
