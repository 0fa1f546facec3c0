package import Foundation

/// A calendar day, which has 23 or 25 hours when clocks change.
package struct Day: Equatable, Sendable {
  package let begin: Date
  /// The start of the next day.
  package let end: Date
  /// `YYYY-MM-DD`.
  package let text: String
  private let calendar: Calendar

  /// The day that contains a moment.
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
  ///   - text: `YYYY-MM-DD`; anything else, or a day that does not exist, gives `nil`.
  ///   - calendar: a Gregorian calendar with the intended time zone.
  package init?(_ text: String, _ calendar: Calendar) {
    guard text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil else { return nil }
    let parts = text.split(separator: "-").compactMap { Int($0) }
    // Clocks never change at noon.
    let noon = DateComponents(year: parts[0], month: parts[1], day: parts[2], hour: 12)
    guard let date = calendar.date(from: noon) else { return nil }
    self.init(containing: date, calendar)
    // A calendar turns 30 February into 2 March.
    guard self.text == text else { return nil }
  }

  var previous: Day { Day(containing: begin.addingTimeInterval(-1), calendar) }
  var next: Day { Day(containing: end, calendar) }
  var timeZone: TimeZone { calendar.timeZone }
}
