/// Messages waiting for the disk, oldest first; bounded, so that the oldest are dropped if the disk stays unavailable.
struct WriteBuffer: Sendable {
  /// The contents of one transaction.
  struct Batch: Sendable {
    var rows: [HistoryRow]
    /// What dropped messages changed, by key.
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
  /// Kept because what is open must be right even if its messages were dropped.
  private var orphans: [String: HistoryRow.Change] = [:]
  /// Messages dropped since the last call of `takeDropped`.
  private var dropped = 0

  init(most: Int = 10_000, mostBytes: Int = 16 << 20) {
    self.most = most
    self.mostBytes = mostBytes
  }

  var isEmpty: Bool { rows.isEmpty && orphans.isEmpty }
  /// The number of the first waiting row, and of the next new one.
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

  /// Removes what was written; messages dropped meanwhile stay counted as dropped, even if they were written.
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
