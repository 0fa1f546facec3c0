import Capture
import ServiceLifecycle
import Video

/// One camera's thread: opens its source, gives its frames to the pipeline, and reopens it indefinitely when it is lost.
struct CaptureService: Service {
  /// Longest that a source may take to open: what networks and drivers allow themselves, and some.
  private static let opening = Duration.seconds(120)
  /// Longest between two looks for a frame, which take 200 ms where none comes.
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

  /// The time between two tries to open a source.
  private struct Retry {
    private static let shortest = Duration.milliseconds(500)
    private static let longest = Duration.seconds(30)
    private var delay = shortest
    /// From the first failure on.
    private var arrivals: CameraArrivals?

    /// The next wait, with jitter so that cameras on one hub do not all come at once.
    mutating func next() -> Duration {
      defer { delay = min(delay * 2, Self.longest) }
      return delay * Double.random(in: 0.8...1.2)
    }

    /// The source is open: nothing is to be heard of cameras that come.
    mutating func rest() { arrivals = nil }

    /// Waits, but not longer than until a camera is plugged in.
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
        // A camera that is lost again and again has the same to say each time.
        retry.rest()
        camera.opened(source.warnings == lastWarnings ? [] : source.warnings)
        lastWarnings = source.warnings
        let outcome = try read(&source, until: stop, totals, &counters)
        switch outcome {
        case .stopped: return
        case .ended:
          // Files come to an end; there is nothing to wait for.
          camera.finish()
          return
        case .stalled: break
        case .frozen: isFrozen = true
        }
        lastComplaint = ""
      } catch {
        // What fails then fails because the daemon stops, and it says so itself.
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
