import Events
import Foundation
import Synchronization
import TestSupport
import Testing

/// A store in memory that becomes durable on command.
private final class ScriptedStore: MessageStore {
  private struct State {
    var messages: [PublishedMessage] = []
    var waiting: [@Sendable () -> Void] = []
    var isStalled: Bool
    var requests: [HistoryRequest] = []
    var beats = 0
  }

  private let state: Mutex<State>
  private let page: Result<HistoryPage, HistoryFailure>

  init(isStalled: Bool = false, page: Result<HistoryPage, HistoryFailure> = .success(HistoryPage())) {
    state = Mutex(State(isStalled: isStalled))
    self.page = page
  }

  func keep(_ messages: [PublishedMessage], then kept: @escaping @Sendable () -> Void) {
    let isStalled = state.withLock { state in
      state.messages += messages
      if state.isStalled { state.waiting.append(kept) }
      return state.isStalled
    }
    if !isStalled { kept() }
  }

  func noteAlive(_ envelope: Envelope) { state.withLock { $0.beats += 1 } }

  func answer(
    _ request: HistoryRequest, then answered: @escaping @Sendable (Result<HistoryPage, HistoryFailure>) -> Void
  ) {
    state.withLock { $0.requests.append(request) }
    answered(page)
  }

  /// The disk responds again.
  func recover() {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      state.isStalled = false
      return state.waiting
    }
    for kept in waiting { kept() }
  }

  var topics: [String] { state.withLock { $0.messages.map(\.topic.description) } }
  var texts: [String] { state.withLock { $0.messages.map { String(decoding: $0.json, as: UTF8.self) } } }
  var requests: [HistoryRequest] { state.withLock { $0.requests } }
  var beats: Int { state.withLock { $0.beats } }
}

