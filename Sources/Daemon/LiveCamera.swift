import Capture
import Detection
import Events
import Logging
import Pipeline
import Synchronization
import Video

/// A window on its way to the network.
struct WindowJob: Sendable {
  var order: WindowOrder
  var window: ClipWindow
  /// When it was handed over for the network.
  var left: Duration
}

/// A picture on its way to the finder.
struct PictureJob: Sendable {
  var ticket: PictureTicket
  var picture: Frame
}

/// The windows of a stream that one frame completed: several, if the camera has few frames for the model's samples.
///
/// They are scored in turn: each shows another moment, so the last doesn't make up for the others.
typealias WindowExchange = Exchange<WindowStream, [WindowJob]>
/// A camera's pictures are those of one frame, for the same reason.
typealias PictureExchange = Exchange<Int, [PictureJob]>

/// One camera in the daemon: its pipeline, and where the pipeline's outputs go.
///
/// Capture, finder and network each call from their own thread; one lock protects the pipeline and the order of its
/// outputs. A loss is handled by the thread that notices it, so no other camera's windows can delay it.
final class LiveCamera: Sendable {
  private struct Desk: ~Copyable {
    var pipeline: CameraPipeline
    var reporter: CameraReporter
    var times = WindowTimes()
    var capture = CaptureTotals()
    /// `capture.corrupt` at the time of the last good frame.
    var corruptBefore = 0
    var skippedFinds = 0
    /// Where each person's last window was cut; 0 stands for the whole scene.
    var cuts: [Int: Int] = [:]
  }

  let index: Int
  let name: String
  private let desk: Mutex<Desk>
  /// How many windows may wait: those of one hop, so that none is much older than the people it shows.
  private let mostWaiting: Int
  /// Time between two windows of the same person.
  private let hop: Duration
  private let windows: WindowExchange
  private let pictures: PictureExchange
  private let clock: EventClock
  private let send: @Sendable (Report) -> Void
  private let count: @Sendable (CameraHealth.Counters) -> Void
  private let show: @Sendable (PreviewPicture?) -> Void
  private let logger: Logger

  /// Creates a camera before its first frame.
  ///
  /// `index` distinguishes its windows and pictures from those of other cameras. `send` receives messages in order and
  /// must not call back; `count` receives the newest counters, and `show` the newest picture for people, or nil when
  /// there no longer is one. Throws what `CameraPipeline` throws.
  init(
    index: Int, options: PipelineOptions, reporter: CameraReporter, windows: WindowExchange, pictures: PictureExchange,
    clock: EventClock, logger: Logger, send: @escaping @Sendable (Report) -> Void,
    count: @escaping @Sendable (CameraHealth.Counters) -> Void = { _ in },
    show: @escaping @Sendable (PreviewPicture?) -> Void = { _ in }
  ) throws(CaptureError) {
    self.index = index
    name = reporter.camera
    hop = .seconds(Double(options.hop) / options.rate.hertz)
    mostWaiting = if case .people(let following) = options.view { following.most } else { 1 }
    self.windows = windows
    self.pictures = pictures
    self.clock = clock
    self.send = send
    self.count = count
    self.show = show
    self.logger = logger
    desk = Mutex(Desk(pipeline: try CameraPipeline(options), reporter: reporter))
    desk.withLock { desk in
      let situation = desk.pipeline.situation(at: clock.now().monotonic)
      say(.situation(situation), &desk)
    }
  }

  // MARK: From the capture thread

  /// The source is open; silence is measured from now on.
  func opened(_ warnings: [String]) {
    for warning in warnings { logger.warning("\(warning)") }
    let now = clock.now().monotonic
    desk.withLock { $0.pipeline.open(at: now) }
  }

  /// Takes a frame; returns true while the camera keeps sending the same picture.
  func take(_ frame: inout Frame, _ totals: CaptureTotals) -> Bool {
    let now = clock.now().monotonic
    return desk.withLock { desk in
      if totals.goesByArrival, !desk.capture.goesByArrival {
        logger.warning("its timestamps do not advance at the speed of time; frames are timed by arrival")
      }
      (desk.capture, desk.corruptBefore) = (totals, totals.corrupt)
      serve(desk.pipeline.take(&frame, at: now), &desk)
      count(Self.counters(desk))
      return desk.pipeline.isFrozen
    }
  }

  /// Nothing is missing: the next frame is there but not due.
  func rest() {
    let now = clock.now().monotonic
    desk.withLock { $0.pipeline.rest(at: now) }
  }

  /// Time passes without a frame; returns true once the camera counts as stalled.
  func isStalled(_ totals: CaptureTotals) -> Bool {
    let now = clock.now().monotonic
    return desk.withLock { desk in
      desk.capture = totals
      serve(desk.pipeline.tick(at: now, faulty: totals.corrupt - desk.corruptBefore), &desk)
      return desk.pipeline.isStalled
    }
  }

  func lose(_ reason: String, _ totals: CaptureTotals) {
    withdrawWindows()
    desk.withLock { desk in
      desk.capture = totals
      serve(desk.pipeline.lose(.offline, at: clock.now().monotonic, reason: reason), &desk)
    }
  }

  /// The source has ended: scores what its last frames still need, then ends everything open.
  func finish() {
    func isOurs(_ sender: WindowStream) -> Bool { sender.camera == index }
    pictures.waitUntilDone({ $0 == index }, atMost: .seconds(5))
    desk.withLock { desk in serve(desk.pipeline.finish(), &desk) }
    windows.waitUntilDone(isOurs, atMost: .seconds(20))
    desk.withLock { desk in
      serve(desk.pipeline.lose(.ended, at: clock.now().monotonic, reason: "the source ended"), &desk)
    }
  }

