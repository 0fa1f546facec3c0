import Basics
import TestSupport
import Testing

@Suite struct `Counted progress` {
  private func lines(_ style: ProgressLine.Style, _ body: (inout CountedProgress) -> Void) -> [String] {
    let shown = Lines()
    let line = ProgressLine(style: style, interval: .seconds(10)) { shown.take($0) }
    var progress = CountedProgress("clips", line: line, began: .now - .seconds(30))
    body(&progress)
    return shown.all
  }

  @Test func `progress says how many items are done and how long the rest takes`() {
    let shown = lines(.log) { $0.reached(10, of: 40, note: "3 frames/s") }
    #expect(shown == ["10 of 40 clips  3 frames/s  1:30 left\n"])
  }

  @Test func `progress is shown at most once per interval, and always at the end`() {
    let shown = lines(.log) {
      $0.reached(1, of: 3)
      $0.reached(2, of: 3)
      $0.reached(3, of: 3)
    }
    #expect(shown.count == 2 && shown.last == "3 of 3 clips  0:00 left\n")
  }

  @Test func `progress over nothing is not an error`() {
    #expect(lines(.log) { $0.reached(0, of: 0) } == ["0 of 0 clips  0:00 left\n"])
  }
}

@Suite struct `Memory of the process` {
  @Test func `the process's peak memory is a plausible number of bytes`() {
    #expect((1 << 20)...(1 << 40) ~= ProcessMemory.peakBytes)
  }
}

@Suite struct `Random numbers` {
  @Test func `random numbers are those of the published generator`() {
    var random = SplitMix64(seed: 1_234_567)
    #expect(
      (0..<3).map { _ in random.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      ])
  }

  @Test func `random numbers of a name or a place form an independent stream`() {
    var (a, b) = (SplitMix64(seed: 1, name: "a"), SplitMix64(seed: 1, name: "b"))
    #expect(a.next() != b.next())
    #expect(SplitMix64.hash("") == 0xcbf2_9ce4_8422_2325 && SplitMix64.hash("a") == 0xaf63_dc4c_8601_ec8c)
    var (first, again) = (PlaceRandom(seed: 3, 7), PlaceRandom(seed: 3, 7))
    #expect(first.next() == again.next())
  }
}
