import Foundation

/// Applies one rule about what none of its cameras saw, for some time or during a whole window.
///
/// Unwatched time is unknown: if there is more than the rule allows, nothing is reported.
struct AbsenceWatcher: Sendable {
  private let index: Int
  private let rule: Rule
  private var window: WindowTracker
  private var slot: AlertSlot
  private var log: WatchLog
  private var lastSeen: Duration = .longAgo
  /// The current window, and since when; for rules about whole windows.
  private var current: (span: Schedule.Span, since: Duration)?
  /// Windows already left, newest last: if the clock is set back and forth, they can recur.
  private var left: [(span: Schedule.Span, since: Duration)] = []
  private var isSeenInCurrent = false
  /// The window judged last: a clock that is set back must not reopen it.
  private var judged: Schedule.Span?
  private var verdict: AlertCause?
  private var last: Duration?

  init(_ index: Int, _ rule: Rule) {
    self.index = index
    self.rule = rule
    window = WindowTracker(rule.schedule)
    slot = AlertSlot(index, rule)
    // A window of a day may have 25 hours.
    log = WatchLog(keeping: rule.duration ?? .seconds(26 * 3600))
  }

  /// What to report at a moment; `views` are those of the rule's cameras.
  mutating func evaluate(_ views: [CameraView], at now: Moment) -> [RuleOutput] {
    window.update(now)
    log.note(views.allSatisfy { $0.watchingSince != nil }, at: now.monotonic)
    defer { last = now.monotonic }
    let isSeen = views.contains { view in
      rule.kind == .absent ? !view.people.isEmpty : view.activities.values.contains { rule.activities.name($0) }
    }
    if let duration = rule.duration { return forTime(duration, isSeen, now) }
    return wholeWindow(isSeen, now)
  }

  mutating func stop(at now: Duration) -> Alert? { slot.close(.shutdown, at: now) }

  private mutating func forTime(_ duration: Duration, _ isSeen: Bool, _ now: Moment) -> [RuleOutput] {
    let time = now.monotonic
    if isSeen { lastSeen = time }
    let cause = cause(duration, isSeen, time)
    let said = slot.update(cause, at: time, over: window.since == nil && !isSeen ? .window : .seen)
    return said.map { [.alert($0)] } ?? []
  }

  private func cause(_ duration: Duration, _ isSeen: Bool, _ now: Duration) -> AlertCause? {
    guard !isSeen, let open = window.since else { return nil }
    let since = max(lastSeen, open)
    guard now - since >= duration else { return nil }
    let unwatched = log.unwatched(from: now - duration, to: now)
    guard slot.isHeld || unwatched <= rule.unwatched ?? duration / 10 else { return nil }
    return cause(since: max(since, now - duration), unwatched)
  }

  private func cause(since: Duration, _ unwatched: Duration) -> AlertCause {
    AlertCause(cameras: rule.cameras, since: since, unwatched: unwatched, reason: rule.reason(unwatched: unwatched))
  }

  private mutating func wholeWindow(_ isSeen: Bool, _ now: Moment) -> [RuleOutput] {
    var outputs: [RuleOutput] = []
    var over = Alert.ClearReason.seen
    if let looked = current, looked.span != window.span {
      // If the clock was set back, it left the window without reaching its end.
      if now.wall >= looked.span.end { outputs += judge(looked.span, since: looked.since, now) }
      left = left.suffix(3) + [looked]
      current = nil
    }
    if current == nil, let span = window.span, span.isInside, span != judged {
      let began = now.monotonic(of: span.begin)
      let watched = left.last { $0.span == span }?.since ?? last ?? .longAgo
      (current, isSeenInCurrent) = ((span, max(began, watched)), lastSeen >= began)
      if verdict != nil { over = .window }
      verdict = nil
    }
    if isSeen { (lastSeen, isSeenInCurrent, verdict) = (now.monotonic, true, nil) }
    if let alert = slot.update(verdict, at: now.monotonic, over: over) { outputs.append(.alert(alert)) }
    return outputs
  }

  /// Reports whether anything the rule waits for happened in a completed window.
  private mutating func judge(_ span: Schedule.Span, since: Duration, _ now: Moment) -> [RuleOutput] {
    guard !isSeenInCurrent else {
      judged = span
      return []
    }
    let end = min(max(now.monotonic(of: span.end), last ?? .longAgo), now.monotonic)
    let length = Duration.seconds(span.end.timeIntervalSince(span.begin))
    // Time that a clock change skipped was not watched either.
    let unwatched = min(length, max(.zero, length - (end - since)) + log.unwatched(from: since, to: end))
    guard unwatched <= rule.unwatched ?? length / 10 else {
      return [.undecided(rule: index, at: now.monotonic, reason: rule.undecided(unwatched: unwatched))]
    }
    (judged, verdict) = (span, cause(since: since, unwatched))
    return []
  }
}
