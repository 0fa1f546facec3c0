import Capture
import Foundation
import Logging
import Pipeline
import ServiceLifecycle
import Synchronization
import Video

/// One camera: opens it, samples its frames, leaves windows in the inbox, and opens it again for ever when it is lost.
struct CaptureService: Service {
  let inbox: CameraInbox
  let source: SourceDescription
  let sourceOptions: SourceOptions
  let streamOptions: StreamOptions
  let decodesExactly: Bool
  let stallTime: Duration
  /// Orders windows of all cameras by arrival.
  let arrivals: ArrivalCounter
  let logger: Logger

  func run() async throws {
    let stop = StopSignal()
    try await withGracefulShutdownHandler {
      try await onOwnThread(named: "capture") { try capture(until: stop) }
    } onGracefulShutdown: {
      stop.stop()
    }
  }

  /// Waits between two tries to open a source.
  private struct Backoff {
    private static let longest = Duration.seconds(30)
    private var delay = Duration.milliseconds(500)

    /// The next wait, with jitter so that cameras on one hub do not all come at once.
    mutating func next() -> Duration {
      defer { delay = min(delay * 2, Self.longest) }
      return delay * Double.random(in: 0.8...1.2)
    }
  }

  private func capture(until stop: StopSignal) throws {
    var reader = try StreamReader(streamOptions, decodesExactly: decodesExactly)
    var report = CaptureReport()
    var backoff = Backoff()
    var lastComplaint = ""
    while !stop.isSet {
      var counters = CaptureCounters()
      var opened = false
      do {
        var source = try source.open(sourceOptions)
        let outcome = try read(&source, into: &reader, until: stop, &report, &counters) {
          opened = true
          backoff = Backoff()
          lastComplaint = ""
        }
        guard outcome == .stopped else {
          // Files and synthetic scenes come to an end; there is nothing to wait for.
          logger.notice("source ended")
          inbox.leave(.lost(.ended, at: FrameClock.monotonic.now(), detail: "the source ended"))
          return
        }
      } catch {
        let loss: CameraLoss = if case .stalled = error { .stalled } else { .offline }
        let text = "\(error)"
        if text != lastComplaint {
          logger.warning("\(text)")
          inbox.leave(.lost(loss, at: FrameClock.monotonic.now(), detail: text))
          lastComplaint = text
        }
      }
      report.lost += counters.lost
      report.corrupt += counters.corrupt
      if opened { report.reconnects += 1 }
      inbox.report(report)
      reader.restart()
      if !stop.isSet { stop.wait(for: backoff.next()) }
    }
  }

  private enum Outcome { case stopped, ended }

  /// Reads an open source until it ends, fails or the daemon stops.
  private func read(
    _ source: inout any FrameSource & ~Copyable, into reader: inout StreamReader, until stop: StopSignal,
    _ report: inout CaptureReport, _ counters: inout CaptureCounters, onFirstFrame: () -> Void
  ) throws(CaptureError) -> Outcome {
    var isOnline = false
    var lastFrame = ContinuousClock.now
    var restarts = reader.stream.sampler.counters.restarts
    let before = report
    func windowDue(_ ring: borrowing FrameRing) { inbox.leave(ring, arrival: arrivals.next()) }

    while !stop.isSet {
      switch try reader.step(&source, timeout: .milliseconds(200), windowDue: windowDue) {
      case .ended: return .ended
      case .timedOut:
        if ContinuousClock.now - lastFrame > stallTime {
          throw .stalled(source: inbox.name, seconds: stallTime / .seconds(1))
        }
      case .frame(_, let skipped):
        lastFrame = .now
        if !isOnline {
          isOnline = true
          onFirstFrame()
          inbox.leave(.online(detail: "frames arrive"))
        } else if reader.stream.sampler.counters.restarts != restarts {
          inbox.leave(.refilling)
        }
        restarts = reader.stream.sampler.counters.restarts
        if let skipped { logger.warning("frame skipped: \(skipped)") }
      }
      counters = source.counters
      report.stream = reader.stream.sampler.counters
      inbox.report(
        CaptureReport(
          stream: report.stream, lost: before.lost + counters.lost, corrupt: before.corrupt + counters.corrupt,
          reconnects: report.reconnects))
    }
    return .stopped
  }
}

/// Numbers windows across cameras.
final class ArrivalCounter: Sendable {
  private let count = Atomic<UInt64>(0)

  func next() -> UInt64 { count.add(1, ordering: .relaxed).newValue }
}