@Suite(.timeLimit(.minutes(5))) struct `Publisher with a store` {
  @Test func `a store gets events and health before subscribers do, and nothing else`() throws {
    let store = ScriptedStore()
    let fixture = try Fixture { $0.store = store }
    let subscriber = try fixture.subscriber()
    fixture.join(subscriber)
    for index in 0..<20 {
      fixture.publisher.publish(fixture.event(.update, "id\(index)"))
      let text = String(decoding: try next(.event, from: subscriber).json, as: UTF8.self)
      #expect(store.texts.contains(text), "stored before it is received")
    }
    fixture.publisher.publish(
      CameraHealth(.online, camera: "kitchen", reason: "r", counters: CameraHealth.Counters()))
    _ = try next(.health, from: subscriber)
    #expect(Set(store.topics) == ["adl/1/test/kitchen/event/", "adl/1/test/kitchen/health/"])
    while store.beats == 0 { _ = subscriber.next(timeout: .milliseconds(20)) }
  }

  @Test func `events are sent though the store never answers, with one warning each when it stalls and recovers`()
    throws
  {
    let store = ScriptedStore(isStalled: true)
    let lines = Lines()
    let fixture = try Fixture { options in
      options.store = store
      options.warn = { lines.take($0) }
    }
    let subscriber = try fixture.subscriber()
    fixture.join(subscriber)
    for index in 0..<10 {
      fixture.publisher.publish(fixture.event(.update, "id\(index)"))
      let event = try JSONDecoder().decode(ActivityEvent.self, from: next(.event, from: subscriber).json)
      #expect(event.id == "id\(index)")
    }
    #expect(lines.all == ["the history's disk is slow; until it catches up, events are sent before they are stored"])
    store.recover()
    #expect(
      lines.all.dropFirst() == ["the history's disk is responding again; 10 messages were sent before they were stored"]
    )
  }

  @Test func `ends of an earlier run are repeated to early subscribers, and only those`() throws {
    let fixture = try Fixture { $0.heartbeat = .seconds(60) }
    var end = fixture.event(.end, "old")
    end.endReason = "daemon_restart"
    fixture.publisher.publish(.activity(end))
    fixture.publisher.publish(fixture.event(.start, "new"))
    fixture.publisher.publish(fixture.state("kitchen", "idle"))
    let first = try fixture.subscriber()
    // Until the state has arrived, messages may have been sent before this subscriber joined.
    let message = try next(.event, from: first)
    #expect(try JSONDecoder().decode(ActivityEvent.self, from: message.json).id == "old")
    _ = try next(.state, from: first)
    let late = try fixture.subscriber(["adl/1/test/kitchen/"])
    #expect(
      try JSONDecoder().decode(ActivityEvent.self, from: next(.event, from: late).json).endReason == "daemon_restart")
    let hall = try fixture.subscriber(["adl/1/test/hall/"])
    fixture.publisher.publish(fixture.state("hall", "idle"))
    guard case .message(let only) = try #require(hall.next(timeout: .seconds(10))) else {
      Issue.record("no message")
      return
    }
    #expect(only.topic.camera == "hall")
  }

  @Test func `old queries are answered from memory and all others from the store`() throws {
    let entry = HistoryPage.Entry(topic: "adl/1/test/kitchen/event/", json: #"{"seq":1}"#)
    let store = ScriptedStore(
      page: .success(HistoryPage(messages: [entry], next: HistoryPosition(time: 12, number: 3))))
    let fixture = try Fixture { $0.store = store }
    func ask(_ request: String) throws -> String {
      String(
        decoding: try EventQuery.ask(request, at: fixture.publisher.endpoints.query, timeout: .seconds(10)),
        as: UTF8.self)
    }
    #expect(try ask(#"{"query":"history"}"#).contains(#""messages":[]"#))
    #expect(try ask(#"{"query":"history","since":"2026-10-01T07:00:00Z"}"#).contains(#""messages":[]"#))
    #expect(store.requests.isEmpty)
    #expect(
      try ask(
        #"{"query":"history","since":"2026-10-01T07:00:00Z","type":"activity.end","camera":"kitchen","limit":5,"order":"newest","next":"12-3"}"#
      )
        == #"{"epoch":"\#(fixture.publisher.epoch)","messages":[{"message":{"seq":1},"topic":"adl/1/test/kitchen/event/"}],"next":"12-3","node":"test"}"#
    )
    var expected = HistoryRequest()
    (expected.since, expected.type, expected.camera) = (
      Date(timeIntervalSince1970: 1_790_838_000), "activity.end", "kitchen"
    )
    (expected.limit, expected.newestFirst, expected.next) = (5, true, HistoryPosition(time: 12, number: 3))
    #expect(store.requests == [expected])
    let page = try EventQuery.history(expected, at: fixture.publisher.endpoints.query, timeout: .seconds(10))
    #expect(page == HistoryPage(messages: [entry], next: HistoryPosition(time: 12, number: 3)))
    #expect(store.requests == [expected, expected], "a request is decoded as it was encoded")
  }

  @Test func `a store's failure is reported as the reason`() throws {
    let fixture = try Fixture { $0.store = ScriptedStore(page: .failure(HistoryFailure("the disk is gone"))) }
    let endpoint = fixture.publisher.endpoints.query
    #expect(throws: EventError.refused(endpoint: endpoint, reason: "the disk is gone")) {
      try EventQuery.history(HistoryRequest(), at: endpoint, timeout: .seconds(10))
    }
  }

  @Test(arguments: [
    (#""limit":0"#, "limit is 0; use a whole number from 1 to 10000"),
    (#""order":"random""#, "order is 'random'; use oldest or newest"),
    (#""next":"x""#, "next is 'x'; use next from the previous answer"),
    (
      #""until":"noon""#,
      "until is 'noon'; use a time such as 2026-10-01T07:31:04Z or 2026-10-01T09:31:04.120+02:00"
    ),
    (#""limit":"many""#, #"a query is one JSON object such as {"query":"snapshot"}"#),
  ])
  func `an invalid history query is refused with the reason`(field: String, reason: String) throws {
    let fixture = try Fixture { $0.store = ScriptedStore() }
    let answer = try EventQuery.ask(
      #"{"query":"history",\#(field)}"#, at: fixture.publisher.endpoints.query, timeout: .seconds(10))
    let object = try #require(JSONSerialization.jsonObject(with: answer) as? [String: Any])
    #expect(object["error"] as? String == reason)
  }

  @Test func `a publisher without a store returns pages from memory`() throws {
    let fixture = try Fixture { $0.heartbeat = .seconds(60) }
    for index in 0..<5 {
      fixture.publisher.publish(fixture.event(index == 4 ? .end : .update, "id\(index)"))
      fixture.publisher.publish(fixture.state("kitchen", "idle"))
    }
    func page(_ edit: (inout HistoryRequest) -> Void) throws -> HistoryPage {
      var request = HistoryRequest()
      edit(&request)
      return try EventQuery.history(request, at: fixture.publisher.endpoints.query, timeout: .seconds(10))
    }
    func ids(_ page: HistoryPage) throws -> [String] {
      try page.messages.map { try JSONDecoder().decode(ActivityEvent.self, from: Data($0.json.utf8)).id }
    }
    while try page({ _ in }).messages.count < 5 {}
    let first = try page { $0.limit = 3 }
    #expect(try ids(first) == ["id0", "id1", "id2"])
    let second = try page { ($0.limit, $0.next) = (3, first.next) }
    #expect(try ids(second) == ["id3", "id4"] && second.next == nil)
    #expect(try ids(page { ($0.newestFirst, $0.limit) = (true, 1) }) == ["id4"])
    #expect(try ids(page { $0.type = "activity.end" }) == ["id4"])
    #expect(try ids(page { $0.label = "Drink.Fromcup" }).count == 5)
    #expect(try page { $0.camera = "hall" }.messages.isEmpty)
    #expect(try page { $0.since = Date().addingTimeInterval(60) }.messages.isEmpty)
  }
}
