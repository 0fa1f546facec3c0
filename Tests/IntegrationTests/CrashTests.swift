import Events
import Foundation
import GRDB
import History
import Testing

@Suite(.serialized) struct `History of a daemon as a process` {
  /// Settings with a history, in which activities follow one another.
  private func settings(_ programs: borrowing Programs) throws -> String {
    try programs.write(
      """
      node: test
      model: {path: \(Programs.peopleModel), precision: f32, threads: 1, hop: 4}
      cameras:
        - {name: room, source: "\(Programs.walk(seconds: 600, rate: 10))"}
      people: {mode: scene}
      recognition: {onHold: 1, offHold: 1, on: 0.1, off: 0.05, margin: 0, maximumDuration: 1}
      events:
        endpoint: ipc://\(programs.folder)/events
        query: ipc://\(programs.folder)/query
        heartbeat: 0.2
      history: {path: \(programs.folder)/history.sqlite}
      """, to: "adld.yaml")
  }

  /// Receives until told to stop; fails if nothing arrives.
  private func receive(
    _ subscriber: EventSubscriber, _ running: Programs.Running,
    until isEnough: (EventSubscriber.Message) throws -> Bool
  ) throws {
    while true {
      guard let arrival = subscriber.next(timeout: .seconds(30)) else {
        Issue.record("no message arrived for 30 s: \(running.errorsSoFar)")
        return
      }
      if case .message(let message) = arrival, try isEnough(message) { return }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `history has every event once and an end for every start, however often the daemon is killed`() throws {
    let programs = try Programs()
    let config = try settings(programs)
    let subscriber = try EventSubscriber(endpoint: "ipc://\(programs.folder)/events", heartbeat: .seconds(60))
    var received: Set<String> = []
    func take(_ message: EventSubscriber.Message) -> Bool {
      guard message.topic.kind == .event || message.topic.kind == .health else { return false }
      received.insert(String(decoding: message.json, as: UTF8.self))
      return message.topic.kind == .event
    }
    // Killed after a start, after an end, and in the middle of the recovery itself.
    for count in [1, 4, 2, 7, 1] {
      let running = try programs.start("adld", ["--config", config])
      var events = 0
      try receive(subscriber, running) { message in
        events += take(message) ? 1 : 0
        return events == count
      }
      running.kill()
      _ = running.finish()
    }
    // A heartbeat that the killed one had still sent must not be taken for the last one's.
    while let arrival = subscriber.next(timeout: .milliseconds(500)) {
      if case .message(let message) = arrival { _ = take(message) }
    }
    let last = try programs.start("adld", ["--config", config])
    var isAsked = false
    try receive(subscriber, last) { message in
      _ = take(message)
      guard message.topic.isHeartbeat else { return false }
      if !isAsked { last.terminate() }
      isAsked = true
      return try JSONDecoder().decode(Heartbeat.self, from: message.json).isStopping
    }
    let outcome = last.finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("the previous run left 1 open, now ended"), "\(outcome.errors)")

    let path = programs.folder + "/history.sqlite"
    #expect(try DatabaseQueue(path: path).read { try String.fetchAll($0, sql: "PRAGMA integrity_check") } == ["ok"])
    let reader = try HistoryReader(path: path)
    #expect(try reader.open().isEmpty)
    var request = HistoryRequest()
    request.limit = 10_000
    let stored = try reader.page(request).messages.map(\.json)
    #expect(Set(stored).count == stored.count, "nothing is received or stored twice")
    #expect(received.subtracting(stored).isEmpty, "everything received is stored")
    let events = try stored.compactMap { json -> ActivityEvent? in
      let data = Data(json.utf8)
      guard try JSONDecoder().decode(MessageFacts.self, from: data).id != nil else { return nil }
      return try JSONDecoder().decode(ActivityEvent.self, from: data)
    }
    let starts = events.filter { $0.type == .start }
    let ends = events.filter { $0.type == .end }
    #expect(starts.count >= 5 && starts.map(\.id).sorted() == ends.map(\.id).sorted())
    #expect(ends.contains { $0.endReason == "daemon_restart" })
    for end in ends { #expect(try #require(end.offset).monotonic >= end.onset.monotonic) }
  }

  @Test(.timeLimit(.minutes(5))) func `adl history shows the history, from the daemon and from its file`() throws {
    let programs = try Programs()
    let config = try settings(programs)
    let query = "ipc://\(programs.folder)/query"
    let path = programs.folder + "/history.sqlite"
    let running = try programs.start("adld", ["--config", config])
    let subscriber = try EventSubscriber(endpoint: "ipc://\(programs.folder)/events", heartbeat: .seconds(60))
    var label = ""
    try receive(subscriber, running) { message in
      guard message.topic.kind == .event else { return false }
      let event = try JSONDecoder().decode(ActivityEvent.self, from: message.json)
      label = event.activity.label
      return event.type == .end
    }
    let asked = try programs.run("adl", "history", "--since", "1h", "--query", query)
    #expect(asked.status == 0 && asked.output.contains("\(label) "), "\(asked.output)\(asked.errors)")
    #expect(asked.output.contains("camera.online"), "\(asked.output)")
    running.terminate()
    #expect(running.finish().status == 0)

    let read = try programs.run("adl", "history", "--database", path, "--label", label, "--day", "today", "--json")
    let lines = read.output.split(separator: "\n")
    #expect(read.status == 0 && !lines.isEmpty && lines.allSatisfy { $0.contains(#""label":"\#(label)""#) })
    let summary = try programs.run("adl", "history", "--database", path, "--summary")
    #expect(summary.output.contains("times") && summary.output.contains(" min"), "\(summary.output)")
    let down = try programs.run("adl", "history", "--query", query)
    #expect(down.status == 69 && down.errors.contains("--database FILE reads the file"), "\(down.errors)")
    let wrong = try programs.run("adl", "history", "--since", "a while ago")
    #expect(wrong.status == 64 && wrong.errors.contains("--since is 'a while ago'; use a time such as 2h"))
  }
}
