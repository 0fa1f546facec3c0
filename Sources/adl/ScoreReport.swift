import Evaluation
import Foundation

/// The results of `adl score`, for people or as one JSON object.
struct ScoreReport: Encodable {
  /// An activity of the truth, and when it was recognised.
  struct Activity: Encodable {
    var label: String
    /// Seconds from the start of the stream, as for all times here.
    var begin: Double
    var end: Double
    var person: Int
    /// The recognised onset; absent if it was not recognised.
    var onset: Double?
  }

  /// A recognised activity that the truth does not contain.
  struct Span: Encodable {
    var label: String
    var begin: Double
    var end: Double
  }

  /// Absent if the truth has nothing to recognise.
  var recognised: Double?
  var falsePerMinute: Double
  /// Absent if there was no window in which nothing should be recognised.
  var quiet: Double?
  /// The number of such windows.
  var quietWindows: Int
  /// Seconds from a start to its recognised onset; absent if nothing was recognised.
  var medianDelay: Double?
  /// Length of the stream in seconds.
  var seconds: Double
  var activities: [Activity]
  var `false`: [Span]

  init(_ score: StreamScore) {
    recognised = score.recognised
    falsePerMinute = score.falsePerMinute
    quiet = score.quiet
    quietWindows = score.silence.windows
    medianDelay = score.medianDelay
    seconds = score.length
    activities = score.activities.map {
      Activity(
        label: $0.truth.span.label, begin: $0.truth.span.begin, end: $0.truth.span.end, person: $0.truth.person,
        onset: $0.onset)
    }
    self.false = score.falseOnes.map { Span(label: $0.label, begin: $0.begin, end: $0.end) }
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  var text: String {
    let hasPeople = Set(activities.map(\.person)).count > 1
    var lines = activities.map { activity in
      let result = activity.onset.map { String(format: "✓ %+.1f s", $0 - activity.begin) } ?? "–"
      let person = hasPeople ? "person \(activity.person)  " : ""
      return "\(clock(activity.begin))  \(person)\(padded(activity.label))  \(result)"
    }
    lines += self.false.map { "\(clock($0.begin))  false: \($0.label), \(String(format: "%.1f", $0.end - $0.begin)) s" }
    let count = activities.count { $0.onset != nil }
    let delay = medianDelay.map { String(format: ", median onset %+.1f s", $0) } ?? ""
    lines.append(
      recognised.map {
        String(format: "recognised       %.2f  (%d of %d activities", $0, count, activities.count) + delay + ")"
      } ?? "recognised       –  (the truth has nothing to recognise)")
    lines.append(String(format: "false per minute %.2f  (%d in %.0f s)", falsePerMinute, self.false.count, seconds))
    lines.append(
      quiet.map {
        String(format: "quiet            %.2f  (of %d windows in which nothing was to be recognised)", $0, quietWindows)
      }
        ?? "quiet               –  (no window in which nothing was to be recognised)")
    return lines.joined(separator: "\n")
  }

  private func padded(_ label: String) -> String {
    label.padding(toLength: max(14, label.count), withPad: " ", startingAt: 0)
  }

  private func clock(_ seconds: Double) -> String {
    String(format: "%3d:%04.1f", Int(seconds) / 60, seconds.truncatingRemainder(dividingBy: 60))
  }
}
