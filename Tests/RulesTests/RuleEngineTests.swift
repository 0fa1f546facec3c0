import Basics
import Foundation
import Rules
import Testing

@Suite struct `An alert` {
  private let camera = Rule(.cameraAway, "away") {
    $0.duration = .seconds(60)
    $0.repeatEvery = .seconds(600)
  }

  @Test func `an alert is repeated while it lasts`() throws {
    var run = try Run(camera)
    run.online(false)
    run.pass(minutes: 25)
    run.online(true)
    #expect(
      run.log == [
        "raised away@60.0", "reminder 1 away@660.0", "reminder 2 away@1260.0", "cleared (returned) away@1500.0",
      ])
  }

  @Test func `an alert cleared by timeout needs its cause to end before it is raised again`() throws {
    var rule = camera
    (rule.repeatEvery, rule.clearAfter) = (nil, .seconds(120))
    var run = try Run(rule)
    run.online(false)
    run.pass(hours: 1)
    #expect(run.log == ["raised away@60.0", "cleared (timeout) away@180.0"])
    run.online(true)
    run.online(false)
    run.pass(minutes: 2)
    #expect(run.log.last == "raised away@3660.0")
  }

  @Test func `an alert cleared by timeout does not return because nobody watches`() throws {
    let gone = Rule(.absent, "gone") {
      $0.duration = .seconds(600)
      $0.clearAfter = .seconds(60)
    }
    let lying = Rule(.activity, "lying") {
      $0.activities = ["Lie"]
      $0.clearAfter = .seconds(60)
    }
    var run = try Run(gone, lying)
    run.start("Lie")
    run.pass(hours: 1)
    run.end("Lie")
    run.online(false)
    run.pass(hours: 1)
    run.online(true)
    run.start("Lie")
    run.pass(hours: 1)
    #expect(
      run.log == [
        "raised lying@0.0", "cleared (timeout) lying@60.0", "raised gone@540.0", "cleared (timeout) gone@600.0",
      ])
  }

  @Test func `an alert is cleared when the daemon stops`() throws {
    var run = try Run(camera)
    run.online(false)
    run.pass(minutes: 2)
    run.stop()
    #expect(run.log == ["raised away@60.0", "cleared (shutdown) away@120.0"])
  }
}

@Suite struct `Any stream of facts` {
  /// Rules of all kinds, with short times.
  private static func rules(_ random: inout SplitMix64) -> [Rule] {
    Rule.Kind.allCases.flatMap { kind in
      (0..<2).map { number in
        Rule(kind, "\(kind)\(number)", cameras: number == 0 ? ["a"] : ["a", "b"]) { rule in
          rule.activities = ["Lie", "Fall"].shuffled(using: &random).dropLast(number)
          rule.followers = ["Walk"]
          rule.duration = .seconds(Int.random(in: 1...90, using: &random))
          rule.gap = .seconds(Int.random(in: 0...20, using: &random))
          if Bool.random(using: &random) { rule.schedule = Schedule("12:03-12:20") }
          if rule.schedule != nil, Bool.random(using: &random), [.noActivity, .absent].contains(kind) {
            rule.duration = nil
          }
          if Bool.random(using: &random) { rule.unwatched = .seconds(Int.random(in: 0...60, using: &random)) }
          if Bool.random(using: &random) { rule.clearAfter = .seconds(Int.random(in: 1...200, using: &random)) }
          if Bool.random(using: &random) { rule.repeatEvery = .seconds(Int.random(in: 1...100, using: &random)) }
          rule.leavingEnds = Bool.random(using: &random)
        }
      }
    }
  }

  /// Facts with their times in seconds; some end what never began.
  private static func facts(_ random: inout SplitMix64) -> [(time: Double, fact: Fact)] {
    var time = 0.0
    return (0..<200).map { _ in
      time += Double(Int.random(in: 0...30_000, using: &random)) / 1000
      let camera = ["a", "b", "unknown"].randomElement(using: &random) ?? "a"
      let person = Int.random(in: 1...3, using: &random)
      let at = Duration.seconds(time - Double(Int.random(in: -2...5, using: &random)))
      let label = ["Lie", "Fall", "Walk", "Lie.Onbed"].randomElement(using: &random) ?? "Lie"
      let id = "\(camera)\(person)\(label)"
      let fact: Fact =
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1:
          .started(
            Fact.Activity(
              id: id, camera: camera, person: person, label: label, family: String(label.prefix(3)), onset: at))
        case 2, 3: .ended(id: id, camera: camera, offset: at)
        case 4: .entered(camera: camera, person: person, since: at)
        case 5: .left(camera: camera, person: person, until: at, isLeaving: Bool.random(using: &random))
        case 6: .condition(camera: camera, isOnline: Int.random(in: 0..<4, using: &random) > 0)
        default: .impaired(camera: camera, .finder, Int.random(in: 0..<4, using: &random) == 0)
        }
      return (time, fact)
    }
  }

  private static func outputs(
    _ rules: [Rule], _ facts: [(time: Double, fact: Fact)], tick: Double?
  ) -> [RuleOutput] {
    let noon = Date(timeIntervalSince1970: 1_790_856_000)
    func moment(_ time: Double) -> Moment { Moment(monotonic: .seconds(time), wall: noon.addingTimeInterval(time)) }
    var engine = RuleEngine(rules, at: moment(0))
    var outputs: [RuleOutput] = []
    var now = 0.0
    for (time, fact) in facts {
      while let tick, now + tick < time {
        now += tick
        outputs += engine.advance(to: moment(now))
      }
      now = time
      outputs += engine.take(fact, at: moment(time))
    }
    return outputs + engine.stop(at: moment(now + 300))
  }

  @Test(arguments: 0..<50)
  func `any facts raise nothing twice, clear only what was raised, and leave nothing open`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let rules = Self.rules(&random)
    let outputs = Self.outputs(rules, Self.facts(&random), tick: nil)
    var open: [String: Alert] = [:]
    var last = Duration.zero
    for case .alert(let alert) in outputs {
      let key = "\(alert.rule) \(alert.cameras)"
      switch alert.kind {
      case .raised:
        #expect(open[key] == nil)
        #expect(alert.raised == alert.at && alert.since <= alert.raised)
        open[key] = alert
      case .reminder, .cleared:
        let before = open[key]
        #expect(before?.raised == alert.raised && before?.reason == alert.reason)
        if case .cleared = alert.kind { open[key] = nil }
      }
      #expect(alert.at >= last)
      last = alert.at
    }
    #expect(open.isEmpty && !outputs.isEmpty)
  }

  @Test(arguments: 0..<12)
  func `any facts give the same alerts at the same times however often time is advanced`(seed: UInt64) {
    var random = SplitMix64(seed: 1000 + seed)
    let rules = Self.rules(&random)
    let facts = Self.facts(&random)
    let once = Self.outputs(rules, facts, tick: nil)
    for tick in [0.25, 1, 7.7] { #expect(Self.outputs(rules, facts, tick: tick) == once) }
  }

  @Test func `any facts with jumps in time are processed in finite time`() throws {
    var run = try Run(Rule(.cameraAway, "away") { $0.duration = .seconds(60) }, online: false)
    run.pass(4e9)
    run.set(clockBy: -8e9)
    run.pass(4e9)
    #expect(run.log.count == 1)
  }
}
