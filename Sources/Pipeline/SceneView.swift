import Recognition
import Video

/// A view with the whole region as its only subject.
struct SceneView: SubjectView {
  private let options: PipelineOptions
  private var ring: FrameRing
  private var subject: Subject
  private var hasWindow = false
  private var still: StillGate
  var spares: [ClipWindow] = []

  init(_ options: PipelineOptions) {
    self.options = options
    ring = FrameRing(capacity: options.frames, size: options.size)
    subject = Subject(options, at: .zero)
    still = StillGate(level: options.stillLevel)
  }

  var pictureBytes: Int { options.frames * options.size * options.size * 3 }

  mutating func append(
    _ sample: Sample, _ pixels: [UInt8], size: FrameSize, _ session: Int, _ outputs: inout [PipelineOutput]
  ) {
    if sample.beginsRun { subject.warmUp(at: sample.time) }
    ring.append(sample, picture: pixels)
    if ring.isWindowDue(hop: options.hop) { order(session, &outputs) }
  }

  mutating func finish(_ session: Int, _ outputs: inout [PipelineOutput]) {
    if !hasWindow, ring.count > 0 { order(session, &outputs) }
  }

  private mutating func order(_ session: Int, _ outputs: inout [PipelineOutput]) {
    var window = makeWindow(options)
    ring.copyWindow(into: &window)
    hasWindow = true
    guard !still.holdsBack(window) else { return spares.append(window) }
    outputs.append(
      .window(WindowOrder(session: session, person: nil, window: WindowDescription(window)), window))
  }

  mutating func take(_ boxes: [ScoredBox], in ticket: PictureTicket) {}

  mutating func take(_ scores: ActivityScores, for order: WindowOrder, _ outputs: inout [PipelineOutput]) {
    let changes = subject.decide(scores, order.window)
    outputs += changes.map { .activity($0, nil, order.window) }
    outputs.append(.scored(scores, nil, order.window))
  }

  mutating func skip(_ order: WindowOrder, _ outputs: inout [PipelineOutput]) {}

  mutating func breakOff(at time: Duration, _ outputs: inout [PipelineOutput]) {
    outputs += subject.end(at: time, .gap).map { .activity($0, nil, nil) }
  }

  mutating func end(at time: Duration, _ reason: EndReason, _ outputs: inout [PipelineOutput]) {
    outputs += subject.end(at: time, reason).map { .activity($0, nil, nil) }
    ring.removeAll()
    hasWindow = false
  }

  func situation(_ condition: CameraCondition, at time: Duration) -> Situation {
    let word = condition == .online ? Situation.Word(subject.decider.state) : .noSignal
    return Situation(condition: condition, word: word, since: subject.since, person: nil, people: nil)
  }

  func count(into counters: inout PipelineCounters) { counters.stillHops = still.held }
}
