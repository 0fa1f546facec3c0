/// How well what was recognised in a stream matches what really happened.
///
/// - A true activity is *recognised* if an activity with its label began within the tolerance of its start. Each
///   recognised activity counts for a single true one, nearest pairs first.
/// - A recognised activity is *false* if its label does not occur within the tolerance of it, and most of it lies where
///   the truth says what happened.
/// - A window is *quiet* if no activity of its subject is open in its middle. Only windows are counted during which
///   nobody does anything that should be recognised.
package struct StreamScore: Equatable, Sendable {
  /// What was recognised for one person, or for the whole picture.
  package struct Subject: Equatable, Sendable {
    package var activities: [StreamSpan]
    /// The windows the network scored, in seconds; `nil` if they were not recorded, and every second counts as a
    /// window.
    package var windows: [ClosedRange<Double>]?

    package init(activities: [StreamSpan], windows: [ClosedRange<Double>]? = nil) {
      (self.activities, self.windows) = (activities, windows)
    }
  }

  /// One true activity, and the onset recognised for it.
  package struct Judged: Equatable, Sendable {
    package var truth: StreamTruth.Line
    package var onset: Double?
  }

  /// Ordered by start.
  package let activities: [Judged]
  /// Recognised while something else was going on, ordered by start.
  package let falseOnes: [StreamSpan]
  /// Windows in which nothing should be recognised, and in how many of them nothing was.
  package let silence: (windows: Int, quiet: Int)
  /// Length of the stream in seconds.
  package let length: Double

  /// - Parameters:
  ///   - truth: what really happened.
  ///   - subjects: what was recognised; who did it does not matter.
  ///   - tolerance: seconds between a start and its recognised onset.
  package init(truth: StreamTruth, subjects: [Subject], tolerance: Double = 2) {
    let recognised = subjects.flatMap(\.activities).sorted { $0.begin < $1.begin }
    activities = Self.judged(truth.activities, recognised, tolerance)
    let known = truth.known
    falseOnes = recognised.filter { span in
      let near = truth.lines.contains {
        $0.span.label == span.label && $0.span.begin < span.end + tolerance && $0.span.end > span.begin - tolerance
      }
      return !near && known.overlap(span.begin...span.end) > (span.end - span.begin) / 2
    }
    let quiet = truth.quiet
    var silence = (windows: 0, quiet: 0)
    for subject in subjects {
      for window in subject.windows ?? Self.seconds(truth.length) where quiet.covers(window) {
        let middle = (window.lowerBound + window.upperBound) / 2
        silence.windows += 1
        if !subject.activities.contains(where: { $0.begin <= middle && middle < $0.end }) { silence.quiet += 1 }
      }
    }
    self.silence = silence
    length = truth.length
  }

  /// Fraction of the true activities that were recognised; `nil` if there are none.
  package var recognised: Double? {
    activities.isEmpty ? nil : Double(activities.count { $0.onset != nil }) / Double(activities.count)
  }

  package var falsePerMinute: Double { length > 0 ? Double(falseOnes.count) * 60 / length : 0 }

  /// Fraction of the windows without activity in which none was recognised; `nil` if there are no such windows.
  package var quiet: Double? { silence.windows > 0 ? Double(silence.quiet) / Double(silence.windows) : nil }

  /// Median seconds from start to recognised onset; `nil` if nothing was recognised.
  package var medianDelay: Double? {
    let delays = activities.compactMap { activity in activity.onset.map { $0 - activity.truth.span.begin } }.sorted()
    return delays.isEmpty ? nil : delays[delays.count / 2]
  }

  private static func seconds(_ length: Double) -> [ClosedRange<Double>] {
    (0..<max(0, Int(length))).map { Double($0)...Double($0 + 1) }
  }

  private static func judged(
    _ truths: [StreamTruth.Line], _ recognised: [StreamSpan], _ tolerance: Double
  ) -> [Judged] {
    var pairs: [(truth: Int, found: Int, distance: Double)] = []
    for (truth, line) in truths.enumerated() {
      for (found, span) in recognised.enumerated() where span.label == line.span.label {
        let distance = abs(span.begin - line.span.begin)
        if distance <= tolerance { pairs.append((truth, found, distance)) }
      }
    }
    var judged = truths.map { Judged(truth: $0) }
    var used: Set<Int> = []
    for pair in pairs.sorted(by: { ($0.distance, $0.truth, $0.found) < ($1.distance, $1.truth, $1.found) })
    where judged[pair.truth].onset == nil && used.insert(pair.found).inserted {
      judged[pair.truth].onset = recognised[pair.found].begin
    }
    return judged
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.activities == b.activities && a.falseOnes == b.falseOnes && a.silence == b.silence && a.length == b.length
  }
}
