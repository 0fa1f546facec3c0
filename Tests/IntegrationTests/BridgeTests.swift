import Events
import Foundation
import Testing

@Suite(
  .serialized,
  .enabled(if: Broker.missing == nil, "no \(Broker.missing ?? ""); install mosquitto and mosquitto-clients"))
final class `The bridge to MQTT` {
  private let programs: Programs
  private let publisher: EventPublisher

  init() throws {
    programs = try Programs()
    publisher = try Self.publisher(programs.folder)
  }

  deinit { publisher.close() }

  private static func publisher(_ folder: String) throws -> EventPublisher {
    var options = EventPublisher.Options()
    options.node = "flat12"
    options.endpoint = "ipc://\(folder)/events"
    options.query = "ipc://\(folder)/query"
    options.heartbeat = .milliseconds(200)
    let publisher = try EventPublisher(options)
    publisher.publish(state("kitchen", "empty"))
    publisher.update(CameraHealth.Counters(), of: "kitchen")
    return publisher
  }

  private static func state(_ camera: String, _ word: String) -> CameraState {
    var state = CameraState(
      camera: camera, state: word, activity: nil, activityID: nil,
      since: Instant(time: "2026-10-01T07:31:04.120Z", monotonic: 1), condition: "online")
    state.people = []
    return state
  }

  private func event(_ id: String) -> PersonEvent {
    let since = Instant(time: "2026-10-01T07:31:04.120Z", monotonic: 1)
    return PersonEvent(
      .entered, camera: "kitchen",
      person: PersonReference(
        id: Int(id) ?? 0, box: PersonReference.Box(x: 0, y: 0, width: 1, height: 1), since: since))
  }

  private func bridge(_ broker: Broker, _ more: String = "") throws -> Programs.Running {
    let config = try programs.write(
      """
      broker: {host: 127.0.0.1, port: \(broker.port)\(more)}
      adl: {endpoint: "ipc://\(programs.folder)/events", query: "ipc://\(programs.folder)/query", heartbeat: 0.2}
      """, to: "adl-mqtt.yaml")
    return try programs.start("adl-mqtt", ["--config", config])
  }

