/// How many of a known number of things are done, and how long the rest will take; callable from any thread under a lock.
package struct CountedProgress {
  private let things: String
  private let began: ContinuousClock.Instant
  private var line: ProgressLine

  /// - Parameters:
  ///   - things: what is counted, as in "recordings".
  ///   - line: where it is shown.
  ///   - began: when the job began.
  package init(_ things: String, line: ProgressLine = ProgressLine(), began: ContinuousClock.Instant = .now) {
    (self.things, self.line, self.began) = (things, line, began)
  }

  /// So many are done.
  ///
  /// - Parameters:
  ///   - done: how many.
  ///   - total: of how many.
  ///   - note: what else the line says.
  ///   - now: the time.
  package mutating func reached(
    _ done: Int, of total: Int, note: String? = nil, now: ContinuousClock.Instant = .now
  ) {
    let (things, began) = (things, began)
    line.show(share: total > 0 ? Double(done) / Double(total) : nil, isLast: done == total, now: now) {
      let left = (now - began) / .seconds(1) / Double(max(done, 1)) * Double(total - done)
      return ["\(done) of \(total) \(things)"] + [note].compactMap(\.self) + ["\(ProgressLine.clock(left)) left"]
    }
  }

  /// Takes the line away.
  package mutating func finish() { line.clear() }
}
