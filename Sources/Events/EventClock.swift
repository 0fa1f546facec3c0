package import Foundation
import Glibc

/// Converts monotonic time to wall time, and identifies the boot.
package struct EventClock: Sendable {
  /// CLOCK_MONOTONIC, and UTC at the same moment.
  package var now: @Sendable () -> (monotonic: Duration, wall: Date)
  /// Changes with each boot; monotonic times are only comparable within one.
  package let bootID: String

  package init(bootID: String, now: @escaping @Sendable () -> (monotonic: Duration, wall: Date)) {
    self.bootID = bootID
    self.now = now
  }

  /// The machine's own clocks.
  package static let system = EventClock(bootID: readBootID()) {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return (.seconds(time.tv_sec) + .nanoseconds(time.tv_nsec), Date())
  }

  /// A camera's time on both clocks, converted again each time, so that a step of the wall clock does not affect
  /// durations.
  package func instant(_ monotonic: Duration) -> Instant {
    let (now, wall) = now()
    return Instant(
      time: Self.text(wall.addingTimeInterval((monotonic - now) / .seconds(1))), monotonic: Self.nanoseconds(monotonic))
  }

  /// Parses RFC 3339: with or without a fraction, in UTC or with an offset, `T` and `Z` in either case.
  ///
  /// - Parameter text: for example `2026-10-01T09:31:04.12+02:00`.
  /// - Returns: `nil` if it is not such a time, or has no time zone.
  package static func date(_ text: String) -> Date? {
    let text = text.uppercased()
    // The parser ignores text after the time.
    let form =
      /\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]\d{2}:\d{2})/
    guard text.wholeMatch(of: form) != nil else { return nil }
    do {
      return try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
    } catch {
      return nil
    }
  }

  /// Milliseconds since 1970, for any time that `date` accepts; fast for those written by `text`.
  package static func milliseconds(_ text: String) -> Int64? {
    let form = Array("0000-00-00T00:00:00.000Z".utf8)
    let digits = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int64 { digits[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) } }
    guard digits.count == form.count,
      zip(digits, form).allSatisfy({ $1 == UInt8(ascii: "0") ? (48...57).contains($0) : $0 == $1 })
    else { return date(text).map { Int64(($0.timeIntervalSince1970 * 1000).rounded()) } }
    let (month, day) = (number(5..<7), number(8..<10))
    let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
    guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
    // In years that start in March the leap day comes last.
    let year = number(0..<4) - (month <= 2 ? 1 : 0)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let days = year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + number(20..<23)
  }

  /// RFC 3339 in UTC with milliseconds.
  package static func text(_ date: Date) -> String {
    date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted))
  }

  /// A duration in whole nanoseconds, rounded towards zero.
  package static func nanoseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  private static func readBootID() -> String {
    let path = "/proc/sys/kernel/random/boot_id"
    let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// Identifiers that sort by time.
package enum Identifier {
  /// A ULID: 48 bits of milliseconds and 80 random bits, in Crockford's base 32.
  package static func ulid(at date: Date, using random: inout some RandomNumberGenerator) -> String {
    let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    let milliseconds = UInt64(max(0, date.timeIntervalSince1970 * 1000))
    let time = (0..<10).reversed().map { digits[Int(milliseconds >> (5 * UInt64($0)) & 31)] }
    return String(time + (0..<16).map { _ in digits[Int.random(in: 0..<32, using: &random)] })
  }
}
