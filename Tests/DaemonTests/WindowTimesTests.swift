import Events
import Testing

@testable import Daemon

@Suite struct `Times of windows` {
  @Test func `window times are summarised by stage, for the newest windows`() {
    var times = WindowTimes()
    func add(_ gathering: Int, _ waiting: Int, _ inference: Int) {
      times.add(
        WindowTimes.Stages(
          gathering: .milliseconds(gathering), waiting: .milliseconds(waiting), inference: .milliseconds(inference),
          latency: .milliseconds(gathering + waiting + inference)))
    }
    var counters = CameraHealth.Counters()
    (counters.frames, counters.windows) = (900, 5)
    // Thousands of old ones are dropped.
    for _ in 0..<4096 { add(500, 500, 500) }
    for index in 0..<4096 { add(3, index % 50 == 0 ? 40 : 1, 20) }
    let summary = times.summary(counters)
    #expect(summary.hasPrefix("900 frames, 0 samples, 5 windows, "))
    #expect(
      summary.hasSuffix(
        "last frame to window median 3 ms, p99 3 ms, waiting median 1 ms, p99 40 ms, inference median 20 ms, p99 20 ms, "
          + "all but inference median 4 ms, p99 43 ms, last frame to event median 24 ms, p99 63 ms"))
  }
}
