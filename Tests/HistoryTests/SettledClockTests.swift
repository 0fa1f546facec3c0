import Events
import Foundation
import Testing

@testable import History

@Suite struct `The retention clock` {
  private static let day = 86_400.0
  private static let start = Date(timeIntervalSince1970: 1_790_838_000)

  /// Reads the clock once per minute, `times` times, with a wall clock `ahead` of the initial one.
  private func look(_ clock: inout SettledClock, from minute: Int = 0, times: Int, ahead: Double = 0) -> Double {
    var time = Self.start
    for minute in minute..<minute + times {
      let seconds = 60 * Double(minute)
      time = clock.time((.seconds(seconds), Self.start.addingTimeInterval(seconds + ahead)))
    }
    return time.timeIntervalSince(Self.start) - 60 * Double(minute + times - 1)
  }

  @Test(arguments: [86_400.0, 3_650 * 86_400.0])
  func `the retention clock does not follow a jump ahead before a day has passed`(ahead: Double) {
    var clock = SettledClock((.zero, Self.start), newest: nil)
    #expect(look(&clock, times: 10) == 0)
    #expect(look(&clock, from: 10, times: 1440, ahead: ahead) == 0)
    #expect(look(&clock, from: 1450, times: 2, ahead: ahead) == ahead)
    #expect(look(&clock, from: 1452, times: 2, ahead: ahead + 5) == ahead + 5)
  }

  @Test func `the retention clock forgets a jump that is undone`() {
    var clock = SettledClock((.zero, Self.start), newest: nil)
    #expect(look(&clock, times: 1000, ahead: Self.day) == 0)
    #expect(look(&clock, from: 1000, times: 1) == 0)
    #expect(look(&clock, from: 1001, times: 1000, ahead: Self.day) == 0)
  }

  @Test func `the retention clock follows a step back at once, and a correction of some seconds`() {
    var clock = SettledClock((.zero, Self.start), newest: nil)
    #expect(look(&clock, times: 10, ahead: 59) == 59)
    #expect(look(&clock, from: 10, times: 1, ahead: -Self.day) == -Self.day)
  }

  @Test func `the retention clock continues from the last message of an earlier run, unless that is in the future`() {
    var clock = SettledClock((.zero, Self.start), newest: Self.start.addingTimeInterval(-3 * Self.day))
    #expect(look(&clock, times: 1440) == -3 * Self.day)
    #expect(look(&clock, from: 1440, times: 1) == 0)
    clock = SettledClock((.zero, Self.start), newest: Self.start.addingTimeInterval(3 * Self.day))
    #expect(look(&clock, times: 1) == 0)
  }

  @Test func `the retention clock keeps what a clock that jumped ahead would have deleted`() throws {
    let stored = try Stored()
    let sample = Sample()
    let earlier = try stored.store()
    for seq in 1...3 { earlier.keep(try sample.health(seq)) }
    earlier.close()
    // A start with a clock two years ahead immediately looks for what is too old.
    let store = try stored.store { options in
      let (monotonic, wall) = Stored.clock.now()
      options.clock = .init(bootID: "boot") { (monotonic, wall.addingTimeInterval(2 * 365 * Self.day)) }
    }
    store.keep(try sample.health(4))
    store.close()
    #expect(try stored.messages().count == 4)
  }
}
