package import Foundation

/// When a rule applies during the week: a daily window of local time, on some weekdays.
///
/// A window whose end is not after its start ends on the next day, and belongs to the day on which it starts. If a
/// clock change makes a time occur twice, the first one counts; if it skips a time, the moment after the skip.
package struct Schedule: Equatable, Sendable {
  package enum Weekday: String, CaseIterable, Sendable {
    case mon, tue, wed, thu, fri, sat, sun
  }

  /// A period wholly inside or wholly outside the windows; `end` is exclusive.
  package struct Span: Equatable, Sendable {
    package var begin: Date
    package var end: Date
    package var isInside: Bool

    package func contains(_ date: Date) -> Bool { begin <= date && date < end }
  }

  /// Minutes after midnight; both equal for whole days.
  package let begin: Int
  package let end: Int
  package let weekdays: Set<Weekday>
  package let zone: TimeZone

  /// A window from `begin` to `end`, both in minutes after midnight, less than 1440.
  package init(begin: Int = 0, end: Int = 0, weekdays: Set<Weekday> = Set(Weekday.allCases), zone: TimeZone) {
    precondition((0..<1440).contains(begin) && (0..<1440).contains(end) && !weekdays.isEmpty)
    self.begin = begin
    self.end = end
    self.weekdays = weekdays
    self.zone = zone
  }

  package var isWholeDay: Bool { begin == end }

  /// The period that contains a date: a window, or the time between two.
  ///
  /// Consecutive whole days count as one.
  package func span(at date: Date) -> Span {
    let seconds = date.timeIntervalSince1970
    guard abs(seconds) < 1e11 else { return Span(begin: .distantPast, end: .distantFuture, isInside: false) }
    let today = Int(((seconds + offset(at: seconds)) / 86_400).rounded(.down))
    var before = Date.distantPast
    for window in windows(around: today) where window.begin < window.end {
      if window.contains(date) { return Span(begin: window.begin, end: window.end, isInside: true) }
      if window.begin > date { return Span(begin: before, end: window.begin, isInside: false) }
      before = window.end
    }
    return Span(begin: before, end: .distantFuture, isInside: false)
  }

  private func windows(around today: Int) -> [Span] {
    var windows: [Span] = []
    for day in today - 8...today + 8 where weekdays.contains(weekday(day)) {
      let begin = instant(day, begin)
      let end = instant(self.end <= self.begin ? day + 1 : day, self.end)
      if let last = windows.last, last.end == begin {
        windows[windows.count - 1].end = end
      } else {
        windows.append(Span(begin: begin, end: end, isInside: true))
      }
    }
    return windows
  }

  /// Day 0, 1 January 1970, was a Thursday.
  private func weekday(_ day: Int) -> Weekday { Weekday.allCases[((day + 3) % 7 + 7) % 7] }

  /// When the local clock shows this many minutes after midnight on a day.
  private func instant(_ day: Int, _ minute: Int) -> Date {
    let local = Double(day * 86_400 + minute * 60)
    let (before, after) = (offset(at: local - 86_400), offset(at: local + 86_400))
    for candidate in [before, after] where offset(at: local - candidate) == candidate {
      return Date(timeIntervalSince1970: local - candidate)
    }
    // Skipped: at some whole second the clock jumps from before this time to after it.
    var (low, high) = (local - 86_400, local + 86_400)
    while high - low > 1 {
      let middle = ((low + high) / 2).rounded(.down)
      if offset(at: middle) == before { low = middle } else { high = middle }
    }
    return Date(timeIntervalSince1970: high)
  }

  /// Seconds by which local time is ahead of UTC.
  private func offset(at seconds: Double) -> Double {
    Double(zone.secondsFromGMT(for: Date(timeIntervalSince1970: seconds)))
  }
}

/// Whether a schedule's window is open, and since when on the monotonic clock.
struct WindowTracker: Sendable {
  private let schedule: Schedule?
  private(set) var span: Schedule.Span?
  /// `nil` outside a window; long ago without a schedule.
  private(set) var since: Duration?
  private var last: Duration?

  init(_ schedule: Schedule?) {
    self.schedule = schedule
    since = schedule == nil ? .longAgo : nil
  }

  /// Advances to a moment; if the clock is set, windows open or close now, never in the past.
  mutating func update(_ now: Moment) {
    guard let schedule else { return }
    let span = span.flatMap { $0.contains(now.wall) ? $0 : nil } ?? schedule.span(at: now.wall)
    self.span = span
    if !span.isInside {
      since = nil
    } else if since == nil {
      since = max(now.monotonic(of: span.begin), last ?? .longAgo)
    }
    last = now.monotonic
  }
}