  @Test(.timeLimit(.minutes(2))) func `the bridge retains states and announcements, repeats them, and leaves its will`()
    throws
  {
    let broker = try Broker(folder: programs.folder)
    let bridge = try bridge(broker)
    let listener = try broker.listen("#")
    try listener.wait(for: "adl/flat12/availability online")

    let newcomer = try broker.listen("adl/#", "homeassistant/#")
    var expected: Set = [
      "adl/flat12/availability online", "adl/flat12/_daemon/availability online", "adl/flat12/kitchen/presence OFF",
      #"adl/flat12/kitchen/state {"condition":"online","people":0,"since":"2026-10-01T07:31:04.120Z","state":"empty"}"#,
      "homeassistant/sensor/adl_flat12/kitchen_activity/config",
    ]
    while !expected.isEmpty {
      let line = try newcomer.next()
      expected.remove(line)
      expected.remove(String(line.prefix { $0 != " " }))
    }

    try broker.publish("homeassistant/status", "online")
    try listener.wait(for: "homeassistant/status online")
    try listener.wait(for: "homeassistant/sensor/adl_flat12/kitchen_activity/config {")

    publisher.publish(event("7"))
    #expect(
      try listener.wait(for: "adl/flat12/kitchen/event ").hasPrefix(
        #"adl/flat12/kitchen/event {"event_type":"person.entered","#))

    bridge.kill()
    try listener.wait(for: "adl/flat12/availability offline")
    _ = bridge.finish()
  }

  @Test(.timeLimit(.minutes(2))) func `the bridge holds events while the broker is away`() throws {
    let broker = try Broker(folder: programs.folder)
    let bridge = try bridge(broker)
    let listener = try broker.listen("adl/#")
    try listener.wait(for: "adl/flat12/availability online")
    broker.stop()
    while !bridge.errorsSoFar.contains("trying again until it works") { usleep(20_000) }
    for id in ["1", "2", "3"] { publisher.publish(event(id)) }
    publisher.publish(Self.state("kitchen", "idle"))
    try broker.start()
    // The subscriber may return after the bridge; whatever it missed, states are retained.
    try listener.wait(for: #""state":"idle""#)
    bridge.terminate()
    let outcome = bridge.finish()
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("; 3 events waited"), "\(outcome.errors)")
    try listener.wait(for: "adl/flat12/availability offline")
  }

  @Test(.timeLimit(.minutes(2)))
  func `the bridge reports a wrong password and keeps trying, and accepts unusual characters`()
    throws
  {
    let password = #"p@:/#?% ü "q" \ it's"#
    let broker = try Broker(folder: programs.folder, password: password)
    let wrong = try bridge(broker, ", username: adl, password: wrong")
    while !wrong.errorsSoFar.contains("change broker.username and broker.password") { usleep(20_000) }
    wrong.terminate()
    let outcome = wrong.finish()
    #expect(outcome.status == 0 && !outcome.errors.contains("connected to"), "\(outcome.errors)")

    let file = try programs.write(password + "\n", to: "password")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    let right = try bridge(broker, ", username: adl, passwordFile: \(file)")
    let listener = try broker.listen("adl/#", login: ["-u", "adl", "-P", password])
    try listener.wait(for: "adl/flat12/availability online")
    right.terminate()
    let ended = right.finish()
    #expect(ended.status == 0 && !ended.errors.contains("p@"), "\(ended.errors)")
  }

  @Test(.timeLimit(.minutes(2))) func `the bridge withdraws its announcements for a camera that is gone`() throws {
    let broker = try Broker(folder: programs.folder)
    let old = "homeassistant/sensor/adl_flat12/attic_activity/config"
    try broker.publish(old, #"{"state_topic":"adl/flat12/attic/state"}"#, isRetained: true)
    try broker.publish("adl/flat12/attic/state", #"{"state":"empty"}"#, isRetained: true)
    let listener = try broker.listen("adl/flat12/attic/#", old)
    try listener.wait(for: "attic_activity")
    let bridge = try bridge(broker)
    try listener.wait(for: "adl/flat12/attic/state (null)")
    bridge.terminate()
    #expect(bridge.finish().status == 0)
    let newcomer = try broker.listen("adl/flat12/attic/#", old, "adl/flat12/availability")
    #expect(try newcomer.next() == "adl/flat12/availability offline")
  }

  @Test(.timeLimit(.minutes(2))) func `the bridge reports that the daemon is away, and waits for it`() throws {
    let broker = try Broker(folder: programs.folder)
    let bridge = try bridge(broker)
    let listener = try broker.listen("adl/#")
    try listener.wait(for: "adl/flat12/_daemon/availability online")
    publisher.close()
    try listener.wait(for: "adl/flat12/_daemon/availability offline")
    let again = try Self.publisher(programs.folder)
    try listener.wait(for: "adl/flat12/_daemon/availability online")
    again.close()
    bridge.terminate()
    #expect(bridge.finish().status == 0)
  }

  @Test(.timeLimit(.minutes(2))) func `the bridge refuses invalid settings, and names them`() throws {
    let config = try programs.write(
      "broker: {tls: {enabled: true, ca: \(programs.folder)/none.pem}}", to: "adl-mqtt.yaml")
    let outcome = try programs.run("adl-mqtt", "--check", "--config", config)
    #expect(outcome.status == 78)
    #expect(outcome.errors == "broker.tls.ca: \(programs.folder)/none.pem cannot be read\n")
    let endpoint = try programs.write("adl: {endpoint: nowhere}", to: "adl-mqtt.yaml")
    let other = try programs.run("adl-mqtt", "--check", "--config", endpoint)
    #expect(other.status == 78 && other.errors.hasSuffix("change adl.endpoint\n"), "\(other.errors)")
  }
}
