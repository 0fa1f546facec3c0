import Events
import Foundation
import Testing

@Suite(.serialized) struct `Daemon as a process` {
  /// Settings for one camera, of which the whole picture is analysed.
  private func settings(
    _ programs: borrowing Programs, model: String, source: String, recognition: String = ""
  ) throws -> String {
    try programs.write(
      """
      node: test
      model: {path: \(model), precision: f32, threads: 1, hop: 4}
      cameras:
        - {name: room, source: "\(source)"}
      people: {mode: scene}
      recognition: {onHold: 1, offHold: 1\(recognition)}
      events:
        endpoint: ipc://\(programs.folder)/events
        query: ipc://\(programs.folder)/query
        heartbeat: 0.2
      """, to: "adld.yaml")
  }

  /// Everything a subscriber receives until the daemon's last heartbeat.
  private func messages(
    _ subscriber: EventSubscriber, while running: Programs.Running, stopWhen: (ActivityEvent) -> Bool
  ) throws -> [EventSubscriber.Message] {
    var messages: [EventSubscriber.Message] = []
    while true {
      guard let arrival = subscriber.next(timeout: .seconds(20)) else {
        Issue.record("no message arrived for 20 s: \(running.errorsSoFar)")
        return messages
      }
      switch arrival {
      case .message(let message):
        messages.append(message)
        if message.topic.isHeartbeat, try JSONDecoder().decode(Heartbeat.self, from: message.json).isStopping {
          return messages
        }
        if message.topic.kind == .event, stopWhen(try JSONDecoder().decode(ActivityEvent.self, from: message.json)) {
          running.terminate()
        }
      case .gap, .restarted, .refused: Issue.record("\(arrival)")
      case .silent: continue
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func `the daemon publishes activities, and SIGTERM ends the open one before it stops`()
    throws
  {
    let programs = try Programs()
    // Walking continues; the maximum duration ends it and lets it start again.
    let config = try settings(
      programs, model: Programs.peopleModel, source: Programs.walk(seconds: 60, rate: 10),
      recognition: ", maximumDuration: 8")
    let running = try programs.start("adld", ["--config", config])
    let subscriber = try EventSubscriber(endpoint: "ipc://\(programs.folder)/events", heartbeat: .seconds(20))
    var walks = 0
    let messages = try messages(subscriber, while: running) { event in
      walks += event.type == .start && event.activity.label == "Walk" ? 1 : 0
      return walks == 2
    }
    let outcome = running.finish()
    #expect(outcome.status == 0, "\(outcome.errors)")

    let events = try messages.filter { $0.topic.kind == .event }
      .map { try JSONDecoder().decode(ActivityEvent.self, from: $0.json) }
    let starts = events.filter { $0.type == .start }
    let ends = events.filter { $0.type == .end }
    #expect(Set(starts.map(\.id)).count == starts.count)
    #expect(starts.map(\.id) == ends.map(\.id), "every start has exactly one end, in order")
    #expect(ends.contains { $0.activity.label == "Walk" && $0.endReason == "max_duration" })
    #expect(ends.last?.activity.label == "Walk" && ends.last?.endReason == "shutdown")
    for (earlier, later) in zip(ends, starts.dropFirst()) {
      #expect(try #require(earlier.offset).monotonic <= later.onset.monotonic, "activities do not overlap")
    }
    #expect(outcome.errors.contains("hops skipped"), "no summary in \(outcome.errors)")
  }

  @Test(.timeLimit(.minutes(5))) func `a camera that disappears ends its activity and comes back`() throws {
    let programs = try Programs()
    let config = try settings(
      programs, model: programs.smallModel(), source: "synthetic:1?rate=15&size=64x64&disconnect=4")
    let running = try programs.start("adld", ["--config", config])
    let subscriber = try EventSubscriber(endpoint: "ipc://\(programs.folder)/events", heartbeat: .seconds(20))
    var starts = 0
    let messages = try messages(subscriber, while: running) { event in
      starts += event.type == .start ? 1 : 0
      return starts == 2
    }
    #expect(running.finish().status == 0)
    let ends = try messages.filter { $0.topic.kind == .event }
      .map { try JSONDecoder().decode(ActivityEvent.self, from: $0.json) }.filter { $0.type == .end }
    #expect(ends.map(\.endReason) == ["camera_lost", "shutdown"])
    let health = try messages.filter { $0.topic.kind == .health }
      .map { try JSONDecoder().decode(CameraHealth.self, from: $0.json).type }
    // The first `online` may arrive before the subscriber does.
    #expect(health.drop { $0 == .online }.prefix(2) == [.offline, .online])
  }

  /// What `adl recognize --json` prints for a recording.
  private struct Recognized: Decodable {
    struct Person: Decodable {
      struct Activity: Decodable {
        var label: String
        var onset: Double
        var offset: Double
        var confidence: Float
      }

      var id: Int
      var activities: [Activity]
    }

    var people: [Person]
  }

  /// Of two frames a second, each completes a window or two.
  @Test(.timeLimit(.minutes(5)), arguments: [2, 15])
  func `live and from a file, the same is recognised, however many frames there are`(rate: Int) throws {
    let programs = try Programs()
    let source = Programs.walk(seconds: 14, rate: rate, size: "160x120")
    let config = try programs.write(
      """
      node: test
      model: {path: \(Programs.peopleModel), precision: f32, hop: 4}
      cameras:
        - {name: room, source: "\(source)"}
      events: {endpoint: "ipc://\(programs.folder)/events", query: "ipc://\(programs.folder)/query"}
      """, to: "adld.yaml")
    let watch = try programs.start(
      "adl", ["watch", "--json", "--until-end", "--endpoint", "ipc://\(programs.folder)/events"])
    let running = try programs.start("adld", ["--config", config])
    for _ in 0..<1200 where !running.errorsSoFar.contains("offline: the source ended") {
      Thread.sleep(forTimeInterval: 0.1)
    }
    running.terminate()
    let outcome = running.finish()
    #expect(outcome.status == 0 && outcome.errors.contains(", 0 hops skipped"), "\(outcome.errors)")
    let live = watch.finish().output.split(separator: "\n").compactMap { line -> String? in
      struct Line: Decodable { var message: ActivityEvent }
      guard let event = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)).message, event.type == .end else {
        return nil
      }
      let nanoseconds = (event.offset?.monotonic ?? 0) - event.onset.monotonic
      return "\(event.person?.id ?? 0) \(event.activity.label) \(nanoseconds / 1_000_000) \(event.confidence)"
    }
    let file = try programs.run(
      "adl", "recognize", source, "--model", Programs.peopleModel, "--precision", "f32", "--hop", "4", "--json")
    let people = try JSONDecoder().decode(Recognized.self, from: Data(file.output.utf8)).people
    let expected = people.flatMap { person in
      person.activities.map {
        "\(person.id) \($0.label) \(Int((($0.offset - $0.onset) * 1000 + 0.001).rounded(.down))) \($0.confidence)"
      }
    }
    #expect(expected.count > 0 && live.sorted() == expected.sorted())
  }

  @Test(.timeLimit(.minutes(5))) func `adl watch shows the truth along with the events`() throws {
    let programs = try Programs()
    let config = try settings(programs, model: programs.smallModel(), source: "synthetic:1?rate=15&size=64x64")
    let truth = try programs.write("begin,end,label\n0,0.5,idle\n0.5,9,Walk\n3600,3601,Drink\n", to: "truth.csv")
    let endpoint = "ipc://\(programs.folder)/events"
    let watch = try programs.start("adl", ["watch", "--endpoint", endpoint, "--until-end", "--truth", truth])
    let running = try programs.start("adld", ["--config", config])
    let subscriber = try EventSubscriber(endpoint: endpoint, heartbeat: .seconds(20))
    // The first window is full after one second.
    _ = try messages(subscriber, while: running) { $0.type == .start }
    #expect(running.finish().status == 0)
    let output = watch.finish().output
    #expect(output.contains("the truth: idle\n") && output.contains("the truth: Walk\n"), "\(output)")
    #expect(!output.contains("Drink"))
  }

  @Test(.timeLimit(.minutes(5))) func `wrong settings end the daemon with status 78, saying where and why`() throws {
    let programs = try Programs()
    let config = try programs.write(
      "model: {path: \(Programs.peopleModel), precison: f32}\ncameras:\n  - {name: Room, source: synthetic:1}\n",
      to: "bad.yaml")
    let outcome = try programs.run("adld", "--config", config)
    #expect(outcome.status == 78)
    #expect(
      outcome.errors == """
        \(config):1: model.precison is not a setting; did you mean precision?
        \(config):3: cameras[0].name: 'Room' is refused; it must be 1 to 64 of a-z, 0-9, _ and -

        """)
  }

