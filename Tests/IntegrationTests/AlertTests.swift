import Events
import Foundation
import Testing

@Suite(.serialized) struct `Alerts of the daemon` {
  /// Settings for a model that always recognises lying, and a camera that never appears.
  private func settings(_ programs: borrowing Programs) throws -> String {
    try programs.write(
      """
      node: test
      model: {path: \(programs.smallModel()), precision: f32, threads: 1, hop: 4}
      cameras:
        - {name: room, source: "synthetic:1?rate=15&size=64x64"}
        - {name: gone, source: "file:\(programs.folder)/nowhere.avi"}
      people: {mode: scene}
      recognition: {onHold: 1, offHold: 1}
      rules:
        alerts:
          lying: {when: activity, activities: [Lie], for: 2s, message: Look}
          away: {when: cameraAway, cameras: gone, for: 2s}
          never: {when: cameraAway, cameras: room, for: 1h}
      events:
        endpoint: ipc://\(programs.folder)/events
        query: ipc://\(programs.folder)/query
        heartbeat: 0.2
      """, to: "adld.yaml")
  }

  @Test(.timeLimit(.minutes(5)))
  func `alerts are raised, sent to new subscribers, cleared at the end, and the same from a recording`() throws {
    let programs = try Programs()
    let config = try settings(programs)
    let endpoint = "ipc://\(programs.folder)/events"
    let watch = try programs.start("adl", ["watch", "--endpoint", endpoint, "--until-end", "--json"])
    let subscriber = try EventSubscriber(endpoint: endpoint, prefixes: ["adl/1/test/_rules/event/"])
    let running = try programs.start("adld", ["--config", config])
    var raised: Set<String> = []
    while raised.count < 2 {
      guard case .message(let message) = try #require(subscriber.next(timeout: .seconds(60)), "\(running.errorsSoFar)")
      else { continue }
      let alert = try JSONDecoder().decode(AlertEvent.self, from: message.json)
      #expect(alert.type == .raised)
      raised.insert(alert.rule)
    }
    #expect(raised == ["lying", "away"])

    let newcomer = try EventSubscriber(endpoint: endpoint, prefixes: ["adl/1/test/_rules/state/"])
    // The state follows the alert: a subscriber that joins between the two first gets the earlier one.
    var told: Set<String> = []
    while told != raised {
      guard case .message(let state) = try #require(newcomer.next(timeout: .seconds(20)), "only received \(told)")
      else {
        continue
      }
      told = Set(try JSONDecoder().decode(AlertsState.self, from: state.json).alerts.map(\.rule))
    }

    running.terminate()
    #expect(running.finish().status == 0)
    let recording = watch.finish().output
    let alerts = recording.split(separator: "\n").compactMap { line in
      try? JSONDecoder().decode(Recorded.self, from: Data(line.utf8)).message  // other lines are not alerts
    }
    #expect(
      alerts.map { "\($0.type.rawValue) \($0.rule)" }.sorted() == [
        "alert.cleared away", "alert.cleared lying", "alert.raised away", "alert.raised lying",
      ])
    #expect(alerts.filter { $0.type == .cleared }.allSatisfy { $0.clearReason == "shutdown" })
    #expect(Set(alerts.map(\.id)).count == 2)

    let replay = try programs.run(
      "adl", "rules", try programs.write(recording, to: "events.jsonl"), "--config", config, "--json")
    let again = try replay.output.split(separator: "\n").map {
      try JSONDecoder().decode(AlertEvent.self, from: Data($0.utf8))
    }
    #expect(replay.status == 0, "\(replay.errors)")
    #expect(again.map { "\($0.type) \($0.rule) \($0.reason)" } == alerts.map { "\($0.type) \($0.rule) \($0.reason)" })
  }

  @Test(.timeLimit(.minutes(5))) func `rules about people are refused if the whole picture is analysed`() throws {
    let programs = try Programs()
    let config = try programs.write(
      """
      model: {path: \(programs.smallModel())}
      cameras: [{name: room, source: "synthetic:1"}]
      people: {mode: scene}
      rules: {alerts: {nobody: {when: absent, for: 12h}}}
      """, to: "adld.yaml")
    let outcome = try programs.run("adld", "--config", config, "--check")
    #expect(outcome.status == 78)
    #expect(
      outcome.errors.contains(
        "rules.alerts.nobody: needs people, but the whole picture is looked at; set people.mode to people"))
  }

  @Test(.timeLimit(.minutes(5))) func `rules cannot be tried on a file that is not a recording`() throws {
    let programs = try Programs()
    let config = try settings(programs)
    let file = try programs.write("nothing of the kind\n", to: "events.jsonl")
    let outcome = try programs.run("adl", "rules", file, "--config", config)
    #expect(outcome.status == 65)
    #expect(outcome.errors == "adl: \(file) contains no messages as printed by `adl watch --json`\n")
  }

  private struct Recorded: Decodable {
    var message: AlertEvent
  }
}
