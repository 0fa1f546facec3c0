import Networks

/// Turns the scores of one camera's windows into activities with a start and an end.
///
/// At most one activity is open; if another one wins, the open one ends first, and every start gets exactly one end. An
/// activity starts when its smoothed probability reached `on`, ahead by `margin`, for `onHold` consecutive windows; it
/// ends when it stayed below `off` for `offHold`.
///
/// Start and end are back-dated. Going back from the decision through the windows whose unsmoothed probability was
/// already past the threshold, the earliest one counts, and the activity started (or ended) in its middle: a window's
/// result changes when about half of it shows the new activity. A start never lies before the end of the previous
/// activity.
///
/// Pure: time comes with the scores, on the camera's clock.
package struct ActivityDecider: Sendable {
  /// A window that may turn out to be the first or last of an activity.
  private struct Past: Sendable {
    var scores: ActivityScores
    var middle: Duration
  }

  private struct Rule: Sendable {
    var on: Float
    var off: Float
    var minimumDuration: Duration
    var coolDown: Duration
    var isEnabled: Bool
    var reserved: ReservedLabel?
  }

  /// How much the peak must rise to be worth an update.
  private static let notableRise: Float = 0.1
  /// How far back a start or end may lie, in windows.
  private static let memory = 32

  private let grouping: LabelGrouping
  private let options: RecognitionOptions
  private let rules: [Rule]
  private var smoothing: ScoreSmoothing
  private var past: [Past] = []
  private var open: Activity?
  /// Number of windows that `open.confidence` is averaged over.
  private var openWindows = 0
  /// Probabilities of the newest windows in which the activity may be over; they count once it continues.
  private var doubtful: [Float] = []
  /// Sum of each label's probability over the open activity's windows.
  private var labelSums: [Float] = []
  private var announcedPeak: Float = 0
  private var below = 0
  private var candidate: (index: Int, windows: Int, first: Duration)?
  private var lastEnd: [Int: Duration] = [:]
  private var earliestOnset: Duration?
  private var started = 0

  package private(set) var state = RecognitionState.noSignal
  /// Number of windows with non-finite scores; they count as unknown.
  package private(set) var notFinite = 0

  /// Decides on the labels of a model without families.
  package init(labels: [String], options: RecognitionOptions = RecognitionOptions()) {
    self.init(LabelGrouping(labels: labels), options: options)
  }

  /// - Parameters:
  ///   - grouping: the model's activities, to which thresholds and holds apply.
  ///   - options: thresholds and holds; options for unknown activities are ignored here and rejected when settings are
  ///     read.
  package init(_ grouping: LabelGrouping, options: RecognitionOptions = RecognitionOptions()) {
    self.grouping = grouping
    self.options = options
    smoothing = ScoreSmoothing(options.smoothing, windows: options.smoothingWindows)
    rules = grouping.activities.map { name in
      let own = options.activities[name] ?? RecognitionOptions.Activity()
      let on = own.on ?? options.on
      let reserved = ReservedLabel(label: name)
      return Rule(
        on: on, off: min(own.off ?? options.off, on), minimumDuration: own.minimumDuration ?? options.minimumDuration,
        coolDown: own.coolDown ?? options.coolDown, isEnabled: own.isEnabled,
        reserved: reserved == .other && options.opensOther ? nil : reserved)
    }
  }

  /// The open activity.
  package var current: Activity? { open }

  /// The window is filling, after the start or after a gap.
  ///
  /// An open activity continues; the caller ends it first if the camera was lost.
  package mutating func warmUp() {
    smoothing.reset()
    past.removeAll()
    candidate = nil
    below = 0
    if open == nil { state = .warmingUp }
  }

  /// Takes one window's scores; it must be later than all previous ones.
  ///
  /// - Precondition: one probability per activity.
  package mutating func decide(_ scores: WindowScores) -> [ActivityChange] {
    precondition(scores.activities.probabilities.count == rules.count)
    // Non-finite scores are as good as none: they interrupt holds, and an activity does not survive them.
    var scores = scores
    if !scores.isFinite {
      notFinite += 1
      scores.activities = grouping.scores(Array(repeating: 0, count: grouping.labels.count))
    }
    let smoothed = smoothing.add(scores.activities.probabilities)
    past.append(Past(scores: scores.activities, middle: scores.middle))
    if past.count > Self.memory { past.removeFirst() }

    let top = grouping.top(ActivityScores(smoothed, labels: scores.activities.labels), count: 5)
    trackCandidate(top, scores)
    var changes: [ActivityChange] = []
    if let activity = open {
      changes += follow(activity, smoothed[activity.index], top, scores)
    }
    if let start = readyToStart(scores) {
      if let ending = open { changes.append(end(ending, at: start.onset, .otherActivity)) }
      changes.append(begin(start.index, at: start.onset, smoothed[start.index], top))
    }
    // Scores from before anything moved do not belong to what starts later.
    if open == nil, scores.motion < options.motionGate { past.removeAll() }
    if let activity = open {
      state = .activity(index: activity.index, member: activity.member)
    } else if let reserved = top.first.flatMap({ rules[$0.index].reserved }) {
      state = reserved.state
    } else {
      state = scores.motion < options.motionGate ? .idle : .unknown
    }
    return changes
  }

  /// Ends what is open, for a reason other than the scores.
  package mutating func end(at time: Duration, reason: EndReason) -> [ActivityChange] {
    warmUp()
    let changes = open.map { [end($0, at: time, reason)] } ?? []
    // The camera's clock may restart.
    lastEnd.removeAll()
    earliestOnset = nil
    state = reason == .cameraLost || reason == .sourceEnded ? .noSignal : .warmingUp
    return changes
  }

  private mutating func trackCandidate(_ top: [Activity.Candidate], _ scores: WindowScores) {
    guard let best = top.first, wins(best, over: top.dropFirst().first, scores) else {
      candidate = nil
      return
    }
    if let known = candidate, known.index == best.index {
      candidate = (best.index, known.windows + 1, known.first)
    } else {
      candidate = (best.index, 1, scores.middle)
    }
  }

  private func wins(_ best: Activity.Candidate, over second: Activity.Candidate?, _ scores: WindowScores) -> Bool {
    let rule = rules[best.index]
    guard rule.isEnabled, rule.reserved == nil, best.index != open?.index, best.probability >= rule.on,
      best.probability - (second?.probability ?? 0) >= options.margin
    else { return false }
    // A still scene starts nothing; a still person keeps an open activity.
    if open == nil, scores.motion < options.motionGate { return false }
    if let last = lastEnd[best.index], scores.middle < last + rule.coolDown { return false }
    return true
  }

  private func readyToStart(_ scores: WindowScores) -> (index: Int, onset: Duration)? {
    guard let candidate, candidate.windows >= options.onHold else { return nil }
    let rule = rules[candidate.index]
    var onset = candidate.first
    // The smoothed score may result from windows before a weak newest one.
    var isStrong = false
    for window in past.reversed() {
      if window.scores.probabilities[candidate.index] >= rule.on {
        isStrong = true
        onset = min(onset, window.middle)
      } else if isStrong || window.middle < candidate.first {
        break
      }
    }
    if let earliestOnset { onset = max(onset, earliestOnset) }
    if let last = lastEnd[candidate.index] { onset = max(onset, last + rule.coolDown) }
    if let open { onset = max(onset, open.onset) }
    return scores.end - onset >= rule.minimumDuration ? (candidate.index, onset) : nil
  }

  /// Adds a window to the open activity, and ends it if it is over.
  private mutating func follow(
    _ activity: Activity, _ probability: Float, _ top: [Activity.Candidate], _ scores: WindowScores
  ) -> [ActivityChange] {
    var activity = activity
    let rule = rules[activity.index]
    doubtful.append(probability)
    if probability >= rule.off {
      for value in doubtful {
        openWindows += 1
        activity.confidence += (value - activity.confidence) / Float(openWindows)
      }
      doubtful.removeAll()
    }
    activity.peak = max(activity.peak, probability)
    activity.top = top
    activity.member = addToMembers(scores.activities.labels, of: activity.index)
    open = activity

    if let longest = options.maximumDuration, scores.end - activity.onset >= longest {
      return [end(activity, at: activity.onset + longest, .maximumDuration)]
    }
    below = probability < rule.off ? below + 1 : 0
    if below >= options.offHold {
      var offset = scores.middle
      for window in past.reversed() {
        guard window.scores.probabilities[activity.index] < rule.off else { break }
        offset = window.middle
      }
      return [end(activity, at: offset, .belowThreshold)]
    }
    if activity.peak >= announcedPeak + Self.notableRise {
      announcedPeak = activity.peak
      return [.updated(activity)]
    }
    return []
  }

  private mutating func begin(_ index: Int, at onset: Duration, _ probability: Float, _ top: [Activity.Candidate])
    -> ActivityChange
  {
    var activity = Activity(
      number: started, index: index, onset: onset, offset: nil, confidence: probability, peak: probability, top: top)
    labelSums = []
    // The newest window always counts: the end of the previous activity may have moved the onset behind it.
    for window in past.dropLast() where window.middle >= onset { addToMembers(window.scores.labels, of: index) }
    if let newest = past.last { activity.member = addToMembers(newest.scores.labels, of: index) }
    started += 1
    open = activity
    openWindows = 1
    doubtful.removeAll()
    announcedPeak = probability
    below = 0
    candidate = nil
    return .started(activity)
  }

  private mutating func end(_ activity: Activity, at time: Duration, _ reason: EndReason) -> ActivityChange {
    var activity = activity
    let offset = max(time, activity.onset)
    activity.offset = offset
    open = nil
    below = 0
    lastEnd[activity.index] = offset
    earliestOnset = offset
    return .ended(activity, reason)
  }

  /// Adds a window's labels; returns the activity's most probable label so far, `nil` without families.
  @discardableResult private mutating func addToMembers(_ labels: [Float], of activity: Int) -> Int? {
    guard grouping.hasFamilies else { return nil }
    if labelSums.isEmpty {
      labelSums = labels
    } else {
      for index in labels.indices { labelSums[index] += labels[index] }
    }
    return grouping.member(of: activity, in: labelSums)
  }
}
