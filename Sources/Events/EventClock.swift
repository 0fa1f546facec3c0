package import Foundation
import Glibc

/// Converts the machine's monotonic time to wall time, and names things in time.
package struct EventClock: Sendable {
  /// CLOCK_MONOTONIC, and UTC at the same moment.
  package var now: @Sendable () -> (monotonic: Duration, wall: Date)
  /// Changes with each boot; monotonic times compare only within one.
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

  /// A camera's time on both clocks, by a fresh pair, so that a step of the wall clock does not tear durations.
  package func instant(_ monotonic: Duration) -> Instant {
    let (now, wall) = now()
    return Instant(
      time: Self.text(wall.addingTimeInterval((monotonic - now) / .seconds(1))), monotonic: Self.nanoseconds(monotonic))
  }

  /// Reads RFC 3339: with or without a fraction, in UTC or with another offset, `T` and `Z` in either case.
  ///
  /// - Parameter text: such as `2026-10-01T09:31:04.12+02:00`.
  /// - Returns: `nil` where it is no such time, or names no time zone.
  package static func date(_ text: String) -> Date? {
    let text = text.uppercased()
    // The parser passes over what follows a time.
    let form =
      /\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]\d{2}:\d{2})/
    guard text.wholeMatch(of: form) != nil else { return nil }
    do {
      return try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
    } catch {
      return nil
    }
  }

  /// RFC 3339 in UTC with milliseconds.
  static func text(_ date: Date) -> String {
    date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted))
  }

  static func nanoseconds(_ duration: Duration) -> Int64 {
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
  /// A ULID: 48 bits of milliseconds, 80 random bits, in Crockford's base 32.
  package static func ulid(at date: Date, using random: inout some RandomNumberGenerator) -> String {
    let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    let milliseconds = UInt64(max(0, date.timeIntervalSince1970 * 1000))
    let time = (0..<10).reversed().map { digits[Int(milliseconds >> (5 * UInt64($0)) & 31)] }
    return String(time + (0..<16).map { _ in digits[Int.random(in: 0..<32, using: &random)] })
  }
}
