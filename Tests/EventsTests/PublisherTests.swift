import Basics
import CZeroMQ
import Events
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Event publisher` {
  @Test func `an event's text is what the schema promises, word for word`() throws {
    let fixture = try Fixture { options in
      options.clock = EventClock(bootID: "5f0c") {
        (.nanoseconds(918_290_465_001_200), Date(timeIntervalSince1970: 1_790_839_880.94))
      }
    }
    let subscriber = try fixture.subscriber()
    fixture.join(subscriber)
    var event = sampleEvent(.end, "01JZ8Q6W3V5N7K2T9C4B1M0XAE")
    event.offset = fixture.publisher.options.clock.instant(.nanoseconds(918_289_005_001_200))
    event.duration = 15.36
    event.endReason = "below_threshold"
    event.window = ActivityEvent.Window(
      frames: 64, span: 4.2, sampleRate: 15, firstFrame: 55210, lastFrame: 55273, dropped: 1, repeated: 0)
    event.latency = ActivityEvent.Latency(inference: 380, captureToPublish: 460)
    fixture.publisher.publish(event)
    let message = try next(.event, from: subscriber)
    #expect(message.topic.description == "adl/1/test/kitchen/event/")
    #expect(
      String(decoding: message.json, as: UTF8.self) == #"""
        {"activity":{"family":"Drink","index":8,"label":"Drink.Fromcup"},"boot_id":"5f0c","camera":"kitchen",\#
        "confidence":0.87,"duration_s":15.36,"end_reason":"below_threshold","epoch":"\#(fixture.publisher.epoch)",\#
        "id":"01JZ8Q6W3V5N7K2T9C4B1M0XAE","latency_ms":{"capture_to_publish":460,"inference":380},\#
        "model":{"classes":31,"name":"student","sha256":"9f2c"},"mono_ns":918290465001200,"node":"test",\#
        "offset":{"mono_ns":918289005001200,"time":"2026-10-01T07:31:19.480Z"},\#
        "onset":{"mono_ns":918273645001200,"time":"2026-10-01T07:31:04.120Z"},"peak":0.93,"schema":"adl.event/1",\#
        "seq":1,"threshold":{"off":0.4,"on":0.6},"time":"2026-10-01T07:31:20.940Z",\#
        "topk":[{"label":"Drink.Fromcup","p":0.87},{"label":"Drink.Frombottle","p":0.06}],"type":"activity.end",\#
        "window":{"dropped":1,"first_frame":55210,"frames":64,"last_frame":55273,"repeated":0,"sample_rate":15,\#
        "span_s":4.2}}
        """#)
  }

  @Test func `people's arrivals and departures are published on the event topic, as the schema says`() throws {
    let fixture = try Fixture()
    let subscriber = try fixture.subscriber()
    fixture.join(subscriber)
    var left = PersonEvent(.left, camera: "kitchen", person: samplePerson(2))
    left.until = Instant(time: "2026-10-01T07:31:19.480Z", monotonic: 5)
    left.duration = 15.36
    left.reason = "left"
    fixture.publisher.publish(PersonEvent(.entered, camera: "kitchen", person: samplePerson(2)))
    fixture.publisher.publish(left)
    let (first, second) = (try next(.event, from: subscriber), try next(.event, from: subscriber))
    #expect(first.topic.description == "adl/1/test/kitchen/event/" && second.topic == first.topic)
    let entered = try JSONDecoder().decode(PersonEvent.self, from: first.json)
    #expect(entered == PersonEvent(.entered, camera: "kitchen", person: samplePerson(2)))
    #expect(try JSONDecoder().decode(PersonEvent.self, from: second.json) == left)
    let text = String(decoding: second.json, as: UTF8.self)
    #expect(text.contains(#""box":{"height":0.55,"width":0.12,"x":0.3333,"y":0.2},"id":2"#))
    #expect(
      text.contains(#""duration_s":15.36"#) && text.contains(#""seq":2"#) && text.contains(#""type":"person.left""#))
  }

  @Test func `a new subscriber gets the last state of every camera`() throws {
    let fixture = try Fixture()
    for camera in ["kitchen", "hall"] {
      fixture.publisher.publish(fixture.state(camera, "warming_up"))
      fixture.publisher.publish(fixture.state(camera, "idle"))
    }
    let subscriber = try fixture.subscriber()
    var last: [String: String] = [:]
    // It may join before the last of them was sent; then it gets both the old and the new state.
    while last != ["kitchen": "idle", "hall": "idle"] {
      let state = try JSONDecoder().decode(CameraState.self, from: next(.state, from: subscriber).json)
      last[state.camera] = state.state
    }
  }

  @Test func `a hundred quick subscribers each get the state, and none gets it twice`() throws {
    let fixture = try Fixture()
    fixture.publisher.publish(fixture.state("kitchen", "idle"))
    let prefix = "adl/1/test/kitchen/state/"
    let first = try fixture.subscriber([prefix])
    _ = try next(.state, from: first)
    var others: [EventSubscriber] = []
    for _ in 0..<100 { others.append(try fixture.subscriber([prefix])) }
    for subscriber in others { _ = try next(.state, from: subscriber) }
    fixture.publisher.publish(fixture.state("kitchen", "unknown"))
    for subscriber in others + [first] {
      let state = try JSONDecoder().decode(CameraState.self, from: next(.state, from: subscriber).json)
      #expect(state.state == "unknown", "the next message is the new state, not the old one again")
    }
  }

  @Test func `messages after a new subscriber reach everyone`() throws {
    let fixture = try Fixture()
    let early = try fixture.subscriber()
    fixture.join(early)
    // This one matches no state, so nothing is sent specially for it.
    let late = try RawSubscriber(fixture.publisher.endpoints.events, prefix: "adl/1/test/kitchen/event/")
    let joined = try RawSubscriber(fixture.publisher.endpoints.events, prefix: "adl/1/test/_daemon/")
    #expect(joined.receive(within: .seconds(10)) != nil)
    for index in 0..<50 { fixture.publisher.publish(fixture.event(.start, "id\(index)")) }
    #expect(late.receive(within: .seconds(10)) != nil)
    for index in 0..<50 {
      let event = try JSONDecoder().decode(ActivityEvent.self, from: next(.event, from: early).json)
      #expect(event.id == "id\(index)")
    }
  }

  @Test func `a subscriber that never reads does not delay the others`() throws {
    let fixture = try Fixture()
    let lazy = try RawSubscriber(fixture.publisher.endpoints.events, prefix: "adl/")
    #expect(lazy.receive(within: .seconds(10)) != nil)
    let eager = try fixture.subscriber(["adl/1/test/kitchen/event/", "adl/1/test/joining/"])
    fixture.join(eager)
    var received = 0
    var published = 0
    while received < 5000 {
      // As fast as the eager one reads, so that only the lazy one's queue overflows.
      while published < received + 200 {
        published += 1
        fixture.publisher.publish(fixture.event(.update, "id\(published)"))
      }
      if case .message = try #require(eager.next(timeout: .seconds(10))) { received += 1 }
    }
  }

  @Test func `a flood of predictions does not displace an event`() throws {
    let fixture = try Fixture { $0.predictions = "tcp://127.0.0.1:*" }
    let subscriber = try fixture.subscriber()
    fixture.join(subscriber)
    let window = ActivityEvent.Window(
      frames: 64, span: 4.2, sampleRate: 15, firstFrame: 0, lastFrame: 63, dropped: 0, repeated: 0)
    for index in 0..<3000 {
      fixture.publisher.publish(
        Prediction(
          camera: "kitchen", top: [], window: window, latency: ActivityEvent.Latency(inference: 1, captureToPublish: 2))
      )
      if index % 100 == 0 { fixture.publisher.publish(fixture.event(.update, "id\(index / 100)")) }
    }
    for index in 0..<30 {
      let event = try JSONDecoder().decode(ActivityEvent.self, from: next(.event, from: subscriber).json)
      #expect(event.id == "id\(index)")
    }
  }

  @Test func `a new publisher on the same path is seen as a restart`() throws {
    let folder = try TemporaryFolder()
    let endpoint = "ipc://\(folder.path)/shared"
    let subscriber = try EventSubscriber(endpoint: endpoint, heartbeat: .seconds(30))
    for round in 0..<2 {
      let fixture = try Fixture(endpoint: endpoint)
      var restarted = false
      while true {
        let arrival = try #require(subscriber.next(timeout: .seconds(20)))
        if case .restarted = arrival { restarted = true }
        if case .message(let message) = arrival, message.topic.isHeartbeat {
          let heartbeat = try JSONDecoder().decode(Heartbeat.self, from: message.json)
          if !heartbeat.isStopping, round == 0 || restarted { break }
        }
      }
      #expect(restarted == (round == 1))
      fixture.publisher.close()
    }
  }

  @Test func `closing a publisher sends what is queued and says that it stops`() throws {
    let fixture = try Fixture()
    let subscriber = try fixture.subscriber()
    fixture.join(subscriber)
    for index in 0..<200 { fixture.publisher.publish(fixture.event(.start, "id\(index)")) }
    fixture.publisher.close()
    for index in 0..<200 {
      #expect(
        try JSONDecoder().decode(ActivityEvent.self, from: next(.event, from: subscriber).json).id == "id\(index)")
    }
    #expect(try JSONDecoder().decode(Heartbeat.self, from: next(nil, from: subscriber).json).isStopping)
  }

  @Test func `a lost last message is noticed at the next heartbeat`() throws {
    let folder = try TemporaryFolder()
    let raw = try RawPeer(ZMQ_PUB)
    raw.bind("ipc://\(folder.path)/raw")
    let subscriber = try EventSubscriber(endpoint: "ipc://\(folder.path)/raw", heartbeat: .seconds(30))
    func send(_ topic: String, _ fields: String) {
      let json =
        "{\(fields),\"schema\":\"adl.event/1\",\"epoch\":\"e\",\"node\":\"n\",\"time\":\"\",\"mono_ns\":0,\"boot_id\":\"\"}"
      raw.send([Array(topic.utf8), Array(json.utf8)])
    }
    while subscriber.next(timeout: .milliseconds(20)) == nil { send("adl/1/n/kitchen/event/", "\"seq\":1") }
    while subscriber.next(timeout: .milliseconds(50)) != nil {}
    send(
      "adl/1/n/_daemon/heartbeat/",
      #""seq":1,"topics":{"adl/1/n/kitchen/event/":4},"stopping":false,"cameras":{},"type":"heartbeat""#)
    guard case .gap(let topic, let missing) = try #require(subscriber.next(timeout: .seconds(5))) else {
      Issue.record("no gap was reported")
      return
    }
    #expect(topic.camera == "kitchen" && missing == 3)
  }

  @Test func `topics with anything but names in them are foreign`() {
    #expect(Topic(parsing: "adl/1/n/kitchen/event/") != nil)
    for text in ["adl/1/n/kit\u{1B}[31mchen/event/", "adl/1/n/\"/event/", "adl/1/n//event/", "adl/2/n/k/event/"] {
      #expect(Topic(parsing: text) == nil)
    }
  }

  @Test func `a subscriber counts gaps per topic`() throws {
    // A raw publisher replaces one that lost messages on the way.
    let folder = try TemporaryFolder()
    let raw = try RawPeer(ZMQ_PUB)
    raw.bind("ipc://\(folder.path)/raw")
    let subscriber = try EventSubscriber(endpoint: "ipc://\(folder.path)/raw", heartbeat: .seconds(30))
    func send(_ seq: Int) {
      let json = #"{"schema":"adl.event/1","epoch":"e","seq":\#(seq),"node":"n","time":"","mono_ns":0,"boot_id":""}"#
      raw.send([Array("adl/1/n/kitchen/event/".utf8), Array(json.utf8)])
    }
    var seq = 1
    while subscriber.next(timeout: .milliseconds(20)) == nil {
      send(seq)
      seq += 1
    }
    while subscriber.next(timeout: .milliseconds(50)) != nil {}
    send(seq + 3)
    guard case .gap(let topic, let missing) = try #require(subscriber.next(timeout: .seconds(5))) else {
      Issue.record("no gap was reported")
      return
    }
    #expect(topic.camera == "kitchen" && missing == 3)
  }
}

@Suite(.timeLimit(.minutes(5))) struct `Event endpoints` {
  @Test(arguments: [
    (
      "tcp://0.0.0.0:5555",
      "tcp://0.0.0.0:5555 is refused: this endpoint is not encrypted, so TCP must stay on this machine: use 127.0.0.1; other machines connect to events.remote; change events.endpoint"
    ),
    (
      "tcp://eth0:5555",
      "tcp://eth0:5555 is refused: this endpoint is not encrypted, so TCP must stay on this machine: use 127.0.0.1; other machines connect to events.remote; change events.endpoint"
    ),
    (
      "tcp://127.0.0.1",
      "tcp://127.0.0.1 is refused: a TCP endpoint needs a port, or :* for any; change events.endpoint"
    ),
    (
      "udp://127.0.0.1:1",
      "udp://127.0.0.1:1 is refused: it must be ipc:///PATH or tcp://127.0.0.1:PORT; change events.endpoint"
    ),
    ("ipc://relative", "ipc://relative is refused: an ipc path must begin with /; change events.endpoint"),
  ])
  func `event endpoints that would leave this machine, and invalid ones, are refused`(endpoint: String, text: String) {
    let error = #expect(throws: EventError.self) { _ = try Fixture(endpoint: endpoint).publisher }
    #expect(error?.description == text)
  }

  @Test func `an ipc path may have 107 bytes`() {
    let long = "ipc:///tmp/" + String(repeating: "x", count: 103)
    let error = #expect(throws: EventError.self) { _ = try Fixture(endpoint: long).publisher }
    #expect(error?.description.contains("its path has 108 bytes; a socket's may have at most 107") == true)
  }

  @Test(.timeLimit(.minutes(1))) func `event endpoints in use are refused without waiting`() throws {
    let fixture = try Fixture(endpoint: "tcp://127.0.0.1:*")
    let taken = fixture.publisher.endpoints.events
    for setting in ["endpoint", "query", "predictions"] {
      let error = #expect(throws: EventError.self) {
        _ = try Fixture(endpoint: "tcp://127.0.0.1:*") { options in
          if setting == "endpoint" { options.endpoint = taken }
          if setting == "query" { options.query = taken }
          if setting == "predictions" { options.predictions = taken }
        }.publisher
      }
      #expect(
        error?.description.contains("Address already in use; change events.\(setting)") == true, "\(error as Any)")
    }
  }

  @Test func `event endpoints that are other people's files or folders are left alone`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("precious")
    for place in [path, folder.path] {
      let error = #expect(throws: EventError.self) { _ = try Fixture(endpoint: "ipc://\(place)").publisher }
      #expect(error?.description.contains("the path exists and is not a socket; change events.endpoint") == true)
    }
    #expect(FileManager.default.contents(atPath: path) == Data("precious".utf8))
    #expect(!FileManager.default.fileExists(atPath: path + ".lock"))
  }

  @Test func `event endpoints of another publisher are not taken over`() throws {
    let fixture = try Fixture()
    let endpoint = fixture.publisher.endpoints.events
    let error = #expect(throws: EventError.self) { _ = try Fixture(endpoint: endpoint).publisher }
    #expect(
      error?.description == "cannot listen on \(endpoint): another adld is listening there; change events.endpoint")
    let subscriber = try fixture.subscriber()
    fixture.join(subscriber)
  }

  @Test func `event endpoints on loopback get a free port if any is requested`() throws {
    let fixture = try Fixture(endpoint: "tcp://127.0.0.1:*")
    #expect(fixture.publisher.endpoints.events.wholeMatch(of: /tcp:\/\/127\.0\.0\.1:[0-9]+/) != nil)
    let subscriber = try fixture.subscriber()
    fixture.join(subscriber)
  }
}

@Suite(.timeLimit(.minutes(5))) struct `Subscribers without libzmq` {
  /// Longer than the handshake's 5 s and the 20 s of an unanswered heartbeat that used to disconnect them.
  @Test func `subscribers without libzmq stay connected, in version 2 or without answering a PING of version 3`() throws
  {
    let fixture = try Fixture()
    let path = String(fixture.publisher.endpoints.events.dropFirst("ipc://".count))
    let peers = try ForeignPeer.Version.allCases.map { try ($0, ForeignPeer(path, $0)) }
    let end = ContinuousClock.now + .seconds(22)
    while ContinuousClock.now < end {
      for (version, peer) in peers { try #require(peer.received() != nil, "version \(version) was disconnected") }
      Thread.sleep(forTimeInterval: 0.1)
    }
    fixture.publisher.publish(fixture.event(.start, "the last"))
    for (version, peer) in peers {
      var bytes: [UInt8] = []
      while !String(decoding: bytes, as: UTF8.self).contains("the last") {
        bytes += try #require(peer.received(), "version \(version) was disconnected")
      }
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `Connections` {
  /// In a separate process, because it uses up its descriptors.
  @Test func `connections that find no descriptor are refused and reported, and the publisher continues`() async {
    await #expect(processExitsWith: .success) {
      var limit = rlimit(rlim_cur: 160, rlim_max: 160)
      unsafe #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      let warnings = Lines()
      let fixture = try Fixture { $0.warn = { warnings.take($0) } }
      let path = String(fixture.publisher.endpoints.events.dropFirst("ipc://".count))
      let subscriber = try fixture.subscriber()
      fixture.join(subscriber)
      // Enough that none are left for the other side of the last ones.
      var peers: [CInt] = []
      while case let peer = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0), peer >= 0 { peers.append(peer) }
      for _ in 0..<8 { if let peer = peers.popLast() { close(peer) } }
      for peer in peers { _ = ForeignPeer.connect(peer, path) }
      while warnings.all.isEmpty {}
      fixture.publisher.publish(fixture.event(.start, "the last"))
      #expect(String(decoding: try next(.event, from: subscriber).json, as: UTF8.self).contains("the last"))
      #expect(warnings.all[0].contains("connections refused: this process may have no more open files"))
      for peer in peers { close(peer) }
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `Event queries` {
  private func ask(_ request: String, _ fixture: borrowing Fixture) throws -> [String: Any] {
    let answer = try EventQuery.ask(request, at: fixture.publisher.endpoints.query, timeout: .seconds(10))
    return try #require(JSONSerialization.jsonObject(with: answer) as? [String: Any])
  }

  @Test func `event queries return the last states, the history, the counters and the version`() throws {
    let fixture = try Fixture()
    fixture.publisher.publish(fixture.state("kitchen", "warming_up"))
    fixture.publisher.publish(fixture.state("kitchen", "idle"))
    fixture.publisher.publish(fixture.event(.start, "id1"))
    var counters = CameraHealth.Counters()
    counters.frames = 77
    fixture.publisher.update(counters, of: "kitchen")
    // Events and queries reach the publisher's thread on different paths: a query may overtake an event.
    func messages(where isExpected: ([String: Any]) -> Bool) throws -> [[String: Any]] {
      let deadline = ContinuousClock.now + .seconds(10)
      while true {
        let found = try #require(ask(#"{"query":"snapshot"}"#, fixture)["messages"] as? [[String: Any]])
        if let first = found.first?["message"] as? [String: Any], isExpected(first) { return found }
        if ContinuousClock.now > deadline { return found }
      }
    }
    let snapshot = try messages { $0["seq"] as? Int == 2 }
    #expect(snapshot.map { $0["topic"] as? String } == ["adl/1/test/kitchen/state/"])
    #expect((snapshot[0]["message"] as? [String: Any])?["seq"] as? Int == 2)
    var crowded = fixture.state("kitchen", "activity")
    crowded.people = [1, 4].map { id in
      CameraState.PersonState(
        person: samplePerson(id), state: "idle", activity: nil, activityID: nil, since: Instant(time: "", monotonic: 0))
    }
    fixture.publisher.publish(crowded)
    let now = try messages { $0["state"] as? String == "activity" }
    let people = (now[0]["message"] as? [String: Any])?["people"] as? [[String: Any]]
    #expect(people?.map { ($0["person"] as? [String: Any])?["id"] as? Int } == [1, 4])
    let history = try #require(ask(#"{"query":"history"}"#, fixture)["messages"] as? [[String: Any]])
    #expect(history.count == 4)
    let none = try #require(
      ask(#"{"query":"history","since":"2999-01-01T00:00:00.000Z"}"#, fixture)["messages"] as? [[String: Any]])
    #expect(none.isEmpty)
    let status = try ask(#"{"query":"status"}"#, fixture)
    #expect((status["cameras"] as? [String: [String: Any]])?["kitchen"]?["frames"] as? Int == 77)
    #expect(try ask(#"{"query":"version"}"#, fixture)["schema"] as? String == "adl.event/1")
  }

  @Test func `event queries for history compare times, not their notation`() throws {
    let fixture = try Fixture { options in
      // 07:31:20.940 UTC.
      options.clock = EventClock(bootID: "5f0c") { (.zero, Date(timeIntervalSince1970: 1_790_839_880.94)) }
      options.heartbeat = .seconds(60)
    }
    fixture.publisher.publish(fixture.event(.start, "id1"))
    func count(_ since: String) throws -> Int? {
      (try ask(#"{"query":"history","since":"\#(since)"}"#, fixture)["messages"] as? [Any])?.count
    }
    while try count("2026-01-01T00:00:00Z") == 0 {}
    let earlier = [
      "2026-10-01T07:31:20Z", "2026-10-01T07:31:20.9Z", "2026-10-01T07:31:20.939999Z", "2026-10-01t07:31:20z",
      "2026-10-01T09:31:20+02:00", "2026-10-01T01:01:20.5-06:30",
    ]
    for since in earlier { #expect(try count(since) == 1, "\(since)") }
    let notEarlier = [
      "2026-10-01T07:31:20.940Z", "2026-10-01T07:31:21Z", "2026-10-01T09:31:21+02:00", "2026-10-01T09:31:20.940+02:00",
    ]
    for since in notEarlier { #expect(try count(since) == 0, "\(since)") }
    for since in [
      "yesterday", "2026-10-01T25:00:00Z", "2026-10-01T18:99:00Z", "2026-13-01T00:00:00Z", "2026-10-01",
      "2026-10-01T07:31:20", "2026-10-01T07:31:20Z or so", "",
    ] {
      #expect(
        try ask(#"{"query":"history","since":"\#(since)"}"#, fixture)["error"] as? String
          == "since is '\(since)'; use a time such as 2026-10-01T07:31:04Z or 2026-10-01T09:31:04.120+02:00")
    }
  }

  @Test func `invalid event queries get an error that says what to ask`() throws {
    let fixture = try Fixture()
    #expect(
      try ask(#"{"query":"reboot"}"#, fixture)["error"] as? String
        == "there is no query 'reboot'; ask snapshot, history, status or version")
    #expect(
      try ask("nonsense", fixture)["error"] as? String
        == #"a query is one JSON object such as {"query":"snapshot"}"#)
  }

  @Test func `queries and subscriptions of three thousand hostile kinds leave the publisher intact`() throws {
    let fixture = try Fixture()
    fixture.publisher.publish(fixture.state("kitchen", "idle"))
    var random = SplitMix64(seed: 3)
    let asker = try RawPeer(ZMQ_DEALER)
    asker.connect(fixture.publisher.endpoints.query)
    let subscriber = try RawPeer(ZMQ_XSUB)
    subscriber.connect(fixture.publisher.endpoints.events)
    for _ in 0..<1500 {
      let parts = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
      asker.send(
        Int.random(in: 0..<2, using: &random) == 0 ? parts : [[], Array(#"{"query":{"query":[["#.utf8) + parts[0]])
      // Subscriptions and unsubscriptions to anything; other first bytes are messages that an XPUB passes on.
      subscriber.send([[UInt8.random(in: 0...2, using: &random)] + parts[0]])
    }
    #expect(try ask(#"{"query":"version"}"#, fixture)["schema"] as? String == "adl.event/1")
    let sound = try fixture.subscriber()
    #expect(try next(.state, from: sound).topic.camera == "kitchen")
  }

  @Test func `oversized event queries end the connection, not the publisher`() throws {
    let fixture = try Fixture()
    let asker = try RawPeer(ZMQ_DEALER)
    asker.connect(fixture.publisher.endpoints.query)
    asker.send([[], Array(repeating: 0x20, count: 1 << 20)])
    #expect(try ask(#"{"query":"version"}"#, fixture)["schema"] as? String == "adl.event/1")
  }
}
