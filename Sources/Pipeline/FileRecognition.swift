package import Capture
package import Detection
package import Recognition
package import Video

/// Recognises activities in a file as the daemon would in the same frames live, except that no hop is skipped.
package struct FileRecognition {
  /// The result for one window.
  package struct Window: Sendable {
    /// Index of the window's first sample, at the model's sample rate.
    package var firstSample: Int
    /// Media time of the window's first sample.
    package var time: Duration
    /// Media time of its last sample.
    package var end: Duration
    package var logits: [Float]
    package var scores: ActivityScores
  }

  /// A finished activity.
  package struct FinishedActivity: Sendable {
    /// Index in `LabelGrouping.activities`.
    package var index: Int
    package var member: Int?
    package var onset: Duration
    package var offset: Duration
    package var confidence: Float
  }

  /// What one person did, or what happened in the whole scene.
  package struct Timeline: Sendable {
    package var windows: [Window] = []
    package var activities: [FinishedActivity] = []
    package var verdict = ClipVerdict()

    package init() {}

    fileprivate mutating func take(_ change: ActivityChange) {
      guard case .ended(let activity, _) = change else { return }
      activities.append(
        FinishedActivity(
          index: activity.index, member: activity.member, onset: activity.onset,
          offset: activity.offset ?? activity.onset, confidence: activity.confidence))
    }

    fileprivate mutating func take(_ window: Window) {
      windows.append(window)
      verdict.add(window.scores)
    }
  }

  /// A person in the file.
  package struct FollowedPerson: Sendable {
    package var id: Int
    package var since: Duration
    package var until: Duration
    /// Where the person was, once per answer of the finder.
    package var boxes: [(time: Duration, box: PictureBox)] = []
    package var timeline = Timeline()
  }

  package struct Result: Sendable {
    /// For the whole scene; empty if people are tracked.
    package var scene = Timeline()
    /// `nil` if the whole scene was analysed.
    package var people: [FollowedPerson]?
    package var counters = PipelineCounters()
    /// True if the file was shorter than a window and was repeated to fill one.
    package var wasRepeated = false
    /// Faulty packets and pictures that the source counted; what a decoder still showed of them was used.
    package var damagedFrames = 0
    /// Media time of the last frame.
    package var lastTime = Duration.zero
    /// Why the last unusable frame could not be used.
    package var lastSkipped: String?
    /// Why no window was complete, although the frames span more than one.
    fileprivate var slowness: String?
    /// The finder's most recent failure.
    package var finderFailure: String?

    /// The person with the most windows, the first of them if several have the same number.
    package var mainPerson: FollowedPerson? {
      people?.max { ($0.timeline.windows.count, $1.id) < ($1.timeline.windows.count, $0.id) }
    }
  }

  private let scorer: WindowScorer
  private let options: PipelineOptions
  private let finder: (any PersonFinder)?

  /// - Parameters:
  ///   - scorer: the model.
  ///   - options: must match the model's frames and size.
  ///   - finder: finds the people, if people are tracked.
  package init(_ scorer: WindowScorer, _ options: PipelineOptions, finder: (any PersonFinder)? = nil) {
    self.scorer = scorer
    self.options = options
    self.finder = finder
  }

  /// Processes the whole source.
  ///
  /// - Parameters:
  ///   - source: a file or anything else that ends.
  ///   - progress: called after each frame with its media time.
  /// - Returns: windows, activities, people and overall results.
  /// - Throws: `CaptureError`, `InferenceError`, or `FileRecognitionError`.
  package func run(
    _ source: consuming any FrameSource & ~Copyable, progress: (Duration) -> Void = { _ in }
  ) throws -> Result {
    var pipeline = try CameraPipeline(options)
    var collected = Collected(options)
    var frame = Frame()
    var lastTime = Duration.zero

    reading: while true {
      switch try source.next(into: &frame, timeout: .seconds(1)) {
      case .ended: break reading
      case .timedOut, .notDue: continue
      case .frame:
        lastTime = frame.timestamp
        try serve(pipeline.take(&frame, at: lastTime), &pipeline, &collected)
        progress(lastTime)
      }
    }
    try serve(pipeline.finish(), &pipeline, &collected)
    try serve(pipeline.lose(.ended, at: lastTime, reason: "the file ended"), &pipeline, &collected)
    collected.result.counters = pipeline.counters
    (collected.result.damagedFrames, collected.result.lastTime) = (source.counters.corrupt, lastTime)
    collected.result.wasRepeated = pipeline.counters.windows > 0 && pipeline.counters.stream.samples < options.frames
    guard pipeline.counters.stream.samples > 0 else {
      throw FileRecognitionError.noFrames(reason: collected.result.lastSkipped)
    }
    if pipeline.counters.windows == 0, let reason = collected.result.slowness {
      throw FileRecognitionError.noWindow(reason: reason)
    }
    return collected.finished()
  }

  /// Handles the pipeline's requests at once, and collects its results.
  private func serve(
    _ outputs: [PipelineOutput], _ pipeline: inout CameraPipeline, _ collected: inout Collected
  ) throws {
    for output in outputs {
      switch output {
      case .window(let order, let window):
        let outcome = try scorer.score(window, of: WindowStream(person: order.person))
        pipeline.recycle(window)
        switch outcome {
        case .scored(let scored):
          collected.logits = scored.logits
          try serve(pipeline.take(scored.probabilities, for: order), &pipeline, &collected)
        case .tooEarly: try serve(pipeline.pass(order), &pipeline, &collected)
        case .noRoom: try serve(pipeline.skip(order), &pipeline, &collected)
        }
      case .picture(let ticket, let picture):
        guard let finder else { continue }
        let found = Swift.Result { () throws(DetectionError) in try finder.find(in: picture) }
        try serve(pipeline.take(found: found, in: ticket), &pipeline, &collected)
      default: collected.take(output)
      }
    }
  }

  /// The result under construction.
  private struct Collected {
    var result = Result()
    /// Logits of the most recently scored window.
    var logits: [Float] = []
    private var people: [Int: FollowedPerson] = [:]
    private let followsPeople: Bool

    init(_ options: PipelineOptions) {
      followsPeople = if case .people = options.view { true } else { false }
    }

    mutating func take(_ output: PipelineOutput) {
      switch output {
      case .entered(let person):
        people[person.id] = FollowedPerson(id: person.id, since: person.since, until: person.since)
      case .placed(let present, let time): place(present, at: time)
      case .left(let person, let time, _):
        people[person.id]?.until = time
        // Where the person was expected before it was clear that they had left.
        people[person.id]?.boxes.removeAll { $0.time > time }
      case .activity(let activity, let person, _): change(person?.id) { $0.take(activity) }
      case .scored(let scores, let person, let window):
        let window = Window(
          firstSample: window.firstSample, time: window.firstTime, end: window.lastTime, logits: logits, scores: scores)
        change(person?.id) { $0.take(window) }
      case .slow(let reason): result.slowness = reason
      case .skippedFrame(let reason): result.lastSkipped = reason
      case .finderFailed(let reason): result.finderFailure = reason
      default: break
      }
    }

    private mutating func place(_ present: [PersonView], at time: Duration) {
      for person in present { people[person.id]?.boxes.append((time, person.box)) }
    }

    func finished() -> Result {
      var result = result
      if followsPeople { result.people = people.values.sorted { $0.id < $1.id } }
      return result
    }

    private mutating func change(_ person: Int?, _ body: (inout Timeline) -> Void) {
      guard let person else { return body(&result.scene) }
      if people[person] != nil {
        body(&people[person, default: FollowedPerson(id: person, since: .zero, until: .zero)].timeline)
      }
    }
  }
}

/// A file in which nothing can be recognised.
package enum FileRecognitionError: Error, Equatable, CustomStringConvertible {
  case noFrames(reason: String?)
  /// The frames are too far apart.
  case noWindow(reason: String)

  package var description: String {
    switch self {
    case .noWindow(let reason): reason
    case .noFrames(let reason): "it has no usable frame" + (reason.map { ": \($0)" } ?? "")
    }
  }
}
