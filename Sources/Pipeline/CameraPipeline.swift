package import Capture
package import Detection
import Recognition
package import Video

/// The path from a camera's frames to people and activities, for the daemon and for files.
///
/// A value without clocks or threads. Frames, losses, ticks, the finder's boxes and the network's scores go in, with
/// their times; pictures for the finder, windows for the network, and changes come out. The caller passes those on in
/// order. A finder's answer takes effect a fixed number of samples later, and a departed person is only removed once
/// their last windows are scored, so a finder and a network that keep up give the same events as ones that answer at
/// once.
package struct CameraPipeline: ~Copyable {
  private enum State {
    case away(CameraCondition)
    /// The source is open but has not delivered a frame yet; `after` is the condition before.
    case opened(at: Duration, after: CameraCondition)
    case online(lastFrame: Duration)
  }

  private let options: PipelineOptions
  private let decoder: ChosenFrameDecoder
  private var sampler: FrameSampler
  private var state = State.away(.offline)
  private var view: any SubjectView
  private var watch: RateWatch
  private var frozen: FrozenPicture
  private var isSlow = false
  private var load = LoadWatch()
  private var lastSampleTime: Duration?
  private var announced: Situation?
  private var finderHasFailed = false
  /// Number of losses so far; see `WindowOrder.session`.
  private var session = 0
  private var lastTime = Duration.zero
  private var lastPreview: Duration?
  /// When the last sample was taken, on the clock of `tick`.
  private var lastUse = Duration.zero
  /// The reason the last frame was skipped; each reason is reported once.
  private var skipReason: String?
  private var counts = PipelineCounters()

  /// - Throws: `CaptureError` if libjpeg-turbo cannot start.
  package init(_ options: PipelineOptions) throws(CaptureError) {
    self.options = options
    decoder = try ChosenFrameDecoder(options)
    sampler = options.sampler
    watch = RateWatch(options)
    frozen = FrozenPicture(limit: options.frozenTime)
    view =
      switch options.view {
      case .scene: SceneView(options)
      case .people(let following): PeopleView(options, following)
      }
  }

  package var counters: PipelineCounters {
    var counters = counts
    counters.stream = sampler.counters
    counters.damaged = decoder.damagedCount
    view.count(into: &counters)
    return counters
  }

  package var condition: CameraCondition {
    switch state {
    case .away(let condition), .opened(_, let condition): condition
    case .online: .online
    }
  }

  /// Size of the stored pictures in bytes.
  package var pictureBytes: Int { view.pictureBytes }

  /// What is going on, even if it has not changed.
  package func situation(at time: Duration) -> Situation {
    var situation = view.situation(condition, at: time)
    // A window that never fills is not warming up.
    if isSlow, situation.word == .warmingUp { situation.word = .unknown }
    return situation
  }

  /// Takes the next frame.
  ///
  /// `frame` is returned with different storage. `now` is its arrival, on the clock of `tick`.
  package mutating func take(_ frame: inout Frame, at now: Duration) -> [PipelineOutput] {
    frozen.look(at: frame, now)
    guard !frozen.isFrozen else { return freeze(at: now) }
    var outputs: [PipelineOutput] = []
    lastTime = frame.timestamp
    watch.frame(at: lastTime)
    let unusable = sampler.counters.unusable
    var samples: [(Sample, [UInt8])] = []
    sampler.push(&frame, decode: decoder.decode) { samples.append(($0, $1)) }
    guard !samples.isEmpty || sampler.counters.unusable == unusable else {
      skipped(since: unusable, &outputs)
      return outputs + missUse(at: now)
    }
    if !samples.isEmpty { lastUse = now }
    if condition != .online { outputs.append(.condition(.online, reason: "frames are arriving")) }
    state = .online(lastFrame: now)
    for (sample, pixels) in samples { take(sample, pixels, &outputs) }
    skipped(since: unusable, &outputs)
    if !isSlow, let complaint = watch.complaint {
      isSlow = true
      outputs.append(.slow(reason: complaint))
    }
    announce(at: lastTime, &outputs)
    return outputs
  }

  /// The next frame is there but not due, so nothing is missing.
  package mutating func rest(at now: Duration) {
    switch state {
    case .away: break
    case .opened(_, let condition): state = .opened(at: now, after: condition)
    case .online: state = .online(lastFrame: now)
    }
  }

  /// A frame arrived but cannot be used: if that continues, the camera counts as stalled although it is not silent.
  private mutating func missUse(at now: Duration) -> [PipelineOutput] {
    let since: Duration
    switch state {
    case .away: return []
    case .opened(let time, let before):
      guard before != .stalled else { return [] }
      since = time
    case .online:
      state = .online(lastFrame: now)
      since = lastUse
    }
    guard now - since > options.stallTime else { return [] }
    let reason = sampler.lastFailure.map { "\($0)" } ?? "unknown"
    return leave(.stalled, .cameraLost, at: now, reason: "frames are arriving, but none can be used: \(reason)")
  }

  private mutating func freeze(at now: Duration) -> [PipelineOutput] {
    if case .online = state {
      let seconds = (options.frozenTime ?? .zero) / .seconds(1)
      let reason =
        "the picture has been the same, bit for bit, for \(seconds) s; if that is intended, set "
        + "cameras[].frozenSeconds to 0"
      return leave(.stalled, .cameraLost, at: now, reason: reason)
    }
    state = .away(condition)
    return []
  }

  /// True while the camera keeps sending the same picture; reopening it may help.
  package var isFrozen: Bool { frozen.isFrozen }

  /// The source is open; a frame is expected from now on.
  package mutating func open(at now: Duration) { state = .opened(at: now, after: condition) }

  /// Time passes without a frame: after `PipelineOptions.stallTime` the camera counts as stalled.
  ///
  /// - Parameters:
  ///   - now: on the clock of `take`.
  ///   - faulty: number of faulty frames the source skipped since the last good one.
  /// - Returns: what changed.
  package mutating func tick(at now: Duration, faulty: Int = 0) -> [PipelineOutput] {
    switch state {
    case .away: return []
    case .opened(let time, let before):
      guard now - time > options.stallTime else { return [] }
      if before == .stalled {
        state = .away(.stalled)
        return []
      }
    case .online(let lastFrame):
      guard now - lastFrame > options.stallTime else { return [] }
    }
    let seconds = options.stallTime / .seconds(1)
    let reason = faulty > 0 ? "no usable frame for \(seconds) s; \(faulty) faulty ones" : "no frame for \(seconds) s"
    return leave(.stalled, .cameraLost, at: now, reason: reason)
  }

  /// True if no frame has arrived for `PipelineOptions.stallTime`.
  package var isStalled: Bool {
    if case .away(.stalled) = state { true } else { false }
  }

  /// Frames stop: the source failed, ended, or is being closed.
  ///
  /// Before a loss because of `ended`, call `finish`, which processes the last frames.
  package mutating func lose(_ loss: CameraLoss, at now: Duration, reason: String) -> [PipelineOutput] {
    frozen.forget()
    return leave(.offline, loss.endReason, at: now, reason: reason)
  }

  /// Processes the last frames at the end of a file; a file shorter than a window is repeated to fill one.
  package mutating func finish() -> [PipelineOutput] {
    var outputs: [PipelineOutput] = []
    let unusable = sampler.counters.unusable
    var samples: [(Sample, [UInt8])] = []
    sampler.finish(decode: decoder.decode) { samples.append(($0, $1)) }
    for (sample, pixels) in samples { take(sample, pixels, &outputs) }
    skipped(since: unusable, &outputs)
    if let complaint = watch.complaintAtEnd, !isSlow {
      isSlow = true
      outputs.append(.slow(reason: complaint))
    }
    // A file with too few frames per second is not short; its last frames would be mistaken for the whole of it.
    if !isSlow { view.finish(session, &outputs) }
    announce(at: lastTime, &outputs)
    return outputs
  }

  /// Takes the finder's answer for a picture.
  package mutating func take(found: Result<[ScoredBox], DetectionError>, in ticket: PictureTicket) -> [PipelineOutput] {
    var outputs: [PipelineOutput] = []
    switch found {
    case .success(let boxes):
      if finderHasFailed { outputs.append(.finderRecovered) }
      finderHasFailed = false
      counts.finds += 1
      if ticket.session == session { view.take(boxes, in: ticket) }
    case .failure(let error):
      if !finderHasFailed { outputs.append(.finderFailed(reason: "\(error)")) }
      finderHasFailed = true
    }
    return outputs
  }

  /// Takes the network's probabilities for a window, one per label; they are summed into families here.
  package mutating func take(_ probabilities: [Float], for order: WindowOrder) -> [PipelineOutput] {
    counts.windows += 1
    guard order.session == session else { return [] }
    var outputs: [PipelineOutput] = []
    watchLoad(wasSkipped: false, &outputs)
    let order = order.earlier(by: options.delay, at: options.rate)
    view.take(options.grouping.scores(probabilities), for: order, &outputs)
    announce(at: order.window.lastTime, &outputs)
    return outputs
  }

  /// A window was processed, but there is no result for it yet.
  package mutating func pass(_ order: WindowOrder) -> [PipelineOutput] {
    guard order.session == session else { return [] }
    var outputs: [PipelineOutput] = []
    view.skip(order, &outputs)
    announce(at: order.window.lastTime, &outputs)
    return outputs
  }

  /// A window will not be scored.
  package mutating func skip(_ order: WindowOrder) -> [PipelineOutput] {
    counts.skippedHops += 1
    guard order.session == session else { return [] }
    var outputs: [PipelineOutput] = []
    watchLoad(wasSkipped: true, &outputs)
    view.skip(order, &outputs)
    announce(at: order.window.lastTime, &outputs)
    return outputs
  }

  private mutating func watchLoad(wasSkipped: Bool, _ outputs: inout [PipelineOutput]) {
    guard load.take(wasSkipped: wasSkipped) else { return }
    let share = Int((load.share * 100).rounded())
    outputs.append(
      load.isOverloaded
        ? .degraded(
          reason:
            "\(share) % of windows are skipped, because the network is too slow for all cameras and people; use a "
            + "larger model.hop, a smaller people.most, or a smaller model")
        : .recovered(reason: "no windows were skipped recently"))
  }

  /// Takes back a window's storage for reuse.
  package mutating func recycle(_ window: consuming ClipWindow) { view.spares.append(window) }

  private mutating func take(_ sample: Sample, _ pixels: [UInt8], _ outputs: inout [PipelineOutput]) {
    if sample.beginsRun, let lastSampleTime {
      view.breakOff(at: lastSampleTime, &outputs)
      session += 1
    }
    lastSampleTime = sample.time
    watch.sample(beginsRun: sample.beginsRun)
    if isSlow, watch.isFilled {
      isSlow = false
      outputs.append(.condition(.online, reason: "windows are complete"))
    }
    view.append(sample, pixels, size: sampler.pictureSize, session, &outputs)
    preview(pixels, at: sample.time, &outputs)
  }

  private mutating func preview(_ pixels: [UInt8], at time: Duration, _ outputs: inout [PipelineOutput]) {
    guard let interval = options.previewInterval else { return }
    if let lastPreview, time >= lastPreview, time - lastPreview < interval { return }
    lastPreview = time
    let people = view.situation(.online, at: time).people ?? []
    let working = WorkingPicture(region: options.region)
    outputs.append(
      .preview(
        PreviewPicture(
          size: sampler.pictureSize, pixels: pixels, boxes: people.map { working.inRegion($0.person.box) })))
  }

  private mutating func leave(
    _ condition: CameraCondition, _ reason: EndReason, at now: Duration, reason text: String
  ) -> [PipelineOutput] {
    var outputs: [PipelineOutput] = []
    view.end(at: now, reason, &outputs)
    session += 1
    sampler.restart()
    watch.restart()
    lastSampleTime = nil
    isSlow = false
    state = .away(condition)
    announce(at: now, &outputs)
    outputs.append(.condition(condition, reason: text))
    return outputs
  }

  private mutating func skipped(since count: Int, _ outputs: inout [PipelineOutput]) {
    guard sampler.counters.unusable > count, let failure = sampler.lastFailure, "\(failure)" != skipReason else {
      return
    }
    skipReason = "\(failure)"
    outputs.append(.skippedFrame(reason: "\(failure)"))
  }

  private mutating func announce(at time: Duration, _ outputs: inout [PipelineOutput]) {
    let situation = situation(at: time)
    if let announced, announced.says(situation) { return }
    announced = situation
    outputs.append(.situation(situation))
  }
}

/// Decodes the JPEG frames chosen as samples.
private final class ChosenFrameDecoder {
  private var decoder: FrameDecoder
  private let options: PipelineOptions

  init(_ options: PipelineOptions) throws(CaptureError) {
    decoder = try FrameDecoder()
    self.options = options
  }

  var damagedCount: Int { decoder.damagedCount }

  func decode(_ frame: Frame, into target: inout Frame) throws {
    // The required size refers to the upright picture, but the stored one is decoded.
    let orientation = frame.orientation.followed(by: options.mounting)
    let needed = options.picture.minimumDecodedSize(of: orientation.size(of: frame.size))
    let scale: FrameDecoder.Scale = options.decodesExactly ? .exact : .covering(orientation.size(of: needed))
    try decoder.decode(frame, into: &target, scale: scale)
  }
}
