import Alerts
import Events
import Foundation
import Rules
import Settings
import Testing

@Suite struct `Rules on a recording` {
  private let rules = """
    lying: {when: activity, activities: [Lie], for: 1m}
        meal: {when: noActivity, activities: [Eat], for: 10m, cameras: [room], unwatched: 0s}
    """

  /// A line as `adl watch --json` prints it.
  private func line(
    _ body: some Encodable, _ topic: Topic, at second: Double, epoch: String = "e1"
  ) throws -> String {
    var envelope = Envelope()
    let instant = Made.instant(second)
    (envelope.epoch, envelope.time, envelope.monotonic) = (epoch, instant.time, instant.monotonic)
    var object: [String: Any] = [:]
    for data in [try JSONEncoder().encode(envelope), try JSONEncoder().encode(body)] {
      let part = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
      object.merge(part) { $1 }
    }
    let whole: [String: Any] = ["topic": topic.description, "message": object]
    return String(decoding: try JSONSerialization.data(withJSONObject: whole), as: UTF8.self)
  }

  private func topic(_ kind: Topic.Kind) -> Topic { Topic(node: "n", camera: "room", kind) }

  private func heartbeat(_ second: Double, isStopping: Bool = false, epoch: String = "e1") throws -> String {
    try line(
      Heartbeat(topics: [:], isStopping: isStopping, cameras: [:]), .heartbeat(node: "n"), at: second, epoch: epoch)
  }

  private func beats(_ seconds: ClosedRange<Int>, epoch: String = "e1") throws -> [String] {
    try stride(from: seconds.lowerBound, through: seconds.upperBound, by: 5).map {
      try heartbeat(Double($0), epoch: epoch)
    }
  }

  private func said(_ lines: [String], raised: Int = 0) throws -> [String] {
    var recorded = RecordedRules(try Made.settings(rules))
    var said: [String] = []
    for line in lines {
      for word in recorded.read(line).alerts {
        said.append("\(word.alert.type.rawValue) \(word.alert.rule) \(word.at.monotonic / 1_000_000_000 - 1000)")
      }
    }
    #expect(recorded.raised.count == raised)
    return said
  }

  @Test func `rules on a recording give the daemon's alerts with the recording's times`() throws {
    let lines =
      [try line(Made.state("idle"), topic(.state), at: 0)] + (try beats(1...20))
      + [try line(Made.activity(.start, "Lie", onset: 20), topic(.event), at: 24)] + (try beats(25...200))
      + [try line(Made.activity(.end, "Lie", onset: 20, offset: 200), topic(.event), at: 204)]
      + (try beats(205...400))
    #expect(try said(lines) == ["alert.raised lying 80", "alert.cleared lying 216"])
  }

  @Test func `rules on a recording say what makes their result doubtful`() throws {
    func doubts(_ lines: [String]) throws -> [String] {
      var recorded = RecordedRules(try Made.settings(rules))
      for line in lines { _ = recorded.read(line) }
      return recorded.doubts
    }
    let start = try line(Made.activity(.start, "Lie", onset: 20), topic(.event), at: 24)
    #expect(try doubts([start] + beats(25...40) + [#"{"notice":"missed 3 messages"}"#]) == [])
    #expect(try doubts([start, "", "Lie 0.9", "{}"]) == ["lines that are not messages from a daemon: 3"])
    #expect(
      try doubts(beats(0...60).reversed() + [start]).contains { $0.hasPrefix("messages older than the one before: ") })
    let other = try line(
      Made.activity(.start, "Lie", camera: "cellar", onset: 20), Topic(node: "n", camera: "cellar", .event), at: 24)
    #expect(
      try doubts([other]).contains {
        $0.hasPrefix("no message is about a camera in the settings") && $0.hasSuffix("cellar")
      })
    let small = try line(Made.activity(.start, "lie", onset: 20), topic(.event), at: 24)
    #expect(try doubts([small]) == ["the rules name 'Lie', which never occurs; did you mean lie?"])
  }

  @Test func `rules start when the recording starts, not at the time of states re-sent to new subscribers`() throws {
    let lines = [try line(Made.state("idle", since: -7200), topic(.state), at: -7200)] + (try beats(0...700))
    #expect(try said(lines, raised: 1) == ["alert.raised meal 600"])
  }

  @Test func `rules start over with a restarted daemon, and after a gap in the recording`() throws {
    let resent = try line(Made.state("idle"), topic(.state), at: 0)
    let silent = [resent] + (try beats(1...500)) + [resent] + (try beats(650...1200))
    #expect(try said(silent).isEmpty)
    let restarted =
      [resent] + (try beats(1...500)) + [try line(Made.state("idle"), topic(.state), at: 510, epoch: "e2")]
      + (try beats(510...1100, epoch: "e2"))
    #expect(try said(restarted).isEmpty)
    #expect(try said(restarted + beats(1105...1115, epoch: "e2"), raised: 1) == ["alert.raised meal 1110"])
  }

  @Test func `rules on a recording clear raised alerts where the daemon stopped`() throws {
    let lines =
      [try line(Made.state("idle"), topic(.state), at: 0)] + (try beats(1...620))
      + [try heartbeat(630, isStopping: true)]
    #expect(try said(lines) == ["alert.raised meal 601", "alert.cleared meal 630"])
  }

  @Test func `rules on a recording skip lines that are not messages, and recorded alerts`() throws {
    let instant = Made.instant(0)
    let alert = AlertEvent(
      .raised, id: "X", rule: "lying", cameras: ["room"], reason: "r", since: instant, raised: instant)
    let strange = [
      "", "{", "[]", #"{"notice":"missed 3 messages"}"#, #"{"topic":"adl/1/n/room/event/","message":{}}"#,
      #"{"topic":"x","message":{"time":"2026-10-01T12:00:00Z"}}"#, "\u{0}\u{FFFD}",
    ]
    let own = [
      try line(alert, Topic(node: "n", camera: Topic.rules, .event), at: 1),
      try line(AlertsState(alerts: [alert]), Topic(node: "n", camera: Topic.rules, .state), at: 1),
    ]
    #expect(try said(strange + own).isEmpty)
    var recorded = RecordedRules(try Made.settings(rules))
    for line in strange { _ = recorded.read(line) }
    #expect(recorded.period == nil)
  }
}