  /// The daemon stops or reloads its settings: ends everything open.
  func shutDown(for cause: StopCause) {
    withdrawWindows()
    let summary = desk.withLock { desk in
      serve(desk.pipeline.lose(cause.loss, at: clock.now().monotonic, reason: cause.text), &desk)
      return desk.times.summary(Self.counters(desk))
    }
    logger.notice("\(summary)")
  }

  // MARK: From the network and the finder

  func take(_ outcome: WindowOutcome, for job: consuming WindowJob, inference: Duration) {
    let now = clock.now().monotonic
    let (order, left) = (job.order, job.left)
    desk.withLock { desk in
      desk.pipeline.recycle(job.window)
      switch outcome {
      case .scored(let scored):
        desk.times.add(
          WindowTimes.Stages(
            gathering: left - order.window.lastTime, waiting: now - inference - left, inference: inference,
            latency: now - order.window.lastTime))
        serve(desk.pipeline.take(scored.probabilities, for: order), inference: inference, &desk)
      case .tooEarly: serve(desk.pipeline.pass(order), &desk)
      case .noRoom: serve(desk.pipeline.skip(order), &desk)
      }
    }
  }

  func take(found: Result<[ScoredBox], DetectionError>, in ticket: PictureTicket) {
    desk.withLock { desk in serve(desk.pipeline.take(found: found, in: ticket), &desk) }
  }

  var counters: CameraHealth.Counters { desk.withLock { desk in Self.counters(desk) } }

  // MARK: Passing on

  private func withdrawWindows() {
    let waiting = windows.withdraw { $0.camera == index }
    desk.withLock { desk in
      for job in waiting.joined() { serve(desk.pipeline.skip(job.order), &desk) }
    }
  }

  private func serve(_ outputs: [PipelineOutput], inference: Duration? = nil, _ desk: inout Desk) {
    var due: [Int?: [WindowJob]] = [:]
    for case .window(let order, let window) in outputs {
      due[order.person, default: []].append(WindowJob(order: order, window: window, left: clock.now().monotonic))
    }
    var shown: [PictureJob] = []
    for output in outputs {
      switch output {
      case .window(let order, _):
        if let jobs = due.removeValue(forKey: order.person) { leave(jobs, of: order.person, &desk) }
      case .picture(let ticket, let picture): shown.append(PictureJob(ticket: ticket, picture: picture))
      case .preview(let picture): show(picture)
      case .skippedFrame(let reason): logger.warning("skipping frames: \(reason)")
      default: say(output, inference: inference, &desk)
      }
    }
    if !shown.isEmpty {
      desk.skippedFinds += pictures.leave(shown, from: index, deadline: clock.now().monotonic).joined().count
    }
  }

  /// Hands over a person's windows, and skips those that waited and now give way.
  private func leave(_ jobs: [WindowJob], of person: Int?, _ desk: inout Desk) {
    let longest = jobs.map { patience(for: $0.window, of: person, &desk) }.max() ?? hop
    let displaced = windows.leave(
      jobs, from: WindowStream(camera: index, person: person), deadline: clock.now().monotonic + longest,
      group: { [index] in $0.camera == index }, most: mostWaiting)
    for job in displaced.joined() {
      desk.pipeline.recycle(job.window)
      serve(desk.pipeline.skip(job.order), &desk)
    }
  }

  /// How long a window may wait to be scored: until the next one of its stream is due.
  ///
  /// A window that shows a different place than the last one costs as much as several, because nothing computed before
  /// can be reused. It may wait one hop longer, for a time when no other is due.
  private func patience(for window: ClipWindow, of person: Int?, _ desk: inout Desk) -> Duration {
    let goesOn = desk.cuts.updateValue(window.cut, forKey: person ?? 0) == window.cut
    return goesOn ? hop : hop * 2
  }

  private func say(_ output: PipelineOutput, inference: Duration? = nil, _ desk: inout Desk) {
    switch output {
    case .left(let person, _, _): desk.cuts[person.id] = nil
    case .condition(let condition, let reason):
      if condition != .online { show(nil) }
      logger.notice("\(condition.rawValue): \(reason)")
    case .slow(let reason): logger.warning("\(reason)")
    case .degraded(let reason): logger.warning("\(reason)")
    case .recovered(let reason): logger.notice("\(reason)")
    case .finderFailed(let reason): logger.error("the person finder failed: \(reason)")
    default: break
    }
    let counters = Self.counters(desk)
    if let report = desk.reporter.report(output, inference: inference, counters: counters) { send(report) }
  }

  private static func counters(_ desk: borrowing Desk) -> CameraHealth.Counters {
    let pipeline = desk.pipeline.counters
    var counters = CameraHealth.Counters()
    counters.frames = pipeline.stream.frames
    counters.samples = pipeline.stream.samples
    counters.windows = pipeline.windows
    counters.skippedHops = pipeline.skippedHops
    counters.emptyHops = pipeline.emptyHops
    counters.stillHops = pipeline.stillHops
    counters.unservedHops = pipeline.unservedHops
    counters.finds = pipeline.finds
    counters.skippedFinds = desk.skippedFinds
    counters.lostFrames = desk.capture.lost
    counters.corruptFrames = desk.capture.corrupt + pipeline.stream.unusable + pipeline.damaged
    counters.reconnects = desk.capture.reconnects
    counters.retimedFrames = desk.capture.retimed
    return counters
  }
}

/// Counts over all times a source was opened.
struct CaptureTotals: Equatable, Sendable {
  /// Frames lost before they reached us, and frames that were faulty.
  var lost = 0
  var corrupt = 0
  var reconnects = 0
  /// Frames whose own timestamps were missing or wrong.
  var retimed = 0
  /// See `CaptureCounters`.
  var goesByArrival = false
}
