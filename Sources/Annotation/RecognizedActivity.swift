import Basics
package import Pipeline

/// One activity of one person, or of the scene, as listed in output files.
package struct RecognizedActivity: Equatable, Sendable {
  /// `nil` if the whole scene was analysed.
  package var person: Int?
  package var label: String
  /// Time from the start of the recording, as is `end`.
  package var start: Duration
  package var end: Duration
  /// Probability, 0 to 1.
  package var confidence: Float

  package init(person: Int?, label: String, start: Duration, end: Duration, confidence: Float) {
    (self.person, self.label, self.start, self.end) = (person, label, start, end)
    self.confidence = confidence
  }
}

extension FileRecognition.Result {
  /// All activities, ordered by start, then by person number.
  package func activities(labels: [String]) -> [RecognizedActivity] {
    let subjects: [(person: Int?, timeline: FileRecognition.Timeline)] =
      if let people { people.map { ($0.id, $0.timeline) } } else { [(nil, scene)] }
    let activities = subjects.flatMap { person, timeline in
      timeline.activities.map {
        RecognizedActivity(
          person: person, label: labels[$0.index], start: $0.onset, end: $0.offset, confidence: $0.confidence)
      }
    }
    return activities.sorted { ($0.start, $0.person ?? 0, $0.end) < ($1.start, $1.person ?? 0, $1.end) }
  }
}

extension [RecognizedActivity] {
  /// A table with the header `person,label,start,end,confidence`.
  ///
  /// Times are seconds with three decimals; `person` is empty for the scene.
  package func csv() -> String {
    CSVText.text(
      [["person", "label", "start", "end", "confidence"]]
        + map {
          [
            $0.person.map(String.init) ?? "", $0.label, seconds($0.start), seconds($0.end),
            decimal(Int(($0.confidence * 10_000).rounded()), digits: 4),
          ]
        })
  }

  private func seconds(_ time: Duration) -> String { decimal(milliseconds(time), digits: 3) }

  /// A decimal number with that many digits after the point, whatever the locale.
  private func decimal(_ value: Int, digits: Int) -> String {
    let text = String(value)
    let padded = String(repeating: "0", count: Swift.max(0, digits + 1 - text.count)) + text
    return "\(padded.dropLast(digits)).\(padded.suffix(digits))"
  }
}

/// Whole milliseconds since the start of the recording, rounded to nearest.
func milliseconds(_ time: Duration) -> Int {
  let (seconds, attoseconds) = Swift.max(time, .zero).components
  return Int(seconds) * 1000 + Int((attoseconds + 500_000_000_000_000) / 1_000_000_000_000_000)
}
