import Basics
import Events
import Foundation
import Logging
import ModelFile
import Networks
import Recognition
import TestSupport
import Testing
import Video

@testable import Capture
@testable import Daemon
@testable import Pipeline

@Suite struct `A whole day` {
  /// A day of a camera at 10 frames per second whose clock drifts, steps back and omits timestamps, in minutes: from
  /// its timestamps to what is published.
  @Test(.timeLimit(.minutes(10))) func `a whole day misses no window, does not drift and does not grow`() throws {
    let network = try StudentNetwork(width: WidthMultiplier(0.25), frames: 16, size: 112, classes: 3)
    let card = ModelCard(network: network, name: "made", labels: ["Walk", "Sit", "background"])
    var options = PipelineOptions(
      frames: 16, size: 4, rate: SampleRate(hertz: 7.5) ?? SampleRate(15),
      grouping: LabelGrouping(labels: card.labels), view: .scene)
    options.recognition.maximumDuration = .seconds(86_400)
    let began = Duration.seconds(1_000_000)
    let clock = Mutexed(began)
    let activities = Mutexed(0)
    let reports = Mutexed(0)
    let events = EventClock(bootID: "boot") { (clock.value, Date(timeIntervalSince1970: 1_800_000_000)) }
    let windows = WindowExchange()
    let camera = try LiveCamera(
      index: 0, options: options,
      reporter: CameraReporter(camera: "day", card: card, sha256: "0", options: options.recognition, clock: events),
      windows: windows, pictures: PictureExchange(), clock: events,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      send: { report in
        if case .activity = report { activities.change { $0 += 1 } }
        // Only predictions may come repeatedly.
        if case .prediction = report { return }
        reports.change { $0 += 1 }
      })
    camera.opened([])

    var random = SplitMix64(seed: 24)
    var times = LiveTimes(isOurClock: false)
    var frame = Frame()
    var latest = Duration.zero
    var bytesInTheFirstHour = 0
    let frames = 86_400 * 10
    for index in 0..<frames {
      let taken = Duration.milliseconds(100 * index)
      // Its clock gains 8 s during the day.
      var stamp: Duration? = .seconds(3) + taken * 1.0001
      if index % 601 == 600 { stamp = stamp.map { $0 - .milliseconds(150) } }
      if index % 977 == 976 { stamp = nil }
      let arrival = began + taken + .milliseconds(Int.random(in: 5...60, using: &random))
      clock.change { $0 = arrival }
      frame.timestamp = times.time(ofStamp: stamp, arrival: arrival)
      frame.sequence = index
      (frame.size, frame.format, frame.planes) = (
        FrameSize(width: 4, height: 4), .grey, [Frame.Plane(offset: 0, rowBytes: 4)]
      )
      if frame.bytes.count != 16 { frame.bytes = [UInt8](repeating: 9, count: 16) }
      frame.byteCount = 16
      if arrival - frame.timestamp > .milliseconds(200) { Issue.record("frame \(index) is late") }
      if camera.take(&frame, CaptureTotals()) { Issue.record("frame \(index) is taken for a frozen picture") }
      while !windows.isIdle, let (sender, jobs) = windows.next() {
        defer { windows.finish(sender) }
        for job in jobs {
          latest = max(latest, arrival - job.order.window.lastTime)
          let scored = ScoredWindow(logits: [3, 0, 0], probabilities: [0.9, 0.05, 0.05])
          camera.take(.scored(scored), for: job, inference: .milliseconds(5))
        }
      }
      if index == 36_000 { bytesInTheFirstHour = residentBytes() }
    }
    let growth = residentBytes() - bytesInTheFirstHour
    let counters = camera.counters
    let samples = Int(86_400 * 7.5)
    print(
      "a day: \(counters.frames) frames, \(counters.samples) samples, \(counters.windows) windows, "
        + "\(counters.skippedHops) skipped, latest \(latest), \(times.corrected) stamps corrected, \(growth >> 10) KiB more"
    )
    #expect(counters.frames == frames)
    #expect(abs(counters.samples - samples) <= 2)
    #expect(counters.windows == (counters.samples - 16) / 8 + 1 && counters.skippedHops == 0)
    #expect(latest <= .milliseconds(300))
    #expect(activities.value == 1 && reports.value <= 6)
    #expect(growth < 8 << 20, "\(growth) bytes")
  }

  private func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }
}
