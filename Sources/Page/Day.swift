package import Foundation

/// A day of the calendar, with 23 hours or 25 where the clocks change.
package struct Day: Equatable, Sendable {
  package let begin: Date
  /// The next day's beginning.
  package let end: Date
  /// `YYYY-MM-DD`.
  package let text: String
  private let calendar: Calendar

  /// The day in which a moment lies.
  package init(containing date: Date, _ calendar: Calendar) {
    self.calendar = calendar
    begin = calendar.startOfDay(for: date)
    end = calendar.date(byAdding: .day, value: 1, to: begin).map { calendar.startOfDay(for: $0) } ?? begin
    let parts = calendar.dateComponents([.year, .month, .day], from: begin)
    func digits(_ number: Int?, _ count: Int) -> String {
      let text = "\(number ?? 0)"
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    text = "\(digits(parts.year, 4))-\(digits(parts.month, 2))-\(digits(parts.day, 2))"
  }

  /// - Parameters:
  ///   - text: `YYYY-MM-DD`; anything else, and days that no calendar has, give `nil`.
  ///   - calendar: a Gregorian one, in the time zone that is meant.
  package init?(_ text: String, _ calendar: Calendar) {
    guard text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil else { return nil }
    let parts = text.split(separator: "-").compactMap { Int($0) }
    // At noon no clock changes.
    let noon = DateComponents(year: parts[0], month: parts[1], day: parts[2], hour: 12)
    guard let date = calendar.date(from: noon) else { return nil }
    self.init(containing: date, calendar)
    // The thirtieth of February is the second of March to a calendar.
    guard self.text == text else { return nil }
  }

  var previous: Day { Day(containing: begin.addingTimeInterval(-1), calendar) }
  var next: Day { Day(containing: end, calendar) }
  var timeZone: TimeZone { calendar.timeZone }
}
