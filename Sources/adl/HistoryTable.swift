import Events
import Foundation
import History

/// Formats messages as rows for people.
struct HistoryTable {
  private struct Row {
    var begin: Date
    /// `nil` while it is still going on.
    var end: Date?
    var camera: String
    var person: Int?
    var text: String
    var note: String
    var hasLength = true
  }

  /// The last message about each activity and person, by a key that identifies them.
  private var rows: [String: Row] = [:]
  private var activities: [String: ActivitySpan] = [:]

  /// Takes the next message; a later one about the same activity or person replaces the earlier one.
  mutating func take(_ json: String) {
    if let span = ActivitySpan(json: json) {
      activities[span.id] = span
      let sure = span.confidence.formatted(.percent.precision(.fractionLength(0)))
      rows["activity/\(span.id)"] = Row(
        begin: span.begin, end: span.end, camera: span.camera, person: span.person, text: span.label,
        note: [sure, span.reason].compactMap(\.self).joined(separator: "  "))
      return
    }
    let data = Data(json.utf8)
    do {
      let decoder = JSONDecoder()
      let envelope = try decoder.decode(Envelope.self, from: data)
      let type = try decoder.decode(MessageFacts.self, from: data).type
      if PersonEvent.Kind(rawValue: type) != nil {
        let event = try decoder.decode(PersonEvent.self, from: data)
        guard let begin = EventClock.date(event.person.since.time) else { return }
        rows["person/\(event.startEpoch ?? envelope.epoch)/\(event.camera)/\(event.person.id)"] = Row(
          begin: begin, end: event.until.flatMap { EventClock.date($0.time) }, camera: event.camera,
          person: event.person.id, text: "is there", note: event.reason ?? "")
      } else if AlertEvent.Kind(rawValue: type) != nil {
        let alert = try decoder.decode(AlertEvent.self, from: data)
        guard let begin = EventClock.date(alert.raised.time) else { return }
        rows["alert/\(alert.id)"] = Row(
          begin: begin, end: alert.cleared.flatMap { EventClock.date($0.time) },
          camera: alert.cameras.count == 1 ? alert.cameras[0] : "", person: alert.person?.id,
          text: "alert \(alert.rule)",
          note: [alert.reason, alert.clearReason].compactMap(\.self).joined(separator: "  "))
      } else if CameraHealth.Kind(rawValue: type) != nil {
        let health = try decoder.decode(CameraHealth.self, from: data)
        guard let time = EventClock.date(envelope.time) else { return }
        rows["health/\(envelope.epoch)/\(envelope.seq)/\(health.camera)"] = Row(
          begin: time, end: time, camera: health.camera, text: health.type.rawValue, note: health.reason,
          hasLength: false)
      }
    } catch {
      return  // From a newer daemon; --json shows it.
    }
  }

  /// The rows, ordered by start, under the days on which they start.
  ///
  /// - Parameter goesOn: whether rows without an end are still going on; otherwise their end is not among the messages.
  /// - Returns: lines, without the final line end.
  func text(goesOn: Bool) -> String {
    guard !rows.isEmpty else { return "nothing was recognised in this time" }
    let rows = rows.sorted { a, b in
      (a.value.begin, a.value.camera, a.value.text, a.key) < (b.value.begin, b.value.camera, b.value.text, b.key)
    }.map(\.value)
    let (camera, text) = (width(rows.map(\.camera)), width(rows.map(\.text)))
    var lines: [String] = []
    var day: Date?
    for row in rows {
      let begins = Calendar.current.startOfDay(for: row.begin)
      if begins != day { lines.append((lines.isEmpty ? "" : "\n") + self.day(begins)) }
      day = begins
      let end = row.hasLength ? row.end.map { "– \(clock($0))" } ?? (goesOn ? "goes on" : "– ?") : ""
      let length = row.hasLength ? row.end.map { self.length($0.timeIntervalSince(row.begin)) } ?? "" : ""
      let person = row.person.map { "person \($0)" } ?? ""
      let columns = [
        clock(row.begin), padded(end, 10), padded(length, 8, left: true), padded(row.camera, camera),
        padded(person, 10), padded(row.text, text), row.note,
      ]
      lines.append("  " + columns.joined(separator: "  ").trimmingCharacters(in: .whitespaces))
    }
    return lines.joined(separator: "\n")
  }

  /// Number and minutes of each activity per local day.
  func summary(from: Date, to: Date) -> String {
    let totals = DayTotal.totals(of: Array(activities.values), from: from, to: to)
    guard !totals.isEmpty else { return "nothing was recognised in this time" }
    let label = width(totals.map(\.label))
    var lines: [String] = []
    var day: Date?
    for total in totals {
      if total.day != day { lines.append((lines.isEmpty ? "" : "\n") + self.day(total.day)) }
      day = total.day
      let minutes = (total.seconds / 60).formatted(.number.precision(.fractionLength(1)))
      lines.append(
        "  \(padded(total.label, label))  \(padded("\(total.count)", 5, left: true)) times  \(padded(minutes, 7, left: true)) min"
      )
    }
    return lines.joined(separator: "\n")
  }

  private func width(_ texts: [String]) -> Int { texts.map(\.count).max() ?? 0 }

  private func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return left ? space + text : text + space
  }

  private func clock(_ date: Date) -> String {
    let parts = Calendar.current.dateComponents([.hour, .minute, .second], from: date)
    return [parts.hour, parts.minute, parts.second].map { twoDigits($0) }.joined(separator: ":")
  }

  private func day(_ date: Date) -> String {
    let parts = Calendar.current.dateComponents([.year, .month, .day], from: date)
    return "\(parts.year ?? 0)-\(twoDigits(parts.month))-\(twoDigits(parts.day))"
  }

  private func twoDigits(_ number: Int?) -> String {
    let number = number ?? 0
    return number < 10 ? "0\(number)" : "\(number)"
  }

  /// For example `4 s`, `12 min` or `1.5 h`.
  private func length(_ seconds: Double) -> String {
    switch seconds {
    case ..<120: "\(Int(seconds.rounded())) s"
    case ..<7200: "\(Int((seconds / 60).rounded())) min"
    default: "\((seconds / 3600).formatted(.number.precision(.fractionLength(1)))) h"
    }
  }
}
