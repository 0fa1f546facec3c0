import People
import Recognition
import Video

/// A view with one subject per person.
struct PeopleView: SubjectView {
  /// A finder's answer for a picture, until it takes effect.
  private struct Answer {
    var sample: Int
    var time: Duration
    var boxes: [ScoredBox]
  }

  private struct Occupant {
    var view: PersonView
    var subject: Subject
    var region = PersonRegion()
    var square: PixelRectangle?
    var still: StillGate
    /// Number of windows ordered but not scored yet.
    var outstanding = 0
    /// The hop of the person's most recent window.
    var lastServed = -1
    var lastSeen: Duration
    /// Set once the person is gone while windows are still being scored.
    var leftAt: Duration?
  }

  /// Answers arrive a few times per second and take effect a little later; a person unseen for longer gets no window.
  private static let longestUnseen = Duration.seconds(1.5)

  private let options: PipelineOptions
  private let following: PipelineOptions.Following
  private let working: WorkingPicture
  /// Number of samples between two pictures for the finder; also how long an answer may take.
  private let interval: Int
  private var ring: PictureRing
  private var tracker: PersonTracker?
  private var answers: [Answer] = []
  private var occupants: [Int: Occupant] = [:]
  private var clips: [Int: PersonClip] = [:]
  /// Offset for ids, so that they continue when a new tracker starts.
  private var idBase = 0
  private var hops = 0
  private var hasWindow = false
  private var emptyHops = 0
  private var unservedHops = 0
  private var stillHops = 0
  private var lastTime = Duration.zero
  private var emptySince = Duration.zero
  var spares: [ClipWindow] = []

  init(_ options: PipelineOptions, _ following: PipelineOptions.Following) {
    self.options = options
    self.following = following
    working = WorkingPicture(region: options.region, mask: options.mask)
    interval = max(1, Int((options.rate.hertz / following.rate).rounded()))
    ring = PictureRing(capacity: options.frames)
  }

  var pictureBytes: Int {
    ring.byteCount + clips.count * PersonClip.byteCount(options)
  }

  // MARK: Samples

  mutating func append(
    _ sample: Sample, _ pixels: [UInt8], size: FrameSize, _ session: Int, _ outputs: inout [PipelineOutput]
  ) {
    let isOtherPicture = size != ring.size && ring.size.width > 0
    if sample.time < lastTime || isOtherPicture {
      // The clock jumped back, or the picture changed: nobody can be tracked across that.
      endAll(at: lastTime, .personLeft, &outputs)
    } else if sample.beginsRun {
      for id in occupants.keys { occupants[id]?.subject.warmUp(at: sample.time) }
    }
    lastTime = sample.time
    // Before the run started, nobody was looking.
    if sample.beginsRun, occupants.isEmpty { emptySince = sample.time }
    ring.append(sample, pixels, size: size)
    applyAnswers(upTo: sample.index - interval, &outputs)
    if (ring.samplesInRun - 1) % interval == 0 {
      outputs.append(
        .picture(PictureTicket(session: session, sample: sample.index, time: sample.time), ring.picture(age: 0).frame))
    }
    if ring.isWindowDue(hop: options.hop) { hop(session, &outputs) }
  }

  mutating func finish(_ session: Int, _ outputs: inout [PipelineOutput]) {
    applyAnswers(upTo: .max, &outputs)
    if !hasWindow, ring.count > 0 { hop(session, &outputs) }
  }

  private mutating func hop(_ session: Int, _ outputs: inout [PipelineOutput]) {
    hops += 1
    let present = occupants.values.filter(isVisible).map { ($0.lastServed, $0.view.id) }.sorted { $0 < $1 }
    if present.isEmpty { emptyHops += 1 }
    unservedHops += max(0, present.count - following.most)
    for (_, id) in present.prefix(following.most) { order(id, session, &outputs) }
    // People who have to wait for their turn get a newly cut clip then.
    for (_, id) in present.dropFirst(following.most) { clips[id] = nil }
  }

  /// False for a person hidden or gone: their square would show what is there without them.
  private func isVisible(_ occupant: Occupant) -> Bool {
    guard occupant.leftAt == nil else { return false }
    return following.tracker.keepsStill || lastTime - occupant.lastSeen <= Self.longestUnseen
  }

  private mutating func order(_ id: Int, _ session: Int, _ outputs: inout [PipelineOutput]) {
    guard let square = occupants[id]?.square else { return }
    var window = makeWindow(options)
    do throws(VideoError) {
      try clips[id, default: PersonClip(options)].update(from: ring, square: square)
    } catch {
      preconditionFailure("the square lies in the picture: \(error)")
    }
    clips[id]?.copy(into: &window)
    occupants[id]?.lastServed = hops
    hasWindow = true
    if occupants[id]?.still.holdsBack(window) ?? false {
      stillHops += 1
      return spares.append(window)
    }
    occupants[id]?.outstanding += 1
    outputs.append(.window(WindowOrder(session: session, person: id, window: WindowDescription(window)), window))
  }

  // MARK: People

  mutating func take(_ boxes: [ScoredBox], in ticket: PictureTicket) {
    answers.append(Answer(sample: ticket.sample, time: ticket.time, boxes: boxes))
  }

