/// Applies one rule to one camera: activities, missing follow-ups, presence, and unavailable cameras.
struct CameraWatcher: Sendable {
  /// An activity or somebody's presence, possibly interrupted; or an activity waiting for its follow-up.
  private struct Spell: Sendable {
    var person: Int?
    var activity = ""
    var since: Duration
    /// The id of what is going on; `nil` during an interruption.
    var id: String?
    /// When it was last seen going on; valid while `id` is `nil`.
    var ended: Duration

    /// True for the same person, and for anyone if that person was lost from sight.
    func isOf(_ person: Int?, _ view: CameraView) -> Bool {
      self.person == person || !(self.person.map(view.people.contains) ?? false)
    }
  }

  private let rule: Rule
  let camera: String
  private let duration: Duration
  private var window: WindowTracker
  private var slot: AlertSlot
  private var log: WatchLog
  private var spells: [Spell] = []
  private var over: Alert.ClearReason

  init(_ index: Int, _ rule: Rule, camera: String) {
    self.rule = rule
    self.camera = camera
    duration = rule.duration ?? .zero
    window = WindowTracker(rule.schedule)
    slot = AlertSlot(index, rule)
    log = WatchLog(keeping: duration)
    over = rule.kind.over
  }

  /// Takes a fact about the camera; `view` already includes it.
  mutating func take(_ fact: Fact, _ view: CameraView, at now: Moment) {
    window.update(now)
    log.note(view.watchingSince != nil, at: now.monotonic)
    switch (rule.kind, fact) {
    case (.activity, .started(let activity)):
      if rule.activities.name(activity) { begin(activity, view, now) }
    case (.activity, .ended(let id, _, let offset)): end(id, at: min(offset, now.monotonic))
    case (.notFollowed, .started(let activity)):
      if rule.followers.name(activity) {
        over = .followed
        spells.removeAll { $0.isOf(activity.person, view) && activity.onset > $0.since }
      } else if rule.activities.name(activity), window.since != nil {
        begin(activity, view, now)
      }
    case (.notFollowed, .left(_, let person, _, true)) where rule.leavingEnds:
      over = .left
      spells.removeAll { $0.person == person }
    case (.present, .entered(_, let person, let since)):
      guard spells.isEmpty else {
        spells[0].id = "people"
        return
      }
      spells = [Spell(person: person, since: min(since, now.monotonic), id: "people", ended: now.monotonic)]
    case (.present, .left(_, _, let until, _)):
      if view.people.isEmpty { end("people", at: min(until, now.monotonic)) }
    default: break
    }
  }

  /// What to report at a moment.
  mutating func evaluate(_ view: CameraView, at now: Moment) -> Alert? {
    window.update(now)
    let time = now.monotonic
    log.note(view.watchingSince != nil, at: time)
    switch rule.kind {
    case .activity, .present: forget(view, time)
    case .notFollowed: giveUp(time)
    default: break
    }
    let cause = cause(view, time)
    let said = slot.update(cause, at: time, over: isOutside ? .window : over)
    // Somebody who fell must fall again before there is another alert.
    if said?.kind == .cleared(.timeout), rule.kind == .notFollowed {
      let duration = duration
      spells.removeAll { time - $0.since >= duration }
    }
    return said
  }

  mutating func stop(at now: Duration) -> Alert? { slot.close(.shutdown, at: now) }

  private var isOutside: Bool { window.since == nil && rule.kind != .notFollowed }

  private func cause(_ view: CameraView, _ now: Duration) -> AlertCause? {
    switch rule.kind {
    case .notFollowed:
      guard let spell = spells.first(where: { now - $0.since >= duration }) else { return nil }
      return cause(spell, since: spell.since, unwatched: log.unwatched(from: spell.since, to: spell.since + duration))
    case .cameraAway:
      guard let away = view.awaySince, let open = window.since, now - max(away, open) >= duration else { return nil }
      return cause(nil, since: max(away, open))
    default:
      guard let open = window.since else { return nil }
      return spells.first { ($0.id == nil ? $0.ended : now) - max($0.since, open) >= duration }
        .map { cause($0, since: max($0.since, open)) }
    }
  }

  private func cause(_ spell: Spell?, since: Duration, unwatched: Duration = .zero) -> AlertCause {
    AlertCause(
      cameras: [camera], person: spell?.person, since: since, unwatched: unwatched,
      reason: rule.reason(activity: spell?.activity, unwatched: unwatched))
  }

  /// Starts a spell, or continues one: of the same person, or of somebody lost from sight whose number is gone.
  private mutating func begin(_ activity: Fact.Activity, _ view: CameraView, _ now: Moment) {
    let own = spells.firstIndex { $0.person == activity.person }
    let lost = spells.firstIndex { $0.id == nil && $0.isOf(activity.person, view) }
    let id = rule.kind == .activity ? activity.id : nil
    if let index = own ?? lost {
      spells[index].person = activity.person
      spells[index].id = id
    } else {
      let onset = min(activity.onset, now.monotonic)
      spells.append(Spell(person: activity.person, activity: activity.label, since: onset, id: id, ended: onset))
    }
  }

  private mutating func end(_ id: String, at time: Duration) {
    for index in spells.indices where spells[index].id == id {
      spells[index].id = nil
      spells[index].ended = max(time, spells[index].since)
    }
  }

  /// Ends spells that were interrupted for too long.
  ///
  /// An alert persists while nobody watches: unknown does not mean over.
  private mutating func forget(_ view: CameraView, _ now: Duration) {
    // Without an alert, all time counts, watched or not.
    guard let counted = slot.isHeld ? view.watchingSince : .longAgo else { return }
    let gap = rule.gap
    spells.removeAll { $0.id == nil && now - max($0.ended, counted) > gap }
  }

  /// Stops waiting if more time was unwatched than the rule allows.
  private mutating func giveUp(_ now: Duration) {
    guard let limit = rule.unwatched, !slot.isOpen else { return }
    let (log, duration) = (log, duration)
    spells.removeAll {
      now - $0.since >= duration && log.unwatched(from: $0.since, to: $0.since + duration) > limit
    }
  }
}

extension Rule.Kind {
  /// The usual clear reason for this kind of alert.
  var over: Alert.ClearReason {
    switch self {
    case .activity: .ended
    case .notFollowed: .followed
    case .noActivity, .absent: .seen
    case .present: .left
    case .cameraAway: .returned
    }
  }
}
