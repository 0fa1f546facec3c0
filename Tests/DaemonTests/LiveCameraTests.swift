import Detection
import Events
import Foundation
import Logging
import ModelFile
import Networks
import Recognition
import TestSupport
import Testing
import Video

@testable import Daemon
@testable import Pipeline

/// A camera of the daemon without threads, sources or sockets; its messages are recorded.
struct Bench {
  let camera: LiveCamera
  let windows: WindowExchange
  let reports: Mutexed<[Report]>
  let clock: Mutexed<Duration>

  init(
    _ name: String, index: Int = 0, windows: WindowExchange = WindowExchange(), stallTime: Duration = .seconds(2),
    families: [LabelFamily] = [], previewInterval: Duration? = nil,
    edit: (inout RecognitionOptions) -> Void = { _ in }, show: @escaping @Sendable (PreviewPicture?) -> Void = { _ in }
  ) throws {
    let network = try StudentNetwork(width: WidthMultiplier(0.25), frames: 16, size: 112, classes: 3)
    let card = ModelCard(network: network, name: "made", labels: ["Walk", "Sit", "background"], families: families)
    var options = PipelineOptions(card, view: .scene)
    options.stallTime = stallTime
    options.previewInterval = previewInterval
    options.hop = 1
    options.recognition.onHold = 1
    edit(&options.recognition)
    let clock = Mutexed(Duration.seconds(100))
    let reports = Mutexed<[Report]>([])
    let events = EventClock(bootID: "boot") { (clock.value, Date(timeIntervalSince1970: 1_800_000_000)) }
    self.windows = windows
    self.reports = reports
    self.clock = clock
    camera = try LiveCamera(
      index: index, options: options,
      reporter: CameraReporter(
        camera: name, card: card, sha256: "0", options: options.recognition, clock: events),
      windows: windows, pictures: PictureExchange(), clock: events, logger: Logger(label: "test"),
      send: { report in reports.change { $0.append(report) } }, show: show)
  }

  /// Feeds frames at this rate up to now.
  func play(_ count: Int, perSecond rate: Int = 15) {
    for _ in 0..<count {
      clock.change { $0 += SampleRate(rate).offset(ofTick: 1) }
      var frame = Frame()
      frame.timestamp = clock.value
      frame.size = FrameSize(width: 16, height: 16)
      frame.bytes = [UInt8](repeating: 9, count: 256)
      frame.byteCount = 256
      frame.planes = [Frame.Plane(offset: 0, rowBytes: 16)]
      #expect(!camera.take(&frame, CaptureTotals()))
    }
  }

  /// Scores the windows whose turn it is, and returns their camera.
  @discardableResult func score(_ cameras: [LiveCamera], _ probabilities: [Float] = [0.9, 0.05, 0.05]) -> Int? {
    guard !windows.isIdle, let (sender, jobs) = windows.next() else { return nil }
    defer { windows.finish(sender) }
    for job in jobs {
      let scored = ScoredWindow(logits: [3, 0, 0], probabilities: probabilities)
      cameras[sender.camera].take(.scored(scored), for: job, inference: .milliseconds(5))
    }
    return sender.camera
  }

  var words: [String] {
    reports.value.compactMap { report in
      switch report {
      case .activity(let event): "\(event.type.rawValue) \(event.endReason ?? "")"
      case .health(let health): health.type.rawValue
      case .state(let state): "= \(state.state) \(state.condition)"
      case .person, .prediction: nil
      }
    }
  }
}

@Suite struct `A live camera` {
  @Test func `a live camera reports once that windows are skipped, and once that they no longer are`() throws {
    let bench = try Bench("room")
    bench.play(16 + 8)
    #expect(bench.words.filter { $0 == "inference.degraded" }.count == 1)
    for _ in 0..<30 {
      bench.score([bench.camera])
      bench.play(1)
    }
    #expect(bench.words.filter { $0.hasPrefix("inference.") } == ["inference.degraded", "inference.recovered"])
  }

  @Test func `a lost camera reports it at once, even if another always has windows ready`() throws {
    let windows = WindowExchange()
    let busy = try Bench("busy", index: 0, windows: windows)
    let lost = try Bench("lost", index: 1, windows: windows)
    let cameras = [busy.camera, lost.camera]
    busy.play(16)
    lost.play(16)
    while busy.score(cameras) != nil {}
    #expect(lost.words.contains("activity.start "))
    // From here on the network is always busy.
    for _ in 0..<5 {
      busy.play(1)
      busy.score(cameras)
      busy.play(1)
    }
    lost.camera.lose("unplugged", CaptureTotals())
    #expect(lost.words.suffix(3) == ["activity.end camera_lost", "= no_signal offline", "camera.offline"])
    #expect(!windows.isIdle, "the other camera's window still waits")
  }

