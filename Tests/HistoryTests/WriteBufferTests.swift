import Events
import Testing

@testable import History

@Suite struct `Write buffer` {
  private func row(_ seq: Int, _ kind: ActivityEvent.Kind = .update, id: String = "a") throws -> HistoryRow {
    try #require(HistoryRow(Sample().activity(kind, seq, id: id)))
  }

  @Test func `a write buffer returns rows in order, and removes those that were written`() throws {
    var buffer = WriteBuffer()
    buffer.append(try (1...5).map { try row($0) })
    let batch = buffer.batch(atMost: 3)
    #expect(batch.rows.map(\.envelope.seq) == [1, 2, 3])
    buffer.append([try row(6)])
    buffer.remove(batch)
    #expect(buffer.batch(atMost: 10).rows.map(\.envelope.seq) == [4, 5, 6])
    #expect(buffer.begin == 3 && buffer.end == 6)
  }

  @Test func `a full write buffer drops the oldest rows, and counts them`() throws {
    var buffer = WriteBuffer(most: 4)
    buffer.append(try (1...7).map { try row($0) })
    #expect(buffer.batch(atMost: 10).rows.map(\.envelope.seq) == [4, 5, 6, 7])
    #expect(buffer.takeDropped() == 3 && buffer.takeDropped() == 0)
    let bytes = try row(1).json.utf8.count
    var small = WriteBuffer(mostBytes: 2 * bytes)
    small.append(try (1...3).map { try row($0) })
    #expect(small.batch(atMost: 10).rows.map(\.envelope.seq) == [2, 3])
  }

  @Test func `a write buffer remembers what dropped messages opened and closed`() throws {
    var buffer = WriteBuffer(most: 1)
    buffer.append([
      try row(1, .start, id: "a"), try row(2, .start, id: "b"), try row(3, .end, id: "a"), try row(4, id: "c"),
    ])
    let orphans = buffer.batch(atMost: 1).orphans
    #expect(orphans["activity/a"] == .closes("activity/a"), "only the last change counts")
    #expect(orphans["activity/b"] == (try row(2, .start, id: "b").change))
    #expect(orphans.count == 2)
    buffer.remove(buffer.batch(atMost: 1))
    #expect(buffer.isEmpty)
  }

  @Test func `a write buffer removes a written batch even if its oldest rows were dropped meanwhile`() throws {
    var buffer = WriteBuffer(most: 2)
    buffer.append([try row(1), try row(2)])
    let batch = buffer.batch(atMost: 2)
    buffer.append([try row(3)])
    buffer.remove(batch)
    #expect(buffer.batch(atMost: 10).rows.map(\.envelope.seq) == [3])
  }
}
