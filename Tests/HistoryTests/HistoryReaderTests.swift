import Events
import Foundation
import GRDB
import Testing

@testable import History

/// What a file contains in addition to its messages.
struct HistoryFileContent {
  let aliveTime: String?
  let messages: Int

  init(_ path: String) throws {
    (aliveTime, messages) = try DatabaseQueue(path: path).read { db in
      (
        try String.fetchOne(db, sql: "SELECT time FROM alive"),
        try Int.fetchOne(db, sql: "SELECT count(*) FROM message") ?? 0
      )
    }
  }
}

@Suite(.timeLimit(.minutes(5))) struct `History reader` {
  private let sample = Sample()

  /// Numbers of the messages that a request finds.
  private func found(_ stored: borrowing Stored, _ edit: (inout HistoryRequest) -> Void) throws -> [Int] {
    try stored.messages(edit).map { Int(try JSONDecoder().decode(Envelope.self, from: Data($0.utf8)).seq) }
  }

  @Test func `history is found by time, camera, type and label, in either order`() throws {
    let stored = try Stored()
    let store = try stored.store()
    var hall = Sample()
    hall.camera = "hall"
    store.keep(
      try sample.activity(.start, 1, id: "a"), try hall.activity(.start, 2, id: "b", label: "Read"),
      try sample.activity(.end, 3, id: "a"), try sample.person(.entered, 4, id: 1), try sample.health(5))
    store.close()
    let start = Date(timeIntervalSince1970: 1_790_838_000)
    #expect(try found(stored) { _ in } == [1, 2, 3, 4, 5])
    #expect(try found(stored) { $0.since = start.addingTimeInterval(2) } == [3, 4, 5], "later than since")
    #expect(try found(stored) { $0.until = start.addingTimeInterval(2) } == [1, 2], "until is included")
    #expect(try found(stored) { $0.camera = "hall" } == [2])
    #expect(try found(stored) { $0.label = "Drink" } == [1, 3])
    #expect(try found(stored) { $0.type = "activity" } == [1, 2, 3])
    #expect(try found(stored) { $0.type = "activity.end" } == [3])
    #expect(try found(stored) { $0.type = "activ" } == [], "part of a word does not match a type")
    #expect(try found(stored) { $0.newestFirst = true } == [5, 4, 3, 2, 1])
    #expect(try found(stored) { ($0.newestFirst, $0.limit) = (true, 2) } == [5, 4])
    #expect(try found(stored) { $0.camera = "'; DROP TABLE message; --" } == [])
  }

  @Test(arguments: [false, true]) func `pages of history together are complete, even within one millisecond`(
    newestFirst: Bool
  )
    throws
  {
    let stored = try Stored()
    let store = try stored.store()
    for seq in 1...20 {
      var message = try sample.activity(.update, seq, id: "a\(seq)")
      message.envelope.time = sample.instant(seq / 7).time
      store.keep(message)
    }
    store.close()
    let reader = try HistoryReader(path: stored.path)
    var request = HistoryRequest()
    (request.newestFirst, request.limit) = (newestFirst, 3)
    var sizes: [Int] = []
    var ids: [String] = []
    repeat {
      let page = try reader.page(request)
      sizes.append(page.messages.count)
      ids += page.messages.compactMap { ActivitySpan(json: $0.json)?.id }
      request.next = page.next
    } while request.next != nil
    #expect(sizes == [3, 3, 3, 3, 3, 3, 2])
    let all = (1...20).map { "a\($0)" }
    #expect(ids == (newestFirst ? all.reversed() : all))
  }

  @Test func `a page of history ends before it has a megabyte`() throws {
    let stored = try Stored()
    let store = try stored.store()
    for seq in 1...30 { store.keep(try sample.activity(.update, seq, id: "a", padding: 50_000)) }
    store.close()
    let page = try HistoryReader(path: stored.path).page(HistoryRequest())
    #expect(page.messages.count == 18 && page.next != nil)
    #expect(page.messages.reduce(0) { $0 + $1.json.utf8.count } < 1 << 20)
  }

  @Test func `a missing and a foreign history are reported`() throws {
    let stored = try Stored()
    #expect(throws: HistoryError.missing(path: stored.path)) { try HistoryReader(path: stored.path) }
    try Data(repeating: 65, count: 5000).write(to: URL(fileURLWithPath: stored.path))
    #expect(throws: HistoryError.damaged(path: stored.path, reason: "file is not a database")) {
      try HistoryReader(path: stored.path)
    }
  }

  @Test func `history lists the activities in a period, open ones without an end`() throws {
    let stored = try Stored()
    let store = try stored.store()
    store.keep(
      try sample.activity(.start, 1, id: "a", person: 2), try sample.activity(.end, 60, id: "a", person: 2),
      try sample.activity(.start, 70, id: "b"))
    let start = Date(timeIntervalSince1970: 1_790_838_000)
    let reader = try HistoryReader(path: stored.path)
    let spans = try reader.spans(from: start, to: start.addingTimeInterval(100))
    #expect(spans.map(\.id) == ["a", "b"] && spans.map(\.person) == [2, nil])
    #expect(spans.map(\.end) == [start.addingTimeInterval(60), nil])
    #expect(try reader.spans(from: start.addingTimeInterval(61), to: start.addingTimeInterval(100)).map(\.id) == ["b"])
    #expect(try reader.spans(from: start.addingTimeInterval(-9), to: start).isEmpty)
    store.close()
  }

  @Test func `history adds up counts and seconds by local day, dividing activities at midnight`() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "Europe/Berlin"))
    let midnight = try #require(calendar.date(from: DateComponents(year: 2026, month: 10, day: 2)))
    func at(_ seconds: Double) -> Date { midnight.addingTimeInterval(seconds) }
    let spans = [
      ActivitySpan(id: "1", label: "Sleep", begin: at(-3600), end: at(7200)),
      ActivitySpan(id: "2", label: "Drink", begin: at(-100), end: at(-40)),
      ActivitySpan(id: "3", label: "Drink", begin: at(100), end: nil),
      ActivitySpan(id: "4", label: "Drink", begin: at(-90_000), end: at(-86_300)),
    ]
    let totals = DayTotal.totals(of: spans, from: at(-86_400), to: at(10_000), calendar: calendar)
    #expect(
      totals == [
        DayTotal(day: at(-86_400), label: "Sleep", count: 1, seconds: 3600),
        DayTotal(day: at(-86_400), label: "Drink", count: 1, seconds: 160),
        DayTotal(day: at(0), label: "Drink", count: 1, seconds: 9900),
        DayTotal(day: at(0), label: "Sleep", count: 0, seconds: 7200),
      ])
  }

  @Test func `history deletes what is too old, and keeps the file within its size`() throws {
    let stored = try Stored()
    let file = try HistoryFile(path: stored.path)
    func add(_ seqs: ClosedRange<Int>, padding: Int) throws {
      let rows = try seqs.map { try #require(HistoryRow(sample.activity(.update, $0, id: "a", padding: padding))) }
      try file.commit(rows, [], alive: nil)
    }
    func tidy(before seq: Int, bytes: Int) throws {
      let time = try #require(EventClock.milliseconds(sample.instant(seq).time))
      while try file.tidy(before: time, bytes: bytes) {}
    }
    try add(1...1200, padding: 0)
    try tidy(before: 1001, bytes: 1 << 30)
    #expect(try found(stored) { $0.limit = 10_000 }.first == 1001)
    #expect(try found(stored) { $0.limit = 10_000 }.count == 200)
    let bytes = 2 << 20
    for round in 0..<8 {
      try add((2000 + round * 100)...(2099 + round * 100), padding: 8000)
      try tidy(before: 0, bytes: bytes)
    }
    #expect(try found(stored) { ($0.newestFirst, $0.limit) = (true, 1) } == [2799])
    let left = try HistoryFileContent(stored.path).messages
    #expect((150..<300).contains(left), "as many messages as fit: \(left)")
    let size = try #require(
      try FileManager.default.attributesOfItem(atPath: stored.path)[.size] as? Int)
    #expect(size <= bytes + HistoryFile.logBytes)
  }
}
