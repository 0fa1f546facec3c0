import Basics
import Testing

@testable import Capture

/// A camera seen through a network: frames really taken at `taken`, with their timestamps and arrivals.
private struct Stream {
  var taken: [Duration] = []
  var stamps: [Duration?] = []
  var arrivals: [Duration] = []

  mutating func add(_ time: Duration, stamp: Duration?, delay: Duration) {
    taken.append(time)
    stamps.append(stamp)
    arrivals.append(max(time + delay, arrivals.last ?? .zero))
  }

  func times(isOurClock: Bool = false) -> (times: [Duration], state: LiveTimes) {
    var state = LiveTimes(isOurClock: isOurClock)
    return (zip(stamps, arrivals).map { state.time(ofStamp: $0, arrival: $1) }, state)
  }
}

private let start = Duration.seconds(5000)

private func regular(_ rate: Double, _ count: Int, stamp: (Int, Duration) -> Duration?) -> Stream {
  var stream = Stream()
  for index in 0..<count {
    let time = Duration.seconds(Double(index) / rate)
    stream.add(start + time, stamp: stamp(index, time), delay: .milliseconds(40))
  }
  return stream
}

@Suite struct `Times of live frames` {
  @Test(arguments: 0..<300)
  func `times of live frames are never in the future and never go back, whatever the timestamps say`(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var times = LiveTimes(isOurClock: seed % 2 == 0)
    var arrival = Duration.seconds(Int64.random(in: 0...1_000_000, using: &random))
    var stamp = seed % 2 == 0 ? arrival : .seconds(Int64.random(in: -1_000_000...1_000_000, using: &random))
    var last: Duration?
    let interval = [4, 16, 33, 66, 200, 1000, 5000][seed % 7]
    for index in 0..<600 {
      let step = Duration.milliseconds(interval)
      arrival += step * Double.random(in: 0...2, using: &random)
      switch Int.random(in: 0..<40, using: &random) {
      case 0: stamp -= .seconds(Double.random(in: 0...30, using: &random))
      case 1: stamp += .seconds(Double.random(in: 0...30, using: &random))
      case 2: break
      case 3: arrival += .seconds(Double.random(in: 0...8, using: &random))
      default: stamp += step
      }
      let shown: Duration? = Int.random(in: 0..<30, using: &random) == 0 ? nil : stamp
      let time = times.time(ofStamp: shown, arrival: arrival)
      #expect(time <= arrival, "seed \(seed), frame \(index)")
      #expect(arrival - time <= LiveTimes.longestLag, "seed \(seed), frame \(index)")
      if let last { #expect(time >= last, "seed \(seed), frame \(index)") }
      last = time
    }
  }

  @Test(arguments: [0.2, 1, 5, 15, 25, 29.97, 60, 240])
  func `times of live frames follow correct timestamps, without the network's jitter`(rate: Double) {
    var random = SplitMix64(seed: 3)
    var stream = Stream()
    for index in 0..<400 {
      let time = Duration.seconds(Double(index) / rate)
      stream.add(
        start + time, stamp: .seconds(77) + time, delay: .milliseconds(Double.random(in: 20...120, using: &random)))
    }
    let (times, state) = stream.times()
    let settled = Array(zip(times, stream.taken)).suffix(200)
    let errors = settled.map { ($0 - $1) / .milliseconds(1) }
    // The minimum delay cannot be known; all frames are off by the same amount.
    let spread = (errors.max() ?? 0) - (errors.min() ?? 0)
    #expect(spread <= (rate < 5 ? 100 : 25), "\(spread) ms")
    #expect(errors.allSatisfy { $0 > 0 && $0 <= 120 })
    #expect(!state.goesByArrival)
  }

  @Test(arguments: [(10.0, 25.0), (30, 25), (5, 25), (12, 25), (60, 25)])
  func `live frames are timed by arrival if timestamps advance at another speed`(rate: Double, claimed: Double) {
    let (times, state) = regular(rate, Int(40 * rate)) { index, _ in .seconds(Double(index) / claimed) }.times()
    #expect(state.goesByArrival)
    let stream = regular(rate, Int(40 * rate)) { _, time in time }
    for (time, taken) in zip(times, stream.taken).suffix(Int(20 * rate)) {
      #expect(time - taken == .milliseconds(40))
    }
    let longest = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .zero
    #expect(longest <= .seconds(1), "no gap ends a window before the clock's speed is known")
  }

  @Test func `times of live frames follow a camera's drifting clock`() {
    for drift in [0.9998, 1.0002] {
      let stream = regular(15, 15 * 3600) { _, time in time * drift }
      let (times, state) = stream.times()
      #expect(!state.goesByArrival && state.corrected == 0)
      #expect(zip(times, stream.arrivals).allSatisfy { $1 - $0 <= .milliseconds(2) })
    }
  }

  @Test func `a live timestamp slightly before the last one is skipped and counted`() {
    let stream = regular(30, 600) { index, time in
      start + (index % 60 == 59 ? time - .milliseconds(38) : time)
    }
    let (times, state) = stream.times(isOurClock: true)
    #expect(state.corrected == 10)
    for index in times.indices {
      let expected = index % 60 == 59 ? times[index - 1] : stream.taken[index]
      #expect(times[index] == expected)
    }
  }

  @Test(arguments: [Duration.seconds(7), .seconds(-7), .seconds(-3600), .milliseconds(300)])
  func `a single wild live timestamp has no effect`(error: Duration) {
    let stream = regular(30, 300) { index, time in start + (index == 100 ? time + error : time) }
    let (times, state) = stream.times(isOurClock: true)
    #expect((1...2).contains(state.corrected))
    let worst = zip(times, stream.taken).map { $0 > $1 ? $0 - $1 : $1 - $0 }.max() ?? .zero
    #expect(worst <= .milliseconds(80))
  }

  @Test(arguments: [Duration.seconds(3600), .seconds(-3600), .milliseconds(-500)])
  func `times of live frames follow a camera's clock when it is set`(step: Duration) {
    let stream = regular(30, 600) { index, time in .seconds(9000) + (index >= 200 ? time + step : time) }
    let (times, state) = stream.times()
    #expect(state.corrected >= 1)
    let longest = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .zero
    #expect(longest < .seconds(1), "\(longest)")
    for (time, arrival) in zip(times, stream.arrivals).suffix(200) { #expect(arrival - time <= .milliseconds(1)) }
  }

  @Test func `times of live frames advance even if many frames have the same timestamp`() {
    let stream = regular(30, 600) { index, time in start + (200..<400 ~= index ? .seconds(200.0 / 30) : time) }
    let (times, state) = stream.times(isOurClock: true)
    #expect((190...210).contains(state.corrected))
    let longest = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .zero
    #expect(longest <= .milliseconds(120))
  }

  @Test func `live frames are not late by the time spent opening the stream`() {
    var stream = Stream()
    for index in 0..<300 {
      let time = Duration.seconds(Double(index) / 25)
      // The first three seconds arrive at once.
      stream.add(start + time, stamp: time, delay: time < .seconds(3) ? .seconds(3) - time : .milliseconds(30))
    }
    let (times, _) = stream.times()
    for (time, taken) in zip(times, stream.taken).dropFirst(80) {
      #expect(time - taken >= .zero && time - taken <= .milliseconds(31))
    }
  }

  @Test func `live frames without timestamps are timed by arrival, and not counted as corrected`() {
    let stream = regular(10, 100) { _, _ in nil }
    let (times, state) = stream.times()
    #expect(times == stream.arrivals && state.corrected == 0)
  }
}

@Suite struct `Times of a file's frames` {
  @Test func `a file's times clamp a small step back and continue across a break`() {
    var timeline = MediaTimeline(rate: 10)
    let stamps: [Double] = [0, 0.1, 0.2, 0.195, 0.3, 0.4, 7200, 7200.1, 3, 3.1]
    let times = stamps.map { timeline.mediaTime(of: .seconds($0)) / .seconds(1) }
    let expected = [0, 0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    for (time, wanted) in zip(times, expected) { #expect(abs(time - wanted) < 1e-9, "\(times)") }
  }

  @Test(arguments: [
    ([0, 0.1, -5, 0.3, 0.4], [0, 0.1, 0.2, 0.3, 0.4]),
    ([0, 0.1, 9000, 0.3, 0.4], [0, 0.1, 0.2, 0.3, 0.4]),
    ([0, 0, 0, 0], [0, 0.1, 0.2, 0.3]),
    ([0, 0.1, 0.1, 0.3], [0, 0.1, 0.2, 0.3]),
    // A pause is waited for.
    ([0, 0.1, 5.1, 5.2], [0, 0.1, 5.1, 5.2]),
  ])
  func `a single wrong timestamp in a file is skipped, and repeated timestamps still advance`(
    stamps: [Double], expected: [Double]
  ) {
    var timeline = MediaTimeline(rate: 10)
    let times = stamps.map { timeline.mediaTime(of: .seconds($0)) / .seconds(1) }
    for (time, wanted) in zip(times, expected) { #expect(abs(time - wanted) < 1e-9, "\(times)") }
  }

  @Test(arguments: 0..<100)
  func `a file's times never go back`(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var timeline = MediaTimeline(rate: 25)
    var stamp = Duration.zero
    var last = Duration.zero
    for _ in 0..<300 {
      stamp += .seconds(Double.random(in: -1...1.2, using: &random) * [0.01, 1, 100, 10_000][seed % 4])
      let time = timeline.mediaTime(of: Int.random(in: 0..<9, using: &random) == 0 ? nil : stamp)
      #expect(time >= last && time - last <= MediaTimeline.longestStep)
      last = time
    }
  }
}
