import Foundation
import Testing

@testable import Rules

/// An engine with clocks set by the test.
struct Run {
  /// The outputs, such as `raised night@12.0`: kind, rule, seconds since the run started.
  private(set) var log: [String] = []
  private(set) var alerts: [Alert] = []
  private let rules: [Rule]
  private var engine: RuleEngine
  /// Wall time at second 0 of monotonic time.
  private var zero: Date
  private(set) var second = 0.0

  /// Starts at a time such as `2026-10-01T06:00:00Z`, with cameras that are online.
  init(_ rules: Rule..., from start: String = "2026-10-01T12:00:00Z", online: Bool = true) throws {
    self.rules = rules
    zero = try Date(start, strategy: .iso8601)
    engine = RuleEngine(rules, at: Moment(monotonic: .zero, wall: zero))
    if online {
      for camera in Set(rules.flatMap(\.cameras)) { take(.condition(camera: camera, isOnline: true)) }
    }
  }

  private var moment: Moment { Moment(monotonic: .seconds(second), wall: zero.addingTimeInterval(second)) }

  mutating func pass(_ seconds: Double) {
    second += seconds
    note(engine.advance(to: moment))
  }

  mutating func pass(minutes: Double) { pass(minutes * 60) }
  mutating func pass(hours: Double) { pass(hours * 3600) }

  mutating func take(_ fact: Fact) { note(engine.take(fact, at: moment)) }

  mutating func start(_ label: String, camera: String = "room", person: Int? = 1, ago: Double = 0) {
    take(
      .started(
        Fact.Activity(
          id: "\(camera) \(person ?? 0) \(label)", camera: camera, person: person, label: label,
          family: String(label.prefix { $0 != "." }), onset: .seconds(second - ago))))
  }

  mutating func end(_ label: String, camera: String = "room", person: Int? = 1) {
    take(.ended(id: "\(camera) \(person ?? 0) \(label)", camera: camera, offset: .seconds(second)))
  }

  mutating func enter(_ person: Int, camera: String = "room") {
    take(.entered(camera: camera, person: person, since: .seconds(second)))
  }

  mutating func leave(_ person: Int, camera: String = "room", isLeaving: Bool = true) {
    take(.left(camera: camera, person: person, until: .seconds(second), isLeaving: isLeaving))
  }

  mutating func online(_ isOnline: Bool, camera: String = "room") {
    take(.condition(camera: camera, isOnline: isOnline))
  }

  /// Sets the wall clock.
  mutating func set(clockBy seconds: Double) { zero.addTimeInterval(seconds) }

  mutating func stop() { note(engine.stop(at: moment)) }

  private mutating func note(_ outputs: [RuleOutput]) {
    for output in outputs {
      switch output {
      case .alert(let alert):
        alerts.append(alert)
        let word =
          switch alert.kind {
          case .raised: "raised"
          case .reminder(let number): "reminder \(number)"
          case .cleared(let reason): "cleared (\(reason.rawValue))"
          }
        log.append("\(word) \(rules[alert.rule].name)@\(seconds(alert.at))")
      case .undecided(let rule, let at, _): log.append("undecided \(rules[rule].name)@\(seconds(at))")
      }
    }
  }

  private func seconds(_ time: Duration) -> Double { (time / .seconds(1) * 1000).rounded() / 1000 }
}

extension TimeZone {
  static let berlin = TimeZone(identifier: "Europe/Berlin") ?? .gmt
}

extension Schedule {
  /// A window such as `22:00-06:00`.
  init(_ text: String, _ weekdays: Set<Weekday> = Set(Weekday.allCases), zone: TimeZone = .gmt) {
    let times = text.split(separator: "-").map { $0.split(separator: ":").compactMap { Int($0) } }
    self.init(
      begin: times[0][0] * 60 + times[0][1], end: times[1][0] * 60 + times[1][1], weekdays: weekdays, zone: zone)
  }
}

extension Rule {
  init(_ kind: Kind, _ name: String = "rule", cameras: [String] = ["room"], change: (inout Rule) -> Void = { _ in }) {
    self.init(name: name, kind: kind, cameras: cameras)
    change(&self)
  }
}