  private mutating func applyAnswers(upTo sample: Int, _ outputs: inout [PipelineOutput]) {
    while let answer = answers.first, answer.sample <= sample {
      answers.removeFirst()
      let aspect = Double(ring.size.width) / Double(ring.size.height)
      var tracker = self.tracker ?? PersonTracker(following.tracker, aspect: aspect)
      let changes = tracker.update(answer.boxes, at: answer.time)
      self.tracker = tracker
      for change in changes { take(change, &outputs) }
      let people = tracker.people
      for person in people { move(person, at: answer.time) }
      if !people.isEmpty { outputs.append(.placed(people.map(view), at: answer.time)) }
    }
  }

  private mutating func take(_ change: PersonChange, _ outputs: inout [PipelineOutput]) {
    switch change {
    case .entered(let person):
      let view = view(of: person)
      var subject = Subject(options, at: person.since)
      subject.warmUp(at: person.since)
      occupants[view.id] = Occupant(
        view: view, subject: subject, still: StillGate(level: options.stillLevel), lastSeen: person.lastSeen)
      outputs.append(.entered(view))
    case .left(let person, let time):
      let id = idBase + person.id
      occupants[id]?.leftAt = time
      settle(id, .personLeft, &outputs)
    }
  }

  private mutating func move(_ person: Person, at time: Duration) {
    let id = idBase + person.id
    guard var occupant = occupants[id] else { return }
    occupant.view = view(of: person)
    occupant.lastSeen = person.lastSeen
    occupant.square = occupant.region.update(person.box, at: time, picture: ring.size)
    occupants[id] = occupant
  }

  private func view(of person: Person) -> PersonView {
    PersonView(
      id: idBase + person.id, box: working.inWhole(person.box.inPicture ?? person.box), since: person.since)
  }

  /// Removes a departed person once none of their windows is being scored.
  private mutating func settle(_ id: Int, _ reason: EndReason, _ outputs: inout [PipelineOutput]) {
    guard var occupant = occupants[id], let time = occupant.leftAt, occupant.outstanding == 0 else { return }
    outputs += occupant.subject.end(at: time, reason).map { .activity($0, occupant.view, nil) }
    outputs.append(.left(occupant.view, at: time, reason))
    occupants[id] = nil
    clips[id] = nil
    if occupants.isEmpty { emptySince = time }
  }

  private mutating func endAll(at time: Duration, _ reason: EndReason, _ outputs: inout [PipelineOutput]) {
    for id in occupants.keys.sorted() {
      if occupants[id]?.leftAt == nil { occupants[id]?.leftAt = time }
      occupants[id]?.outstanding = 0
      settle(id, reason, &outputs)
      idBase = max(idBase, id)
    }
    tracker = nil
    answers.removeAll()
    clips.removeAll()
    ring.removeAll()
  }

  // MARK: Scores

  mutating func take(_ scores: ActivityScores, for order: WindowOrder, _ outputs: inout [PipelineOutput]) {
    guard let id = order.person, let view = occupants[id]?.view else { return }
    let changes = occupants[id]?.subject.decide(scores, order.window) ?? []
    outputs += changes.map { .activity($0, view, order.window) }
    outputs.append(.scored(scores, view, order.window))
    skip(order, &outputs)
  }

  mutating func skip(_ order: WindowOrder, _ outputs: inout [PipelineOutput]) {
    guard let id = order.person, let outstanding = occupants[id]?.outstanding else { return }
    occupants[id]?.outstanding = max(0, outstanding - 1)
    settle(id, .personLeft, &outputs)
  }

  mutating func breakOff(at time: Duration, _ outputs: inout [PipelineOutput]) {
    for id in occupants.keys.sorted() {
      guard let view = occupants[id]?.view else { continue }
      outputs += (occupants[id]?.subject.end(at: time, .gap) ?? []).map { .activity($0, view, nil) }
      // Scores from before the gap no longer count.
      occupants[id]?.outstanding = 0
      settle(id, .personLeft, &outputs)
    }
    answers.removeAll()
  }

  mutating func end(at time: Duration, _ reason: EndReason, _ outputs: inout [PipelineOutput]) {
    endAll(at: lastTime > .zero ? min(time, lastTime) : time, reason, &outputs)
    hasWindow = false
  }

  // MARK: What is going on

  func situation(_ condition: CameraCondition, at time: Duration) -> Situation {
    let people = occupants.values.filter { $0.leftAt == nil }.sorted { $0.view.id < $1.view.id }.map {
      Situation.Occupant(person: $0.view, state: $0.subject.decider.state, since: $0.subject.since)
    }
    func situation(_ word: Situation.Word, since: Duration, of person: Int? = nil) -> Situation {
      Situation(condition: condition, word: word, since: since, person: person, people: people)
    }
    guard condition == .online else { return situation(.noSignal, since: time) }
    let active = people.first { if case .activity = $0.state { true } else { false } }
    if let main = active ?? people.first {
      return situation(Situation.Word(main.state), since: main.since, of: main.person.id)
    }
    return ring.isFull ? situation(.empty, since: emptySince) : situation(.warmingUp, since: time)
  }

  func count(into counters: inout PipelineCounters) {
    counters.emptyHops = emptyHops
    counters.stillHops = stillHops
    counters.unservedHops = unservedHops
  }
}
