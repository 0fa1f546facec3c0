import Recognition
import Video

/// The subjects of a pipeline: the whole scene, or each person.
protocol SubjectView: Sendable {
  /// Storage of scored windows, for reuse.
  var spares: [ClipWindow] { get set }
  var pictureBytes: Int { get }

  /// Takes the next sample, and requests whatever is then due.
  mutating func append(
    _ sample: Sample, _ pixels: [UInt8], size: FrameSize, _ session: Int, _ outputs: inout [PipelineOutput])
  /// Call when no more samples follow.
  mutating func finish(_ session: Int, _ outputs: inout [PipelineOutput])
  mutating func take(_ boxes: [ScoredBox], in ticket: PictureTicket)
  mutating func take(_ scores: ActivityScores, for order: WindowOrder, _ outputs: inout [PipelineOutput])
  mutating func skip(_ order: WindowOrder, _ outputs: inout [PipelineOutput])
  /// Ends what is going on, because of a gap between the last sample and the next.
  mutating func breakOff(at time: Duration, _ outputs: inout [PipelineOutput])
  /// Ends everything open, because frames stopped.
  mutating func end(at time: Duration, _ reason: EndReason, _ outputs: inout [PipelineOutput])
  func situation(_ condition: CameraCondition, at time: Duration) -> Situation
  func count(into counters: inout PipelineCounters)
}

extension SubjectView {
  /// Storage for one window.
  mutating func makeWindow(_ options: PipelineOptions) -> ClipWindow {
    spares.popLast() ?? ClipWindow(frames: options.frames, size: options.size)
  }
}

/// What one person, or the whole scene, is doing.
struct Subject: Sendable {
  var decider: ActivityDecider
  /// Since when `decider.state` has had its value.
  private(set) var since: Duration
  /// End of the most recently scored window.
  private(set) var lastScored: Duration?

  init(_ options: PipelineOptions, at time: Duration) {
    decider = ActivityDecider(options.grouping, options: options.recognition)
    since = time
  }

  mutating func decide(_ scores: ActivityScores, _ window: WindowDescription) -> [ActivityChange] {
    lastScored = window.lastTime
    return following(at: window.lastTime) { $0.decide(window.scores(scores)) }
  }

  mutating func warmUp(at time: Duration) {
    _ = following(at: time) { decider in
      decider.warmUp()
      return []
    }
  }

  /// Ends what is open, no later than the last time it was observed.
  mutating func end(at time: Duration, _ reason: EndReason) -> [ActivityChange] {
    let end = min(time, lastScored ?? time)
    return following(at: time) { $0.end(at: end, reason: reason) }
  }

  private mutating func following(
    at time: Duration, _ body: (inout ActivityDecider) -> [ActivityChange]
  ) -> [ActivityChange] {
    let before = decider.state
    let changes = body(&decider)
    if decider.state != before { since = decider.current?.onset ?? time }
    return changes
  }
}

extension Situation.Word {
  init(_ state: RecognitionState) {
    self =
      switch state {
      case .noSignal: .noSignal
      case .warmingUp: .warmingUp
      case .idle: .idle
      case .unknown: .unknown
      case .activity(let index, let member): .activity(index: index, member: member)
      }
  }
}
