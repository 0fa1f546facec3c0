import Events
import Foundation
import Testing

@testable import History

@Suite(.timeLimit(.minutes(5))) struct `After a crash` {
  private let sample = Sample()

  /// What a store finds open after it ended without closing anything.
  private func leftovers(_ stored: borrowing Stored, _ clock: EventClock = Stored.clock) throws -> [Leftover] {
    let store = try stored.store { $0.clock = clock }
    defer { store.close() }
    return store.leftovers
  }

  @Test func `after a crash, an open activity ends when the daemon was last known to be alive`() throws {
    let stored = try Stored()
    let store = try stored.store()
    store.keep(try sample.activity(.start, 5, id: "a", person: 3), try sample.activity(.start, 6, id: "b"))
    store.keep(try sample.activity(.end, 8, id: "b"), try sample.activity(.update, 9, id: "a", person: 3))
    store.keep(try sample.health(30))
    store.close()
    let left = try leftovers(stored)
    guard case .activity(let end) = try #require(left.first), left.count == 1 else {
      Issue.record("\(left)")
      return
    }
    #expect(end.type == .end && end.id == "a" && end.person?.id == 3 && end.activity.label == "Drink")
    #expect(end.endReason == "daemon_restart" && end.startEpoch == "e1")
    #expect(end.onset == sample.instant(0) && end.offset == sample.instant(30) && end.duration == 30)
    #expect(end.confidence == 0.875 && end.window == nil && end.latency == nil)
  }

  @Test func `a sign of life moves that end, and is only written while something is open`() throws {
    let stored = try Stored()
    let store = try stored.store()
    store.noteAlive(sample.envelope(1))
    store.keep(try sample.activity(.start, 5, id: "a"))
    // The first comes too soon after the message to be worth a write.
    store.noteAlive(sample.envelope(9))
    store.noteAlive(sample.envelope(65))
    while try HistoryFileContent(stored.path).aliveTime != sample.instant(65).time { usleep(10_000) }
    store.close()
    guard case .activity(let end) = try #require(try leftovers(stored).first) else {
      Issue.record("no activity")
      return
    }
    #expect(end.offset == sample.instant(65) && end.duration == 65)
  }

  @Test func `after a crash, a raised alert is cleared, and a cleared one stays so`() throws {
    let stored = try Stored()
    let store = try stored.store()
    func alert(_ kind: AlertEvent.Kind, _ seq: Int, id: String) throws -> PublishedMessage {
      var alert = AlertEvent(
        kind, id: id, rule: "fallen", cameras: ["kitchen"], reason: "Fall", since: sample.instant(1),
        raised: sample.instant(5))
      alert.person = AlertEvent.Person(id: 2)
      if kind == .reminder { alert.reminder = 1 }
      return try sample.message(alert, seq, .event)
    }
    store.keep(try alert(.raised, 5, id: "a"), try alert(.raised, 6, id: "b"), try alert(.reminder, 8, id: "a"))
    store.keep(try alert(.cleared, 9, id: "b"), try sample.activity(.start, 10, id: "c"))
    store.close()
    let left = try leftovers(stored)
    guard left.count == 2, case .activity = left[0], case .alert(let end) = left[1] else {
      Issue.record("\(left)")
      return
    }
    #expect(end.type == .cleared && end.id == "a" && end.clearReason == "daemon_restart" && end.startEpoch == "e1")
    #expect(end.raised == sample.instant(5) && end.cleared == sample.instant(10) && end.duration == 5)
    #expect(end.reminder == nil && end.person?.id == 2 && end.rule == "fallen")
    #expect(try HistoryReader(path: stored.path).page(HistoryRequest()).messages.count == 5, "alerts are kept too")
  }

  @Test func `after a crash, a person who did not leave has left, after their activity ended`() throws {
    let stored = try Stored()
    let store = try stored.store()
    store.keep(try sample.person(.entered, 1, id: 1), try sample.person(.entered, 2, id: 2))
    store.keep(try sample.activity(.start, 3, id: "a", person: 2), try sample.person(.left, 4, id: 1))
    store.close()
    let left = try leftovers(stored)
    guard left.count == 2, case .activity(let end) = left[0], case .person(let gone) = left[1] else {
      Issue.record("\(left)")
      return
    }
    #expect(end.id == "a")
    #expect(gone.type == .left && gone.person.id == 2 && gone.reason == "daemon_restart" && gone.startEpoch == "e1")
    #expect(gone.until == sample.instant(4) && gone.duration == 4)
  }

  @Test func `once the ends are stored nothing is left, though the new run counts people from 1`() throws {
    let stored = try Stored()
    let store = try stored.store()
    store.keep(try sample.person(.entered, 1, id: 1), try sample.activity(.start, 2, id: "a", person: 1))
    store.close()
    let next = try stored.store()
    #expect(next.leftovers.count == 2)
    var run = Sample()
    run.epoch = "e2"
    for (index, leftover) in next.leftovers.enumerated() {
      switch leftover {
      case .activity(let event): next.keep(try run.message(event, index + 1, .event))
      case .person(let event): next.keep(try run.message(event, index + 1, .event))
      case .alert(let alert): next.keep(try run.message(alert, index + 1, .event))
      }
    }
    next.keep(try run.person(.entered, 9, id: 1))
    next.close()
    let last = try leftovers(stored)
    guard case .person(let gone) = try #require(last.first), last.count == 1 else {
      Issue.record("\(last)")
      return
    }
    #expect(gone.person.id == 1 && gone.startEpoch == "e2")
  }

  @Test func `monotonic times of an earlier boot are converted to this boot's clock`() throws {
    let stored = try Stored()
    let store = try stored.store()
    store.keep(try sample.activity(.start, 5, id: "a"))
    store.close()
    // An hour later on the wall clock, and a minute after the boot.
    let clock = EventClock(bootID: "next") { (.seconds(60), Date(timeIntervalSince1970: 1_790_841_600)) }
    guard case .activity(let end) = try #require(try leftovers(stored, clock).first) else {
      Issue.record("no activity")
      return
    }
    #expect(end.onset.time == sample.instant(0).time && end.onset.monotonic == (60 - 3600) * 1_000_000_000)
    #expect(end.offset?.monotonic == (60 - 3600 + 5) * 1_000_000_000 && end.duration == 5)
  }

  @Test func `open entries that nobody can read any more are dropped`() throws {
    let stored = try Stored()
    let store = try stored.store()
    var strange = try sample.activity(.start, 1, id: "a")
    strange.json = Array(#"{"type":"activity.start","camera":"kitchen","id":"a"}"#.utf8)
    store.keep(strange)
    store.close()
    #expect(try leftovers(stored).isEmpty)
    #expect(try HistoryReader(path: stored.path).open().isEmpty)
  }
}
