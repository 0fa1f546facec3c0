import Foundation
import Testing

@testable import Rules

@Suite struct `A schedule` {
  private func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

  private func span(_ schedule: Schedule, _ text: String) throws -> String {
    let span = schedule.span(at: try date(text))
    return "\(span.isInside ? "in" : "out") \(span.begin.formatted(.iso8601)) \(span.end.formatted(.iso8601))"
  }

  @Test(arguments: [
    // Ordinary days: local time is two hours ahead.
    ("07:00-13:00", "2026-07-01T05:00:00Z", "in 2026-07-01T05:00:00Z 2026-07-01T11:00:00Z"),
    ("07:00-13:00", "2026-07-01T11:00:00Z", "out 2026-07-01T11:00:00Z 2026-07-02T05:00:00Z"),
    ("07:00-13:00", "2026-07-01T04:59:59Z", "out 2026-06-30T11:00:00Z 2026-07-01T05:00:00Z"),
    // Over midnight, before and after it.
    ("22:00-06:00", "2026-07-01T21:00:00Z", "in 2026-07-01T20:00:00Z 2026-07-02T04:00:00Z"),
    ("22:00-06:00", "2026-07-02T03:59:59Z", "in 2026-07-01T20:00:00Z 2026-07-02T04:00:00Z"),
    ("22:00-06:00", "2026-07-02T04:00:00Z", "out 2026-07-02T04:00:00Z 2026-07-02T20:00:00Z"),
    // The night in which clocks go from 02:00 to 03:00 has seven hours, that in which they go back nine.
    ("22:00-06:00", "2026-03-29T00:30:00Z", "in 2026-03-28T21:00:00Z 2026-03-29T04:00:00Z"),
    ("22:00-06:00", "2026-10-25T00:30:00Z", "in 2026-10-24T20:00:00Z 2026-10-25T05:00:00Z"),
    // 02:30 does not exist: the window starts after the skip; nor does any of 02:00 to 03:00.
    ("02:30-04:00", "2026-03-29T01:00:00Z", "in 2026-03-29T01:00:00Z 2026-03-29T02:00:00Z"),
    ("02:00-03:00", "2026-03-29T01:00:00Z", "out 2026-03-28T02:00:00Z 2026-03-30T00:00:00Z"),
    // 02:30 occurs twice: the first one counts, as start and as end.
    ("02:30-04:00", "2026-10-25T00:30:00Z", "in 2026-10-25T00:30:00Z 2026-10-25T03:00:00Z"),
    ("01:00-02:30", "2026-10-25T00:30:00Z", "out 2026-10-25T00:30:00Z 2026-10-26T00:00:00Z"),
  ])
  func `a schedule knows its windows in Berlin, on ordinary days and when clocks change`(
    window: String, at: String, expected: String
  ) throws {
    #expect(try span(Schedule(window, zone: .berlin), at) == expected)
  }

  @Test func `a schedule assigns a night to the day on which it starts`() throws {
    let friday = Schedule("22:00-06:00", [.fri])
    #expect(try span(friday, "2026-10-03T05:00:00Z") == "in 2026-10-02T22:00:00Z 2026-10-03T06:00:00Z")
    #expect(try span(friday, "2026-10-02T05:00:00Z") == "out 2026-09-26T06:00:00Z 2026-10-02T22:00:00Z")
  }

  @Test func `a schedule joins consecutive whole days`() throws {
    let workdays = Schedule(weekdays: [.mon, .tue, .wed, .thu, .fri], zone: .berlin)
    #expect(try span(workdays, "2026-10-22T10:00:00Z") == "in 2026-10-18T22:00:00Z 2026-10-23T22:00:00Z")
    #expect(try span(workdays, "2026-10-25T10:00:00Z") == "out 2026-10-23T22:00:00Z 2026-10-25T23:00:00Z")
  }

  @Test(arguments: ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"])
  func `a schedule and its complement divide time between them, minute by minute`(zone: String) throws {
    let zone = try #require(TimeZone(identifier: zone))
    let (window, rest) = (Schedule("21:45-06:30", zone: zone), Schedule("06:30-21:45", zone: zone))
    let begin = try date("2026-03-20T00:00:00Z")
    for minute in stride(from: 0, to: 230 * 1440, by: 17) {
      let at = begin.addingTimeInterval(Double(minute) * 60)
      let (one, other) = (window.span(at: at), rest.span(at: at))
      #expect(one.isInside != other.isInside && one.begin == other.begin && one.end == other.end, "\(at)")
      #expect(one.contains(at))
    }
  }

  @Test func `a schedule is outside at times that no clock shows`() {
    #expect(!Schedule(weekdays: [.mon, .tue], zone: .gmt).span(at: Date(timeIntervalSince1970: 1e15)).isInside)
  }
}
