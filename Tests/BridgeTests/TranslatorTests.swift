import Events
import Foundation
import Testing

@testable import Bridge

@Suite struct `Messages for the broker` {
  private var translator = Translator(Made.quiet)

  init() { _ = translator.take(Made.heartbeat([]), at: .zero) }

  private mutating func take(_ camera: String, _ kind: Topic.Kind, _ json: String) -> [String] {
    translator.take(Made.message(camera, kind, json), at: .zero).map(\.line)
  }

  @Test mutating func `an activity is published as the daemon sent it, with its event_type`() {
    #expect(
      take("kitchen", .event, Made.start) == [
        #"adl/flat12/kitchen/event {"event_type":"activity.start","# + Made.start.dropFirst() + " event"
      ])
  }

  @Test mutating func `people coming and going, and a newer daemon's events, are published`() {
    let came = #"{"type":"person.entered","camera":"kitchen","person":\#(Made.person)}"#
    #expect(
      take("kitchen", .event, came) == [
        #"adl/flat12/kitchen/event {"event_type":"person.entered","# + came.dropFirst() + " event"
      ])
    #expect(
      take("kitchen", .event, #" {"type":"new\"kind"}"#) == [
        #"adl/flat12/kitchen/event {"event_type":"new\"kind","type":"new\"kind"} event"#
      ])
    #expect(take("kitchen", .event, "[1]") == [])
  }

  @Test mutating func `a camera's state, presence and people are retained`() {
    _ = take("kitchen", .event, Made.start)
    #expect(
      take("kitchen", .state, Made.drinking) == [
        "adl/flat12/kitchen/presence ON retained",
        #"adl/flat12/kitchen/state {"activity":"Drink.Fromcup","condition":"online","confidence":0.87,"people":1,"#
          + #""since":"2026-10-01T07:31:04.120Z","state":"activity"} retained"#,
      ])
    #expect(take("kitchen", .state, Made.drinking) == [], "nothing has changed")
    #expect(
      take("kitchen", .state, Made.state("empty")) == [
        "adl/flat12/kitchen/presence OFF retained",
        #"adl/flat12/kitchen/state {"condition":"online","people":0,"since":"2026-10-01T07:31:04.120Z","state":"empty"}"#
          + " retained",
      ])
  }

  @Test mutating func `an activity's end publishes no state before the daemon's own`() {
    _ = take("kitchen", .event, Made.start)
    _ = take("kitchen", .state, Made.drinking)
    let end = Made.start.replacing("activity.start", with: "activity.end")
    #expect(take("kitchen", .event, end).allSatisfy { $0.hasPrefix("adl/flat12/kitchen/event ") })
    _ = take("kitchen", .state, Made.state("empty"))
    #expect(take("kitchen", .state, Made.drinking).allSatisfy { !$0.contains("confidence") })
  }

  @Test mutating func `an unavailable camera publishes that nothing is known`() {
    _ = take("kitchen", .state, Made.drinking)
    #expect(
      take("kitchen", .state, Made.state("no_signal", condition: "offline", people: nil)) == [
        "adl/flat12/kitchen/presence None retained",
        #"adl/flat12/kitchen/state {"condition":"offline","since":"2026-10-01T07:31:04.120Z","state":"no_signal"}"#
          + " retained",
      ])
  }

  @Test mutating func `nothing is published about people if the whole picture is analysed`() {
    let changes = take("kitchen", .state, Made.state("idle", people: nil))
    #expect(changes.count == 1)
    #expect(changes.allSatisfy { $0.hasPrefix("adl/flat12/kitchen/state ") && !$0.contains("people") })
  }

  @Test mutating func `an activity's own topic is switched on and off`() {
    var options = Made.quiet
    options.labels = ["Drink.Fromcup", "Eat"]
    translator = Translator(options)
    #expect(take("kitchen", .state, Made.drinking).contains("adl/flat12/kitchen/activity/drink_fromcup ON retained"))
    #expect(
      take("kitchen", .state, Made.state("empty")).first == "adl/flat12/kitchen/activity/drink_fromcup OFF retained")
    #expect(
      take("kitchen", .state, Made.state("no_signal", condition: "offline")).prefix(2) == [
        "adl/flat12/kitchen/activity/drink_fromcup None retained", "adl/flat12/kitchen/activity/eat None retained",
      ])
  }

  @Test mutating func `a rule's state is raised and cleared`() {
    #expect(
      take("_rules", .event, Made.alert("alert.raised")) == [
        #"adl/flat12/_rules/fallen/state {"alerts":1,"cameras":["kitchen"],"message":"Look","#
          + #""raised":"2026-10-01T07:31:04.120Z","reason":"lies for 60 s","since":"2026-10-01T07:31:04.120Z","#
          + #""state":"ON"} retained"#,
        #"adl/flat12/_rules/event {"event_type":"alert.raised","# + Made.alert("alert.raised").dropFirst() + " event",
      ])
    #expect(take("_rules", .event, Made.alert("alert.reminder", #","reminder":1"#)).count == 1)
    #expect(
      take("_rules", .event, Made.alert("alert.cleared")).first
        == #"adl/flat12/_rules/fallen/state {"alerts":0,"state":"OFF"} retained"#)
    let open = #"{"type":"alerts","alerts":[\#(Made.alert("alert.raised"))]}"#
    #expect(take("_rules", .state, open).first?.contains(#""state":"ON""#) == true)
    #expect(take("_rules", .state, #"{"type":"alerts","alerts":[]}"#).first?.contains(#""state":"OFF""#) == true)
  }

  @Test mutating func `the last health message and its counters are retained`() {
    let health = #"{"type":"camera.stalled","camera":"kitchen","reason":"no frame for 2 s","counters":{"frames":5}}"#
    let changes = take("kitchen", .health, health)
    #expect(changes.last == "adl/flat12/kitchen/health \(health) retained")
    #expect(changes.first?.hasPrefix(#"adl/flat12/kitchen/counters {"corrupt_frames":0,"empty_hops":0,"#) == true)
    #expect(changes.first?.contains(#""frames":5,"#) == true)
  }

  @Test mutating func `heartbeat counters are published once a minute`() {
    func counted(_ publications: [Publication]) -> Int { publications.filter { $0.topic.hasSuffix("counters") }.count }
    #expect(counted(translator.take(Made.heartbeat(["kitchen"], frames: 1), at: .seconds(100))) == 1)
    #expect(counted(translator.take(Made.heartbeat(["kitchen"], frames: 2), at: .seconds(159))) == 0)
    #expect(counted(translator.take(Made.heartbeat(["kitchen"], frames: 3), at: .seconds(160))) == 1)
  }

  @Test mutating func `predictions are published without being retained`() {
    #expect(
      take("kitchen", .prediction, #"{"type":"prediction"}"#) == [
        #"adl/flat12/kitchen/prediction {"type":"prediction"} passing"#
      ])
  }

  @Test mutating func `the daemon is published as unavailable when it stops or is silent`() {
    let offline = ["adl/flat12/_daemon/availability offline retained"]
    #expect(translator.daemonIsSilent().map(\.line) == offline)
    #expect(
      translator.take(Made.heartbeat([]), at: .zero).map(\.line) == [
        "adl/flat12/_daemon/availability online retained"
      ])
    #expect(translator.take(Made.heartbeat([], isStopping: true), at: .zero).map(\.line) == offline)
  }

  @Test mutating func `messages of other nodes and other cameras are ignored`() {
    var options = Made.quiet
    options.cameras = ["hall"]
    translator = Translator(options)
    #expect(take("kitchen", .state, Made.drinking) == [])
    let stranger = EventSubscriber.Message(
      topic: Topic(node: "other", camera: "hall", .state), json: Data(Made.drinking.utf8))
    #expect(translator.take(stranger, at: .zero) == [])
    #expect(!take("hall", .state, Made.drinking).isEmpty)
  }

  @Test mutating func `topics of a removed camera are cleared once the daemon's camera list is complete`() {
    _ = take("kitchen", .state, Made.drinking)
    #expect(translator.take(Made.heartbeat(["hall"]), at: .zero).allSatisfy { !$0.payload.isEmpty })
    let cleared = translator.take(Made.heartbeat(["hall"]), at: .zero)
    #expect(
      cleared.filter { $0.payload.isEmpty }.map(\.topic) == [
        "adl/flat12/kitchen/presence", "adl/flat12/kitchen/state",
      ])
  }

  @Test mutating func `a returning broker gets everything, and the bridge's availability last`() {
    _ = take("kitchen", .state, Made.drinking)
    let announcement = translator.announcement.map(\.line)
    #expect(announcement.count == 4)
    #expect(announcement.first == "adl/flat12/kitchen/presence ON retained")
    #expect(
      announcement.suffix(2) == [
        "adl/flat12/_daemon/availability online retained", "adl/flat12/availability online retained",
      ])
    #expect(translator.will.line == "adl/flat12/availability offline retained")
  }

  @Test mutating func `the translator survives any text`() {
    for text in ["", "{", "{}", "null", #"{"type":7}"#, "[{}]", "\u{0}"] {
      for kind in Topic.Kind.allCases where kind != .prediction {
        for camera in ["kitchen", "_rules"] { #expect(take(camera, kind, text) == []) }
      }
    }
  }
}
