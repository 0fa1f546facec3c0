package import Capture
package import Detection
import Recognition
package import Video

/// The one path from a camera's frames to people and activities, for the daemon and for files.
///
/// A value without clocks or threads: frames, losses, ticks, a finder's boxes and the network's scores go in, with their
/// times; out come pictures for the finder, windows for the network, and what changed. Whoever drives it passes those on,
/// in order. What a finder says of a picture counts from a fixed number of samples later on, and who leaves is only let
/// go once their last windows are scored: so that a finder and a network that keep up give the same events as those that
/// answer at once.
package struct CameraPipeline: ~Copyable {
  private enum State {
    case away(CameraCondition)
    /// The source is open and has given no frame yet; it was like this before.
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
  /// Counts losses; see `WindowOrder.session`.
  private var session = 0
  private var lastTime = Duration.zero
  private var lastPreview: Duration?
  /// When the last sample was made, on the clock of `tick`.
  private var lastUse = Duration.zero
  /// The last reason for which a frame was skipped; each is told once.
  private var skipReason: String?
  private var counts = PipelineCounters()

  /// - Throws: `CaptureError` when libjpeg-turbo cannot start.
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

  /// Bytes of pictures that are kept.
  package var pictureBytes: Int { view.pictureBytes }

  /// What is going on, said again.
  package func situation(at time: Duration) -> Situation {
    var situation = view.situation(condition, at: time)
    // A window that never fills is no warming up.
    if isSlow, situation.word == .warmingUp { situation.word = .unknown }
    return situation
  }

  /// Takes the next frame.
  ///
  /// `frame` comes back with other storage. `now` is when it arrived, on the clock of `tick`.
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
    if condition != .online { outputs.append(.condition(.online, reason: "frames arrive")) }
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

  /// A frame is there whose time has not come, so nothing is missing.
  package mutating func rest(at now: Duration) {
    switch state {
    case .away: break
    case .opened(_, let condition): state = .opened(at: now, after: condition)
    case .online: state = .online(lastFrame: now)
    }
  }

  /// A frame came that cannot be used: where that goes on the camera counts as stalled, though it is not silent.
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
    return leave(.stalled, .cameraLost, at: now, reason: "frames arrive, but none can be used: \(reason)")
  }

  private mutating func freeze(at now: Duration) -> [PipelineOutput] {
    if case .online = state {
      let seconds = (options.frozenTime ?? .zero) / .seconds(1)
      let reason =
        "the picture has been the same, bit for bit, for \(seconds) s; where that is as it should be, set "
        + "cameras[].frozenSeconds to 0"
      return leave(.stalled, .cameraLost, at: now, reason: reason)
    }
    state = .away(condition)
    return []
  }

  /// True while the camera sends one picture again and again; opening it again may help.
  package var isFrozen: Bool { frozen.isFrozen }

  /// The source is open; a frame is expected from now on.
  package mutating func open(at now: Duration) { state = .opened(at: now, after: condition) }

  /// Time passes without a frame: after `PipelineOptions.stallTime` the camera counts as stalled.
  ///
  /// - Parameters:
  ///   - now: on the clock of `take`.
  ///   - faulty: frames that the source has left out as faulty since the last good one.
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
    let reason = faulty > 0 ? "no usable frame for \(seconds) s; faulty ones: \(faulty)" : "no frame for \(seconds) s"
    return leave(.stalled, .cameraLost, at: now, reason: reason)
  }

  /// True while no frame has come for `PipelineOptions.stallTime`.
  package var isStalled: Bool {
    if case .away(.stalled) = state { true } else { false }
  }

  /// Frames stop: the source failed, ended, or is let go.
  ///
  /// After `ended`, call `finish` first, which settles what the last frames still owe.
  package mutating func lose(_ loss: CameraLoss, at now: Duration, reason: String) -> [PipelineOutput] {
    frozen.forget()
    return leave(.offline, loss.endReason, at: now, reason: reason)
  }

  /// Settles what the last frame owes at the end of a file; a file shorter than a window is repeated to fill one.
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
    // What is too slow is not short, and its last frames would be taken for all of it.
    if !isSlow { view.finish(session, &outputs) }
    announce(at: lastTime, &outputs)
    return outputs
  }

  /// Takes what the finder says of a picture.
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

  /// Takes the network's probabilities of a window, one a label; here they become those of families.
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

  /// A window was taken, and nothing can be said of it yet.
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
            "\(share) % of windows are skipped, because the network is too slow for all cameras and people; set a "
            + "larger model.hop, a smaller people.most, or take a smaller model")
        : .recovered(reason: "no window was skipped lately"))
  }

  /// Takes the storage of a window back, to fill it again.
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
      outputs.append(.condition(.online, reason: "windows are filled"))
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

/// Decodes the JPEG frames that became samples.
private final class ChosenFrameDecoder {
  private var decoder: FrameDecoder
  private let options: PipelineOptions

  init(_ options: PipelineOptions) throws(CaptureError) {
    decoder = try FrameDecoder()
    self.options = options
  }

  var damagedCount: Int { decoder.damagedCount }

  func decode(_ frame: Frame, into target: inout Frame) throws {
    // What is needed is known of the upright picture, and what is decoded is the stored one.
    let orientation = frame.orientation.followed(by: options.mounting)
    let needed = options.picture.minimumDecodedSize(of: orientation.size(of: frame.size))
    let scale: FrameDecoder.Scale = options.decodesExactly ? .exact : .covering(orientation.size(of: needed))
    try decoder.decode(frame, into: &target, scale: scale)
  }
}
