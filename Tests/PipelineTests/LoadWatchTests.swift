import Testing

@testable import Pipeline

@Suite struct `Load watch` {
  @Test func `one skipped window in ten is not an overload`() {
    var watch = LoadWatch()
    let changes = (0..<200).count { watch.take(wasSkipped: $0 % 10 == 0) }
    #expect(changes == 0 && !watch.isOverloaded)
  }

  @Test func `an overload is reported once when it starts and once when it ends`() {
    var watch = LoadWatch()
    var changes: [Int] = []
    for hop in 0..<100 where watch.take(wasSkipped: hop < 40 && hop % 2 == 0) { changes.append(hop) }
    // The third skipped window, and twenty hops after the last one.
    #expect(changes == [4, 58])
    #expect(watch.share == 0)
  }
}
