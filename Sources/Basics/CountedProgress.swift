/// Counts finished items out of a known total and estimates the time left; usable from any thread under a lock.
package struct CountedProgress {
  private let things: String
  private let began: ContinuousClock.Instant
  private var line: ProgressLine

  /// - Parameters:
  ///   - things: what is counted, as in "recordings".
  ///   - line: where the progress is shown.
  ///   - began: when the job started.
  package init(_ things: String, line: ProgressLine = ProgressLine(), began: ContinuousClock.Instant = .now) {
    (self.things, self.line, self.began) = (things, line, began)
  }

  /// Reports how many items are done.
  ///
  /// - Parameters:
  ///   - done: items done so far.
  ///   - total: items in total.
  ///   - note: additional text for the line.
  ///   - now: the current time.
  package mutating func reached(
    _ done: Int, of total: Int, note: String? = nil, now: ContinuousClock.Instant = .now
  ) {
    let (things, began) = (things, began)
    line.show(share: total > 0 ? Double(done) / Double(total) : nil, isLast: done == total, now: now) {
      let left = (now - began) / .seconds(1) / Double(max(done, 1)) * Double(total - done)
      return ["\(done) of \(total) \(things)"] + [note].compactMap(\.self) + ["\(ProgressLine.clock(left)) left"]
    }
  }

  /// Removes the line.
  package mutating func finish() { line.clear() }
}
