import Events
import Foundation

/// Parses times as people write them.
struct HistoryTime {
  var now = Date()
  var calendar = Calendar.current

  /// A point in time.
  ///
  /// - Parameter text: an age (`90m`, `2h`), a day, a local time of today or of a day, or RFC 3339. A day means its
  ///   start.
  /// - Returns: `nil` if it is not a time.
  func date(_ text: String) -> Date? {
    if let age = age(text) { return now.addingTimeInterval(-age) }
    if let day = day(text) { return day.since }
    let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" })
    if parts.count == 2, let day = day(String(parts[0])), let clock = clock(parts[1]) {
      return at(clock, on: day.since)
    }
    if parts.count == 1, let clock = clock(parts[0]) { return at(clock, on: calendar.startOfDay(for: now)) }
    return EventClock.date(text)
  }

  /// A local day from start to end; `nil` if it is not a day.
  func day(_ text: String) -> (since: Date, until: Date?)? {
    let today = calendar.startOfDay(for: now)
    var begin: Date?
    switch text {
    case "today": begin = today
    case "yesterday": begin = calendar.date(byAdding: .day, value: -1, to: today)
    default:
      guard let match = text.wholeMatch(of: /(\d{4})-(\d{2})-(\d{2})/), let year = Int(match.1),
        let month = Int(match.2), let day = Int(match.3)
      else { return nil }
      let components = DateComponents(year: year, month: month, day: day)
      begin = calendar.date(from: components)
      // The calendar accepts 31 February as a day in March.
      guard let begin, calendar.dateComponents([.year, .month, .day], from: begin) == components else { return nil }
    }
    guard let begin, let end = calendar.date(byAdding: .day, value: 1, to: begin) else { return nil }
    return (begin, end)
  }

  /// In seconds.
  private func age(_ text: String) -> Double? {
    guard let match = text.wholeMatch(of: /(\d{1,6})([smhdw])/), let count = Double(match.1) else { return nil }
    return switch match.2 {
    case "s": count
    case "m": count * 60
    case "h": count * 3600
    case "d": count * 86_400
    default: count * 604_800
    }
  }

  private func clock(_ text: Substring) -> (hour: Int, minute: Int, second: Int)? {
    guard let match = text.wholeMatch(of: /(\d{1,2}):(\d{2})(?::(\d{2}))?/), let hour = Int(match.1),
      let minute = Int(match.2), hour < 24, minute < 60
    else { return nil }
    let second = match.3.flatMap { Int($0) } ?? 0
    return second < 60 ? (hour, minute, second) : nil
  }

  private func at(_ clock: (hour: Int, minute: Int, second: Int), on day: Date) -> Date? {
    calendar.date(bySettingHour: clock.hour, minute: clock.minute, second: clock.second, of: day)
  }
}
