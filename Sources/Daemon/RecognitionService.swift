import Events
import Foundation
import Inference
import Logging
import ModelFile
import Networks
import Pipeline
import Recognition
import ServiceLifecycle
import Video

/// The one scheduler: takes windows of all cameras in the order they came, runs the network, decides and publishes.
///
/// One thread, since one inference already uses every core it may.
struct RecognitionService: Service {
  let inboxes: [CameraInbox]
  let model: StudentModel
  let precision: Precision
  let threads: Int
  let options: RecognitionOptions
  let publisher: EventPublisher
  /// Poked when an inbox was given something.
  let bell: StopSignal
  /// Called once the network is planned and its weights are packed.
  let onReady: @Sendable (String) -> Void
  let logger: Logger

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await onOwnThread(named: "recognition") { try recognize() }
    } onGracefulShutdown: {
      bell.stop()
    }
  }

  private func recognize() throws {
    let scorer = try WindowScorer(model, precision: precision, threads: threads)
    onReady("\(scorer.engine.precision.rawValue), \(scorer.engine.memoryBytes >> 20) MiB, \(threads) threads")
    var cameras = inboxes.map {
      CameraRecognizer(camera: $0.name, model: model, options: options, publisher: publisher)
    }
    var statistics = inboxes.map { _ in WindowStatistics() }
    var window = ClipWindow(frames: model.network.frames, size: model.network.size)

    while !bell.isSet {
      bell.wait(for: .seconds(1))
      for (index, inbox) in inboxes.enumerated() {
        for notice in inbox.takeNotices() {
          cameras[index].take(notice, counters: statistics[index].counters(inbox))
        }
        publisher.update(statistics[index].counters(inbox), of: inbox.name)
      }
      while !bell.isSet, let index = nextCamera() {
        guard inboxes[index].takeWindow(into: &window) else { continue }
        let began = ContinuousClock.now
        let scored = try scorer.score(window)
        let inference = ContinuousClock.now - began
        cameras[index].take(scored, of: window, inference: inference)
        let latency = publisher.options.clock.now().monotonic - window.lastTime
        statistics[index].add(inference: inference, latency: latency)
        publisher.update(statistics[index].counters(inboxes[index]), of: inboxes[index].name)
      }
    }
    for (index, inbox) in inboxes.enumerated() {
      cameras[index].shutDown()
      logger.notice("\(statistics[index].summary(inbox))", metadata: ["camera": "\(inbox.name)"])
    }
  }

  /// The camera whose window has waited longest.
  private func nextCamera() -> Int? {
    inboxes.indices.compactMap { index in inboxes[index].waitingSince.map { (since: $0, index: index) } }
      .min { $0.since < $1.since }?.index
  }
}

/// Times of one camera's windows, for the heartbeat and the summary at the end.
struct WindowStatistics {
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

  func counters(_ inbox: CameraInbox) -> CameraHealth.Counters {
    let report = inbox.captureReport
    var counters = CameraHealth.Counters()
    counters.frames = report.stream.frames
    counters.samples = report.stream.samples
    counters.windows = windows
    counters.skippedHops = inbox.skippedHops
    counters.lostFrames = report.lost
    counters.corruptFrames = report.corrupt + report.stream.unusable
    counters.reconnects = report.reconnects
    return counters
  }

  /// One line for people, and for the checks that run the daemon for long.
  func summary(_ inbox: CameraInbox) -> String {
    let counters = counters(inbox)
    return """
      \(counters.frames) frames, \(counters.samples) samples, \(counters.windows) windows, \
      \(counters.skippedHops) hops skipped, inference median \(percentile(0.5, of: inference)) ms, \
      last frame to event median \(percentile(0.5, of: latency)) ms, p99 \(percentile(0.99, of: latency)) ms
      """
  }

  private func percentile(_ share: Double, of durations: [Duration]) -> Int {
    let sorted = durations.sorted()
    guard !sorted.isEmpty else { return 0 }
    return Int((sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] / .milliseconds(1)).rounded())
  }
}
