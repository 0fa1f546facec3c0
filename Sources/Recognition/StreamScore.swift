/// How well recognised activities match what went on, over one stream whose truth is known.
///
/// An activity counts as found when one of its label was recognised with an onset within the tolerance of its begin. A
/// recognised activity is false when none of its label goes on within the tolerance of it, and most of it lies where the
/// truth says something else; what lies where the truth says nothing (on the way from one thing to the next) is neither.
package struct StreamScore: Equatable, Sendable {
  /// A stretch of time, in seconds, in which one thing goes on.
  package struct Span: Equatable, Sendable {
    package var label: String
    package var begin: Double
    package var end: Double

    package init(label: String, begin: Double, end: Double) {
      (self.label, self.begin, self.end) = (label, begin, end)
    }

    func overlap(_ other: Span) -> Double { max(0, min(end, other.end) - max(begin, other.begin)) }
  }

  /// What goes on, in order, and the onset that was recognised for it; `nil` where none was.
  package let activities: [(truth: Span, onset: Double?)]
  /// Recognised where something else went on.
  package let falseOnes: [Span]
  /// Seconds of truth in which nothing is to be recognised, and how many of them nothing was.
  package let silence: (seconds: Double, kept: Double)
  /// Length of the stream in seconds.
  package let length: Double

  /// - Parameters:
  ///   - truth: what goes on, in order.
  ///   - recognised: what was recognised, in order.
  ///   - silent: labels of the truth at which nothing is to be recognised.
  ///   - tolerance: seconds.
  ///   - length: of the stream in seconds.
  package init(
    truth: [Span], recognised: [Span], silent: Set<String> = ["idle", "unknown", "background"], tolerance: Double = 2,
    length: Double
  ) {
    activities = truth.filter { !silent.contains($0.label) }.map { truth in
      let onsets = recognised.filter { $0.label == truth.label }.map(\.begin)
      let nearest = onsets.min { abs($0 - truth.begin) < abs($1 - truth.begin) }
      return (truth, nearest.flatMap { abs($0 - truth.begin) <= tolerance ? $0 : nil })
    }
    falseOnes = recognised.filter { span in
      let wide = Span(label: span.label, begin: span.begin - tolerance, end: span.end + tolerance)
      guard !truth.contains(where: { $0.label == span.label && $0.overlap(wide) > 0 }) else { return false }
      return truth.reduce(0) { $0 + $1.overlap(span) } > (span.end - span.begin) / 2
    }
    let quiet = truth.filter { silent.contains($0.label) }
    let seconds = quiet.reduce(0) { $0 + $1.end - $1.begin }
    let broken = quiet.reduce(0) { sum, span in sum + recognised.reduce(0) { $0 + $1.overlap(span) } }
    silence = (seconds, seconds - broken)
    self.length = length
  }

  /// Share of activities that were found.
  package var found: Double {
    activities.isEmpty ? 1 : Double(activities.count { $0.onset != nil }) / Double(activities.count)
  }

  package var falsePerMinute: Double { length > 0 ? Double(falseOnes.count) * 60 / length : 0 }

  /// Median seconds from begin to recognised onset, of those found; `nil` where none was.
  package var medianDelay: Double? {
    let delays = activities.compactMap { activity in activity.onset.map { $0 - activity.truth.begin } }.sorted()
    return delays.isEmpty ? nil : delays[delays.count / 2]
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.activities.elementsEqual(b.activities) { $0.truth == $1.truth && $0.onset == $1.onset }
      && a.falseOnes == b.falseOnes && a.silence == b.silence && a.length == b.length
  }
}
