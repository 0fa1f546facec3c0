import Events
import Foundation
import Testing

/// SIGHUP: all of the new settings, or none of them.
@Suite(.timeLimit(.minutes(3))) struct `Reloaded settings` {
  private func settings(_ programs: borrowing Programs, cameras: String) -> String {
    """
    node: test
    model: {path: \(Programs.peopleModel), precision: f32, threads: 1}
    people: {mode: scene}
    cameras: [\(cameras)]
    events: {endpoint: "ipc://\(programs.folder)/events", query: "ipc://\(programs.folder)/query", heartbeat: 0.5}

    """
  }

  /// Waits for the wanted message and discards everything before it.
  private func wait(
    for subscriber: EventSubscriber, _ daemon: Programs.Running,
    until isWanted: (EventSubscriber.Message) throws -> Bool
  ) throws {
    while true {
      let arrival = try #require(subscriber.next(timeout: .seconds(30)), "\(daemon.errorsSoFar)")
      if case .message(let message) = arrival, try isWanted(message) { return }
    }
  }

  private func epoch(_ message: EventSubscriber.Message) throws -> String {
    try JSONDecoder().decode(Envelope.self, from: message.json).epoch
  }

  @Test func `reloaded settings change nothing if unusable, and everything if usable`() throws {
    let programs = try Programs()
    let room = #"{name: room, source: "synthetic:1"}"#
    let config = try programs.write(settings(programs, cameras: room), to: "adld.yaml")
    let daemon = try programs.start("adld", ["--config", config])
    let subscriber = try EventSubscriber(endpoint: "ipc://\(programs.folder)/events", heartbeat: .seconds(30))
    var first = ""
    try wait(for: subscriber, daemon) { message in
      first = try epoch(message)
      return message.topic.kind == .state && message.topic.camera == "room"
    }

    // Threads of the network that wait don't spin for long; libgomp reads this when it is loaded.
    #expect(daemon.environment.contains("GOMP_SPINCOUNT=1000"))

    for bad in [
      "cameras: [{name: room}]", settings(programs, cameras: room) + "more: 1\n", settings(programs, cameras: ""),
    ] {
      let complaints = daemon.errorsSoFar.split(separator: "settings not reloaded").count
      _ = try programs.write(bad, to: "adld.yaml")
      daemon.hangUp()
      try wait(for: subscriber, daemon) { message in
        let same = try epoch(message)
        #expect(same == first)
        return daemon.errorsSoFar.split(separator: "settings not reloaded").count > complaints
      }
    }

    // The same settings, with a comment: nobody is interrupted.
    _ = try programs.write(settings(programs, cameras: room) + "# the same\n", to: "adld.yaml")
    daemon.hangUp()
    try wait(for: subscriber, daemon) { message in
      let same = try epoch(message)
      #expect(same == first)
      return daemon.errorsSoFar.contains("settings reloaded: nothing has changed")
    }

    _ = try programs.write(settings(programs, cameras: #"{name: hall, source: "synthetic:2"}"#), to: "adld.yaml")
    daemon.hangUp()
    // States are re-sent to new subscribers, so none is missed while the subscriber reconnects.
    try wait(for: subscriber, daemon) { $0.topic.kind == .state && $0.topic.camera == "hall" }
    try wait(for: subscriber, daemon) { message in
      let epoch = try epoch(message)
      #expect(epoch != first && message.topic.camera != "room")
      return message.topic.isHeartbeat
    }
    #expect(daemon.errorsSoFar.contains("offline: the settings were reloaded camera=room"))
    daemon.terminate()
    #expect(daemon.finish().status == 0)
  }

  @Test func `reloaded settings that name a socket in use give way to the previous ones`() throws {
    let programs = try Programs()
    let room = #"{name: room, source: "synthetic:1"}"#
    let config = try programs.write(settings(programs, cameras: room), to: "adld.yaml")
    let daemon = try programs.start("adld", ["--config", config])
    let subscriber = try EventSubscriber(endpoint: "ipc://\(programs.folder)/events", heartbeat: .seconds(30))
    try wait(for: subscriber, daemon) { $0.topic.kind == .state }
    var options = EventPublisher.Options()
    options.endpoint = "ipc://\(programs.folder)/taken"
    options.query = "ipc://\(programs.folder)/taken.query"
    let other = try EventPublisher(options)
    defer { other.close() }
    let taken = settings(programs, cameras: room).replacing("/events\"", with: "/taken\"")
    _ = try programs.write(taken, to: "adld.yaml")
    daemon.hangUp()
    var isBack = false
    while !isBack {
      if case .restarted = try #require(subscriber.next(timeout: .seconds(30)), "\(daemon.errorsSoFar)") {
        isBack = true
      }
    }
    try wait(for: subscriber, daemon) { $0.topic.kind == .state && $0.topic.camera == "room" }
    #expect(
      daemon.errorsSoFar.contains(
        "another adld is listening there; change events.endpoint; returning to the previous settings"))
    daemon.terminate()
    #expect(daemon.finish().status == 0)
  }
}
