import Events
import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

@testable import History

@Suite(.timeLimit(.minutes(5))) struct `Event store` {
  private let sample = Sample()

  @Test func `an event store returns every message unchanged and in order, also after reopening`() throws {
    let stored = try Stored()
    let messages = try (1...3).map { try sample.activity(.update, $0, id: "a\($0)") } + [sample.health(4)]
    let texts = messages.map { String(decoding: $0.json, as: UTF8.self) }
    let store = try stored.store()
    for message in messages { store.keep(message) }
    #expect(try stored.messages() == texts, "a message is durable as soon as the store reports it")
    store.close()
    #expect(stored.files == ["history.sqlite", "history.sqlite.lock"], "closing leaves no write-ahead log")
    #expect(try stored.messages() == texts)
    #expect(stored.warnings.all.isEmpty)
  }

  @Test func `an event store keeps a message that comes twice only once`() throws {
    let stored = try Stored()
    let store = try stored.store()
    let message = try sample.activity(.start, 1, id: "a")
    store.keep(message, message)
    store.keep(message)
    var other = Sample()
    other.epoch = "e2"
    store.keep(try other.activity(.start, 1, id: "a"))
    store.close()
    #expect(try stored.messages().count == 2, "another run starts counting again")
  }

  @Test func `an event store skips messages that are not ours`() throws {
    let stored = try Stored()
    let store = try stored.store()
    var strange = try sample.health(1)
    strange.json = Array("{".utf8)
    store.keep(strange, try sample.health(2))
    store.close()
    #expect(try stored.messages().count == 1)
  }

  @Test func `an event store refuses files of a newer version and of another program, unchanged`() throws {
    let stored = try Stored()
    try stored.store().close()
    try DatabaseQueue(path: stored.path).write { try $0.execute(sql: "PRAGMA user_version = 7") }
    let newer = HistoryError.newer(path: stored.path, version: 7, known: Schema.version)
    #expect(throws: newer) { try stored.store() }
    #expect(throws: newer) { try EventStore.check(stored.path) }
    #expect(
      "\(newer)" == "\(stored.path) was written by a newer adl (its schema is 7, this adl knows 1); "
        + "update adl, or set history.path to another file")
    let other = stored.folder + "/other.sqlite"
    try DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE recipes (name TEXT)") }
    #expect(throws: HistoryError.foreign(path: other)) { try stored.store { $0.path = other } }
    #expect(throws: HistoryError.foreign(path: other)) { try EventStore.check(other) }
    #expect(try DatabaseQueue(path: other).read { try $0.tableExists("recipes") })
  }

  @Test func `an event store is refused to a second writer`() throws {
    let stored = try Stored()
    let store = try stored.store()
    #expect(throws: HistoryError.locked(path: stored.path)) { try stored.store() }
    store.close()
    try stored.store().close()
  }

  @Test func `an event store leaves a file alone that is not a database, and says so once`() throws {
    let stored = try Stored()
    let content = Data(String(repeating: "somebody's letters ", count: 500).utf8)
    try content.write(to: URL(fileURLWithPath: stored.path))
    try EventStore.check(stored.path)
    let store = try stored.store()
    store.keep(try sample.health(1))
    store.keep(try sample.health(2))
    store.close()
    #expect(FileManager.default.contents(atPath: stored.path) == content)
    let warnings = stored.warnings.all
    #expect(warnings.first?.contains("is not a history; move it away, or set history.path to another file") == true)
    #expect(warnings.count { $0.contains("is not a history") } == 1, "\(warnings)")
    #expect(!stored.files.contains { $0.contains("damaged") }, "\(stored.files)")
  }

  @Test func `an event store sets aside a file overwritten while in use, and loses nothing that follows`() throws {
    let stored = try Stored()
    let first = try stored.store()
    first.keep(try sample.activity(.start, 1, id: "a"))
    for seq in 2...200 { first.keep([try sample.health(seq)]) {} }
    first.close()
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: stored.path))
    // Everything but the header, so that it still looks like a database.
    let size = try handle.seekToEnd()
    try handle.seek(toOffset: 100)
    try handle.write(contentsOf: Data(repeating: 0xAA, count: Int(size) - 100))
    try handle.close()
    let store = try stored.store()
    store.keep(try sample.health(300))
    store.close()
    #expect(try stored.messages().count == 1)
    #expect(stored.warnings.all.count == 1 && stored.warnings.all[0].contains(".recover"), "\(stored.warnings.all)")
  }

  @Test func `an event store continues in a new file when its own is deleted, and still knows what is open`() throws {
    let stored = try Stored()
    let store = try stored.store()
    store.keep(try sample.activity(.start, 1, id: "a"))
    try FileManager.default.removeItem(atPath: stored.path)
    store.keep(try sample.health(2))
    #expect(try stored.messages().count == 1)
    #expect(try HistoryReader(path: stored.path).open().count == 1)
    store.keep(try sample.activity(.end, 3, id: "a"))
    #expect(try HistoryReader(path: stored.path).open().isEmpty)
    store.close()
    #expect(stored.warnings.all.count == 1, "\(stored.warnings.all)")
  }

  @Test func `an event store that cannot be written delays nobody, and stores what waited once it can`() throws {
    let stored = try Stored()
    // A folder in place of the file simulates missing permissions, which root would ignore.
    try FileManager.default.createDirectory(atPath: stored.path, withIntermediateDirectories: true)
    let store = try stored.store()
    for seq in 1...3 { store.keep(try sample.health(seq)) }
    #expect(stored.warnings.all.count == 1, "logged once: \(stored.warnings.all)")
    try FileManager.default.removeItem(atPath: stored.path)
    while stored.warnings.all.count < 2 { usleep(10_000) }
    #expect(stored.warnings.all[1] == "writing the history to \(stored.path) again; 0 messages were not stored")
    store.close()
    #expect(try stored.messages().count == 3)
  }

  @Test(.enabled(if: SmallDisk.isAvailable, "needs permission to mount"))
  func `an event store on a full disk stays readable, says so once, and continues when there is room`() throws {
    let stored = try Stored()
    let disk = try #require(SmallDisk(at: stored.folder + "/disk", kilobytes: 400))
    let path = disk.folder + "/history.sqlite"
    let store = try stored.store { $0.path = path }
    var seq = 0
    while stored.warnings.all.isEmpty {
      seq += 1
      store.keep(try sample.activity(.update, seq, id: "a", padding: 4000))
      try #require(seq < 1000, "the disk should be full by now")
    }
    #expect(stored.warnings.all[0].contains("full"), "\(stored.warnings.all)")
    for _ in 0..<3 {
      seq += 1
      store.keep(try sample.activity(.update, seq, id: "a", padding: 4000))
    }
    var request = HistoryRequest()
    request.limit = 5
    #expect(try HistoryReader(path: path).page(request).messages.count == 5)
    try disk.remount(kilobytes: 40_000)
    while stored.warnings.all.count < 2 { usleep(10_000) }
    store.close()
    request.limit = 10_000
    #expect(try HistoryReader(path: path).page(request).messages.count == seq)
    #expect(stored.warnings.all.count == 2, "\(stored.warnings.all)")
  }

  @Test(.enabled(if: SmallDisk.isAvailable, "needs permission to mount"))
  func `an event store on a read-only disk delays nobody, and starts once the disk is writable`() throws {
    let stored = try Stored()
    let disk = try #require(SmallDisk(at: stored.folder + "/disk", kilobytes: 4000))
    try disk.remount(kilobytes: 4000, readOnly: true)
    let path = disk.folder + "/history.sqlite"
    try EventStore.check(path)
    let store = try stored.store { $0.path = path }
    store.keep(try sample.health(1))
    #expect(stored.warnings.all.count == 1 && stored.warnings.all[0].contains("Read-only"), "\(stored.warnings.all)")
    try disk.remount(kilobytes: 4000)
    while stored.warnings.all.count < 2 { usleep(10_000) }
    store.close()
    #expect(try HistoryReader(path: path).page(HistoryRequest()).messages.count == 1)
  }

  @Test func `an event store locked by another program continues afterwards, and loses nothing`() throws {
    let stored = try Stored()
    let store = try stored.store()
    store.keep(try sample.health(1))
    let other = try DatabaseQueue(path: stored.path)
    try other.inDatabase { db in
      try db.execute(sql: "BEGIN IMMEDIATE")
      store.keep(try sample.health(2))
      #expect(stored.warnings.all.count == 1 && stored.warnings.all[0].contains("locked"), "\(stored.warnings.all)")
      try db.execute(sql: "COMMIT")
    }
    while stored.warnings.all.count < 2 { usleep(10_000) }
    store.close()
    #expect(try stored.messages().count == 2)
  }
}
