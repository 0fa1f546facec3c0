/// Messages that wait for the disk, the oldest first; bounded, so that the oldest go when it stays away.
struct WriteBuffer: Sendable {
  /// What is written in one transaction.
  struct Batch: Sendable {
    var rows: [HistoryRow]
    /// What messages that were given up changed, by key.
    var orphans: [String: HistoryRow.Change]
    /// The number of the last row.
    fileprivate var last: Int

    var isEmpty: Bool { rows.isEmpty && orphans.isEmpty }
  }

  let most: Int
  let mostBytes: Int
  private var rows: [HistoryRow] = []
  /// The number of the first row; rows are numbered from 0.
  private var first = 0
  private var bytes = 0
  /// What is open must be right although its messages are gone.
  private var orphans: [String: HistoryRow.Change] = [:]
  /// Messages given up since `takeDropped` was last asked.
  private var dropped = 0

  init(most: Int = 10_000, mostBytes: Int = 16 << 20) {
    self.most = most
    self.mostBytes = mostBytes
  }

  var isEmpty: Bool { rows.isEmpty && orphans.isEmpty }
  /// The numbers of the first row that waits, and of the one that will come next.
  var begin: Int { first }
  var end: Int { first + rows.count }

  mutating func append(_ new: [HistoryRow]) {
    rows += new
    bytes += new.reduce(0) { $0 + $1.json.utf8.count }
    var excess = 0
    while rows.count - excess > most || bytes > mostBytes, excess < rows.count {
      if let change = rows[excess].change { orphans[change.key] = change }
      bytes -= rows[excess].json.utf8.count
      excess += 1
    }
    rows.removeFirst(excess)
    first += excess
    dropped += excess
  }

  func batch(atMost count: Int) -> Batch {
    let rows = Array(rows.prefix(count))
    return Batch(rows: rows, orphans: orphans, last: first + rows.count - 1)
  }

  /// Forgets what was written; what was given up meanwhile is counted as given up, though it is there.
  mutating func remove(_ batch: Batch) {
    let count = max(0, batch.last - first + 1)
    bytes -= rows.prefix(count).reduce(0) { $0 + $1.json.utf8.count }
    rows.removeFirst(count)
    first += count
    for (key, change) in batch.orphans where orphans[key] == change { orphans[key] = nil }
  }

  mutating func takeDropped() -> Int {
    defer { dropped = 0 }
    return dropped
  }
}