  @Test func `a live camera stalls after the time in its settings, not before`() throws {
    let bench = try Bench("slow", stallTime: .seconds(30))
    bench.play(3)
    bench.clock.change { $0 += .seconds(29) }
    #expect(!bench.camera.isStalled(CaptureTotals()))
    bench.clock.change { $0 += .seconds(2) }
    #expect(bench.camera.isStalled(CaptureTotals()))
    #expect(bench.words.last == "camera.stalled")
  }

  @Test func `a live camera replaces a window that was not scored in time, and counts it`() throws {
    let bench = try Bench("fast")
    bench.play(20)
    #expect(bench.camera.counters.skippedHops == 4)
    bench.score([bench.camera])
    #expect(bench.camera.counters.windows == 1)
  }

  /// Each of its frames is five samples, and completes a window for each.
  @Test func `a live camera with few frames loses none of the windows that a frame completes`() throws {
    let bench = try Bench("slow")
    for _ in 0..<20 {
      bench.play(1, perSecond: 3)
      bench.score([bench.camera])
    }
    let counters = bench.camera.counters
    #expect(counters.samples > 80 && counters.windows == counters.samples - 15)
    #expect(counters.skippedHops == 0 && !bench.words.contains("inference.degraded"))
  }

  @Test func `a live camera discards windows from before a loss`() throws {
    let bench = try Bench("gone")
    bench.play(16)
    bench.camera.lose("unplugged", CaptureTotals())
    #expect(bench.windows.isIdle)
    #expect(!bench.words.contains { $0.hasPrefix("activity") })
  }

  @Test func `a live camera reports families, each with its most probable label`() throws {
    let bench = try Bench("room", families: [LabelFamily(name: "Move", labels: ["Walk", "Sit"])]) {
      $0.activities["Move"] = RecognitionOptions.Activity()
      $0.activities["Move"]?.on = 0.8
    }
    bench.play(16)
    bench.score([bench.camera], [0.4, 0.45, 0.15])
    bench.camera.shutDown(for: .shutdown)
    let events = bench.reports.value.compactMap { if case .activity(let event) = $0 { event } else { nil } }
    let label = ActivityEvent.Label(label: "Move", index: 0, member: "Sit")
    #expect(events.map(\.type) == [.start, .end] && events.allSatisfy { $0.activity == label })
    #expect(abs((events.first?.confidence ?? 0) - 0.85) < 1e-6)
    #expect(events.first?.threshold.on == 0.8)
    #expect(events.first?.model.classes == 3, "families do not change the model's number of classes")
    let predictions = bench.reports.value.compactMap {
      if case .prediction(let prediction) = $0 { prediction } else { nil }
    }
    #expect(predictions.map { $0.top.map(\.label) } == [["Move", "background"]])
    #expect(predictions.map { $0.top.map(\.member) } == [["Sit", "background"]])
    let states = bench.reports.value.compactMap { if case .state(let state) = $0 { state.activity } else { nil } }
    #expect(states == [label])
  }

  @Test func `a live camera reports labels if there are no families`() throws {
    let bench = try Bench("room")
    bench.play(16)
    bench.score([bench.camera], [0.4, 0.45, 0.15])
    bench.play(1)
    bench.score([bench.camera])
    bench.play(1)
    bench.score([bench.camera])
    let events = bench.reports.value.compactMap { if case .activity(let event) = $0 { event.activity } else { nil } }
    #expect(
      events == [ActivityEvent.Label(label: "Walk", index: 0)], "0.85 in total, but in two labels, starts neither")
    let predictions = bench.reports.value.compactMap {
      if case .prediction(let prediction) = $0 { prediction } else { nil }
    }
    #expect(predictions.first?.top.map(\.label) == ["Sit", "Walk", "background"])
    #expect(predictions.flatMap(\.top).allSatisfy { $0.member == nil })
  }

  @Test func `a live camera ends what is open when the daemon stops`() throws {
    let bench = try Bench("room")
    bench.play(16)
    bench.score([bench.camera])
    bench.camera.shutDown(for: .shutdown)
    #expect(bench.words.contains("activity.end shutdown"))
    #expect(bench.words.suffix(2) == ["= no_signal offline", "camera.offline"])
  }
}