  @Test(.timeLimit(.minutes(5))) func `--check names what the settings name wrongly`() throws {
    let programs = try Programs()
    let missing = try programs.write(
      "model: {path: /nowhere.safetensors}\ncameras:\n  - {name: room, source: synthetic:1}\n", to: "a.yaml")
    let outcome = try programs.run("adld", "--check", "--config", missing)
    #expect(outcome.status == 78)
    #expect(outcome.errors == "model.path: cannot read /nowhere.safetensors: No such file or directory\n")
    let unsaid = try settings(programs, model: programs.smallModel(), source: "synthetic:1?script=walk:3")
    let refused = try programs.run("adld", "--check", "--config", unsaid)
    #expect(refused.status == 78 && refused.errors.contains("there is no option 'script'; the options are "))
    let good = try settings(programs, model: programs.smallModel(), source: "synthetic:1")
    let checked = try programs.run("adld", "--check", "--config", good)
    #expect(checked.status == 0)
    #expect(
      checked.output.contains("model small with 6 activities; looks at the whole picture; cameras room (synthetic:1)"))
  }

  @Test(.timeLimit(.minutes(5))) func `--check examines the families and the settings about them`() throws {
    let programs = try Programs()
    let model = try programs.smallModel()
    func check(_ families: String, _ recognition: String = "") throws -> Programs.Outcome {
      let file = try programs.write(families, to: "families.yaml")
      let config = try programs.write(
        """
        model: {path: \(model)}
        cameras:
          - {name: room, source: synthetic:1}
        recognition: {families: \(file)\(recognition)}
        """, to: "a.yaml")
      return try programs.run("adld", "--check", "--config", config)
    }
    let good = try check("Move: [Walk, Wave]\n", ", activities: {Move: {on: 0.7}}")
    #expect(good.status == 0, "\(good.errors)")
    #expect(good.output.contains("model small with 6 labels, 1 families; looks at"))
    let bad = try check("Move: [Walk, Wav]\n")
    #expect(bad.status == 78)
    #expect(
      bad.errors == "recognition.families: \(programs.folder)/families.yaml:1: 'Move' names 'Wav', a label the model "
        + "does not have; did you mean 'Wave'?\n")
    let old = try check("Move: [Walk, Wave]\n", ", activities: {Walk: {on: 0.7}}")
    #expect(old.status == 78 && old.errors.contains("set recognition.activities.Move\n"))
  }

  @Test(.timeLimit(.minutes(5))) func `the daemon publishes families with their most probable label`() throws {
    let programs = try Programs()
    let families = try programs.write("Upright: [Walk, Wave]\nLow: [Sit, Bend, Lie]\n", to: "families.yaml")
    let config = try settings(
      programs, model: programs.smallModel(), source: "synthetic:1?rate=15&size=64x64",
      recognition: ", families: \(families)")
    let running = try programs.start("adld", ["--config", config])
    let subscriber = try EventSubscriber(endpoint: "ipc://\(programs.folder)/events", heartbeat: .seconds(20))
    let messages = try messages(subscriber, while: running) { $0.type == .start && $0.activity.label == "Low" }
    let outcome = running.finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let events = try messages.filter { $0.topic.kind == .event }
      .map { try JSONDecoder().decode(ActivityEvent.self, from: $0.json) }
    #expect(events.last?.activity == ActivityEvent.Label(label: "Low", index: 1, member: "Lie"))
    #expect(Set(events.map(\.activity.label)) == ["Low"])
    let states = try messages.filter { $0.topic.kind == .state }
      .compactMap { try JSONDecoder().decode(CameraState.self, from: $0.json).activity }
    #expect(states.contains { $0.label == "Low" && $0.member == "Lie" })
  }
}
