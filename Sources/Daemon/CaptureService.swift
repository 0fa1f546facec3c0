import Capture
import ServiceLifecycle
import Video

/// One camera's thread: opens its source, gives its frames to the pipeline, and reopens it indefinitely when it is lost.
struct CaptureService: Service {
  /// The longest a source may take to open: somewhat more than networks and drivers allow themselves.
  private static let opening = Duration.seconds(120)
  /// The longest time between two checks for a frame; a check without a frame takes 200 ms.
  private static let looking = Duration.seconds(30)

  let camera: LiveCamera
  let source: SourceDescription
  let options: SourceOptions
  let lifeline: Lifeline

  init(camera: LiveCamera, source: SourceDescription, options: SourceOptions) {
    self.camera = camera
    self.source = source
    self.options = options
    lifeline = Lifeline("camera \(camera.name)")
  }

  func run() async throws {
    let stop = StopSignal()
    let interruption = ReadInterruption()
    try await withGracefulShutdownHandler {
      try await onOwnThread(named: "capture") { capture(until: stop, interruption) }
    } onGracefulShutdown: {
      stop.stop()
      interruption.interrupt()
    }
  }

  /// The pause between two attempts to open a source.
  private struct Retry {
    private static let shortest = Duration.milliseconds(500)
    private static let longest = Duration.seconds(30)
    private var delay = shortest
    /// Created on the first failure.
    private var arrivals: CameraArrivals?

    /// The next pause, with jitter so that cameras on one hub do not all retry at once.
    mutating func next() -> Duration {
      defer { delay = min(delay * 2, Self.longest) }
      return delay * Double.random(in: 0.8...1.2)
    }

    /// The source is open: stop listening for cameras being plugged in.
    mutating func rest() { arrivals = nil }

    /// Waits for the pause, or until a camera is plugged in.
    mutating func wait(_ pause: Duration, for source: SourceDescription, until stop: StopSignal) {
      if case .camera = source { arrivals = arrivals ?? CameraArrivals() }
      guard let arrivals else { return stop.wait(for: pause) }
      if arrivals.wait(for: pause, unless: { stop.isSet }) { delay = Self.shortest }
    }
  }

  private enum Outcome { case stopped, ended, stalled, frozen }

  private func capture(until stop: StopSignal, _ interruption: ReadInterruption) {
    defer { lifeline.rest() }
    var options = options
    options.media.interruption = interruption
    var totals = CaptureTotals()
    var retry = Retry()
    var lastComplaint = ""
    var lastWarnings: [String] = []
    while !stop.isSet {
      var counters = CaptureCounters()
      var isFrozen = false
      lifeline.promise(within: Self.opening)
      do throws(CaptureError) {
        var source = try source.open(options)
        // A camera that is lost repeatedly gives the same warnings each time.
        retry.rest()
        camera.opened(source.warnings == lastWarnings ? [] : source.warnings)
        lastWarnings = source.warnings
        let outcome = try read(&source, until: stop, totals, &counters)
        switch outcome {
        case .stopped: return
        case .ended:
          // A file that has ended is not reopened.
          camera.finish()
          return
        case .stalled: break
        case .frozen: isFrozen = true
        }
        lastComplaint = ""
      } catch {
        // Failures during shutdown are expected; the daemon reports the shutdown itself.
        if stop.isSet { return }
        let text = "\(error)"
        if text != lastComplaint || counters.delivered > 0 { camera.lose(text, totals.adding(counters)) }
        lastComplaint = text
      }
      totals = totals.adding(counters)
      if counters.delivered > 0 {
        totals.reconnects += 1
        if !isFrozen { retry = Retry() }
      }
      let pause = retry.next()
      lifeline.promise(within: pause + Self.looking)
      retry.wait(pause, for: source, until: stop)
    }
  }

  /// Reads an open source until it ends, fails, is silent for too long, or the daemon stops.
  private func read(
    _ source: inout any FrameSource & ~Copyable, until stop: StopSignal, _ before: CaptureTotals,
    _ counters: inout CaptureCounters
  ) throws(CaptureError) -> Outcome {
    var frame = Frame()
    while !stop.isSet {
      lifeline.promise(within: Self.looking)
      switch try source.next(into: &frame, timeout: .milliseconds(200)) {
      case .ended: return .ended
      case .frame:
        counters = source.counters
        if camera.take(&frame, before.adding(counters)) { return .frozen }
      case .notDue: camera.rest()
      case .timedOut:
        counters = source.counters
        if camera.isStalled(before.adding(counters)) { return .stalled }
      }
    }
    return .stopped
  }
}

extension CaptureTotals {
  func adding(_ counters: CaptureCounters) -> CaptureTotals {
    CaptureTotals(
      lost: lost + counters.lost, corrupt: corrupt + counters.corrupt, reconnects: reconnects,
      retimed: retimed + counters.retimed, goesByArrival: counters.goesByArrival)
  }
}
