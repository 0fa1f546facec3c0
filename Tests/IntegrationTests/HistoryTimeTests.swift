import Foundation
import Testing

@testable import adl

@Suite struct `Times of adl history` {
  /// 2026-10-25T12:00 in Berlin, the day with 25 hours.
  private func time() throws -> HistoryTime {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "Europe/Berlin"))
    return HistoryTime(now: Date(timeIntervalSince1970: 1_792_926_000), calendar: calendar)
  }

  @Test(arguments: [
    ("90s", -90.0), ("90m", -5400), ("2h", -7200), ("3d", -259_200), ("1w", -604_800),
    ("today", -46_800), ("yesterday", -133_200), ("2026-10-24", -133_200), ("07:30", -16_200), ("7:30:15", -16_185),
    ("2026-10-24 07:30", -106_200), ("2026-10-24T07:30", -106_200), ("2026-10-25T10:00:00Z", -3600),
  ])
  func `times for adl history are read as people write them`(text: String, offset: Double) throws {
    let time = try time()
    #expect(try #require(time.date(text)).timeIntervalSince(time.now) == offset)
  }

  @Test(arguments: ["", "soon", "2026-02-31", "25:00", "7:61", "2h3m", "-2h", "2026-10-24 soon", "99999999h"])
  func `invalid times for adl history are refused`(text: String) throws { #expect(try time().date(text) == nil) }

  @Test func `adl history knows local days of 25 hours`() throws {
    let day = try #require(try time().day("today"))
    #expect(day.until == day.since.addingTimeInterval(25 * 3600))
  }
}
