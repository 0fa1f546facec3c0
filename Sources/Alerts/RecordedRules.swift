package import Events
package import Foundation
import Rules
package import Settings

/// Rules over messages that were recorded, line by line, as `adl watch --json` prints them.
///
/// Times are those of the messages. Where the daemon was started anew, or nothing was recorded for a while, rules begin anew,
/// as the daemon's do: what was not recorded was not watched.
package struct RecordedRules {
  /// Messages of several topics may overtake one another by so much.
  private static let mostDisorder = Duration.seconds(2)

  private let settings: RuleSettings
  private let cameras: [String]
  private let longestSilence: Duration
  private var watch: RuleWatch?
  private var epoch = ""
  private var now = Moment(monotonic: .zero, wall: .distantPast)
  /// States sent again to whoever joins: older than what else is said, they tell what is so when a recording begins.
  private var resent: [CameraState] = []
  private var foreign = 0
  private var disordered = 0
  private var seen: Set<String> = []

  /// Messages that were read.
  package private(set) var count = 0
  /// Times of the first and the last message.
  package private(set) var period: ClosedRange<Date>?

  /// Takes the settings of the daemon that was recorded, with the rules to try.
  package init(_ settings: DaemonSettings) {
    self.settings = settings.rules
    cameras = settings.cameras.filter(\.isEnabled).map(\.name)
    longestSilence = .seconds(max(60, settings.events.heartbeat * 3))
  }

  /// Why what was said may not be what was meant, a sentence each.
  package var doubts: [String] {
    var doubts: [String] = []
    if foreign > 0 { doubts.append("lines that are no messages of a daemon: \(foreign)") }
    if disordered > 0 { doubts.append("messages older than the one before: \(disordered); rules need them in order") }
    if count > 0, seen.isDisjoint(with: cameras) {
      let others = seen.sorted().joined(separator: ", ")
      doubts.append(
        "no message is about a camera of the settings (\(cameras.joined(separator: ", ")))"
          + (others.isEmpty ? "" : "; the recording has \(others)"))
    }
    return doubts
  }

  /// Alerts that are raised at the end of what was read.
  package var raised: [AlertEvent] { watch?.state.alerts ?? [] }

  /// Takes the next line; one that is no message of a daemon tells nothing.
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

  /// Goes on to a moment, with a new watch where there is none.
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
      if let event = decode(ActivityEvent.self, data)?.message { return apply { $0.take(event, at: $1) } }
      if let event = decode(PersonEvent.self, data)?.message { return apply { $0.take(event, at: $1) } }
    case .state:
      if let state = decode(CameraState.self, data)?.message { return apply { $0.take(state, at: $1) } }
    case .health:
      if let health = decode(CameraHealth.self, data)?.message { return apply { $0.take(health, at: $1) } }
    case .prediction: break
    case nil:
      if decode(Heartbeat.self, data)?.message.isStopping == true { return interrupt() }
    }
    // Alerts of the daemon's own, and messages of a newer one.
    return RuleWatch.Outcome()
  }

  /// What was raised is cleared, as by a daemon that stops.
  private mutating func interrupt() -> RuleWatch.Outcome {
    defer { watch = nil }
    return apply { $0.stop(at: $1) }
  }

  private mutating func apply(_ step: (inout RuleWatch, Moment) -> RuleWatch.Outcome) -> RuleWatch.Outcome {
    guard var current = watch else { return RuleWatch.Outcome() }
    defer { watch = current }
    return step(&current, now)
  }

  /// What `adl watch --json` says of its own.
  private func isNotice(_ line: Data) -> Bool {
    struct Notice: Decodable { var notice: String }
    return (try? JSONDecoder().decode(Notice.self, from: line)) != nil  // anything else is none
  }

  private func decode<Message: Decodable>(_: Message.Type, _ line: Data) -> Line<Message>? {
    try? JSONDecoder().decode(Line<Message>.self, from: line)  // what cannot be read is no message of this type
  }
}

/// One line of a recording.
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
