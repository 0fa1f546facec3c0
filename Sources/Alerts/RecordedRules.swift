package import Events
package import Foundation
import Rules
package import Settings

/// Runs rules over recorded messages, line by line, as `adl watch --json` prints them.
///
/// Time is the messages' time. After a daemon restart or a gap in the recording the rules start over, as the daemon's
/// do: what was not recorded counts as not watched.
package struct RecordedRules {
  /// How far messages of different topics may be out of order.
  private static let mostDisorder = Duration.seconds(2)

  private let settings: RuleSettings
  private let cameras: [String]
  private let longestSilence: Duration
  private var watch: RuleWatch?
  private var epoch = ""
  private var now = Moment(monotonic: .zero, wall: .distantPast)
  /// States re-sent to new subscribers, which are older than the messages around them and show what was going on when
  /// the recording started.
  private var resent: [CameraState] = []
  private var foreign = 0
  private var disordered = 0
  private var seen: Set<String> = []
  /// Labels of the activities that began or ended.
  private var activities: Set<String> = []

  /// Messages read so far.
  package private(set) var count = 0
  /// Times of the first and last messages.
  package private(set) var period: ClosedRange<Date>?

  /// Takes the recorded daemon's settings, with the rules to try.
  package init(_ settings: DaemonSettings) {
    self.settings = settings.rules
    cameras = settings.cameras.filter(\.isEnabled).map(\.name)
    longestSilence = .seconds(max(60, settings.events.heartbeat * 3))
  }

  /// Reasons why the result may not be what the user expects, one sentence each.
  package var doubts: [String] {
    var doubts: [String] = []
    if foreign > 0 { doubts.append("lines that are not messages from a daemon: \(foreign)") }
    if disordered > 0 { doubts.append("messages older than the one before: \(disordered); rules need them in order") }
    if count > 0, seen.isDisjoint(with: cameras) {
      let others = seen.sorted().joined(separator: ", ")
      doubts.append(
        "no message is about a camera in the settings (\(cameras.joined(separator: ", ")))"
          + (others.isEmpty ? "" : "; the recording has \(others)"))
    }
    // Other activities may just not occur, which rules may be about.
    for name in Set(settings.alerts.flatMap { $0.activities + $0.followers }).sorted() where !activities.contains(name)
    {
      if let meant = activities.first(where: { $0.lowercased() == name.lowercased() }) {
        doubts.append("the rules name '\(name)', which never occurs; did you mean \(meant)?")
      }
    }
    return doubts
  }

  /// Alerts still raised at the end of the recording.
  package var raised: [AlertEvent] { watch?.state.alerts ?? [] }

  /// Reads the next line; a line that is not a message from a daemon is ignored.
  package mutating func read(_ line: some StringProtocol) -> RuleWatch.Outcome {
    let data = Data(line.utf8)
    guard let envelope = decode(Envelope.self, data), let topic = envelope.topic,
      let wall = EventClock.date(envelope.message.time)
    else {
      if !isNotice(data) { foreign += 1 }
      return RuleWatch.Outcome()
    }
    guard topic.kind != .prediction else { return RuleWatch.Outcome() }
    count += 1
    if !topic.camera.hasPrefix("_") { seen.insert(topic.camera) }
    let moment = Moment(monotonic: .nanoseconds(envelope.message.monotonic), wall: wall)
    var outcome = RuleWatch.Outcome()
    let isNew = envelope.message.epoch != epoch
    if isNew {
      outcome += interrupt()
      (epoch, resent) = (envelope.message.epoch, [])
    }
    if topic.kind == .state, let state = decode(CameraState.self, data)?.message,
      watch == nil || moment.monotonic <= now.monotonic
    {
      resent.append(state)
      return outcome
    }
    if !isNew, moment.monotonic - now.monotonic > longestSilence { outcome += interrupt() }
    if !isNew, watch != nil, now.monotonic - moment.monotonic > Self.mostDisorder { disordered += 1 }
    outcome += proceed(to: moment)
    outcome += take(data, topic)
    return outcome
  }

  /// Advances to a moment, starting a new watch if there is none.
  private mutating func proceed(to moment: Moment) -> RuleWatch.Outcome {
    period = min(period?.lowerBound ?? moment.wall, moment.wall)...max(period?.upperBound ?? moment.wall, moment.wall)
    defer { resent = [] }
    guard watch == nil else {
      now = Moment(monotonic: max(now.monotonic, moment.monotonic), wall: moment.wall)
      return apply { watch, now in watch.tick(at: now) }
    }
    now = moment
    watch = RuleWatch(settings, cameras: cameras, at: now)
    return resent.reduce(into: RuleWatch.Outcome()) { outcome, state in
      outcome += apply { watch, now in watch.take(state, at: now) }
    }
  }

  private mutating func take(_ data: Data, _ topic: Topic) -> RuleWatch.Outcome {
    switch topic.kind {
    case .event:
      if let event = decode(ActivityEvent.self, data)?.message {
        activities.insert(event.activity.label)
        return apply { $0.take(event, at: $1) }
      }
      if let event = decode(PersonEvent.self, data)?.message { return apply { $0.take(event, at: $1) } }
    case .state:
      if let state = decode(CameraState.self, data)?.message { return apply { $0.take(state, at: $1) } }
    case .health:
      if let health = decode(CameraHealth.self, data)?.message { return apply { $0.take(health, at: $1) } }
    case .prediction: break
    case nil:
      if decode(Heartbeat.self, data)?.message.isStopping == true { return interrupt() }
    }
    // The daemon's own alerts, and messages from a newer daemon.
    return RuleWatch.Outcome()
  }

  /// Clears all raised alerts, as a stopping daemon does.
  private mutating func interrupt() -> RuleWatch.Outcome {
    defer { watch = nil }
    return apply { $0.stop(at: $1) }
  }

  private mutating func apply(_ step: (inout RuleWatch, Moment) -> RuleWatch.Outcome) -> RuleWatch.Outcome {
    guard var current = watch else { return RuleWatch.Outcome() }
    defer { watch = current }
    return step(&current, now)
  }

  /// Whether the line is one of `adl watch --json`'s own notices.
  private func isNotice(_ line: Data) -> Bool {
    struct Notice: Decodable { var notice: String }
    return (try? JSONDecoder().decode(Notice.self, from: line)) != nil  // any other line is not a notice
  }

  private func decode<Message: Decodable>(_: Message.Type, _ line: Data) -> Line<Message>? {
    try? JSONDecoder().decode(Line<Message>.self, from: line)  // not a message of this type
  }
}

/// One line of a recording: a message with its topic.
private struct Line<Message: Decodable>: Decodable {
  var topic: Topic?
  var message: Message

  private enum CodingKeys: String, CodingKey { case topic, message }

  init(from decoder: any Decoder) throws {
    let table = try decoder.container(keyedBy: CodingKeys.self)
    topic = Topic(parsing: try table.decode(String.self, forKey: .topic))
    message = try table.decode(Message.self, forKey: .message)
  }
}

extension RuleWatch.Outcome {
  fileprivate static func += (left: inout Self, right: Self) {
    left.alerts += right.alerts
    left.undecided += right.undecided
  }
}
