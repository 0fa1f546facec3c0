import Basics
import Testing
import Video

/// The frame shown at each tick, determined with all frames known.
///
/// Frames are split into runs where time goes back or jumps by more than a second; in each run tick k is `first + k /
/// rate` and takes the nearest frame, the earlier of two. The last tick is the last one for which a frame has arrived.
private func nearestFrames(_ times: [Duration], _ rate: SampleRate) -> [(frame: Int, time: Duration)] {
  var runs: [[Int]] = []
  for (index, time) in times.enumerated() {
    if let last = runs.last?.last {
      if time == times[last] { continue }
      if time > times[last], time - times[last] <= .seconds(1) {
        runs[runs.count - 1].append(index)
        continue
      }
    }
    runs.append([index])
  }
  var chosen: [(frame: Int, time: Duration)] = []
  for run in runs {
    guard let first = run.first, let last = run.last else { continue }
    var tick = times[first]
    var index = 0
    while tick <= times[last] {
      var best = first
      for frame in run where abs(times[frame] - tick) < abs(times[best] - tick) { best = frame }
      chosen.append((best, tick))
      index += 1
      tick = times[first] + rate.offset(ofTick: index)
    }
  }
  return chosen
}

private func abs(_ time: Duration) -> Duration { time < .zero ? .zero - time : time }

/// The same, determined frame by frame.
private func sampledFrames(_ times: [Duration], _ sampler: TimeSampler, flush: Bool = false) -> [(
  frame: Int, time: Duration
)] {
  var sampler = sampler
  var chosen: [(frame: Int, time: Duration)] = []
  var newest = 0
  for (index, time) in times.enumerated() {
    let step = sampler.step(to: time)
    for _ in 0..<step.previous { chosen.append((newest, sampler.settleTick())) }
    sampler.accept(step, at: time)
    if step.kind != .ignored { newest = index }
    for _ in 0..<step.new { chosen.append((newest, sampler.settleTick())) }
  }
  if flush { for _ in 0..<sampler.remainder() { chosen.append((newest, sampler.settleTick())) } }
  return chosen
}

private func frames(_ rate: SampleRate, _ count: Int) -> [Duration] {
  (0..<count).map { .seconds(100) + rate.offset(ofTick: $0) }
}

struct TimeSamplerTests {
  @Test func `the time sampler's ticks do not drift`() {
    #expect(SampleRate(15).offset(ofTick: 1) == .nanoseconds(66_666_667))
    #expect(SampleRate(15).offset(ofTick: 2) == .nanoseconds(133_333_333))
    #expect(SampleRate(15).offset(ofTick: 15 * 86_400 * 365) == .seconds(86_400 * 365))
    #expect(SampleRate(30000, per: 1001).offset(ofTick: 30000) == .seconds(1001))
    #expect(SampleRate(hertz: 12.5) == SampleRate(12_500_000, per: 1_000_000))
    #expect(SampleRate(hertz: .nan) == nil)
    #expect(SampleRate(hertz: 0) == nil)
  }

  @Test func `a camera with twice the rate gives every second frame`() {
    let chosen = sampledFrames(frames(SampleRate(30), 129), TimeSampler())
    #expect(chosen.map(\.frame) == Array(stride(from: 0, to: 129, by: 2)))
  }

  @Test func `slower cameras repeat frames and faster ones skip, as computed by hand`() {
    // Ticks at 0, 66.7, 133.3, 200 … ms; frames at 0, 100, 200 … ms.
    #expect(sampledFrames(frames(SampleRate(10), 5), TimeSampler()).map(\.frame) == [0, 1, 1, 2, 3, 3, 4])
    // Frames at 0, 40, 80 … ms: the nearest to 66.7 is 80, to 133.3 is 120.
    #expect(sampledFrames(frames(SampleRate(25), 11), TimeSampler()).map(\.frame) == [0, 2, 3, 5, 7, 8, 10])
    #expect(sampledFrames(frames(SampleRate(60), 13), TimeSampler()).map(\.frame) == [0, 4, 8, 12])
  }

  @Test func `of two equally near frames the earlier one is used`() {
    // At 2 Hz the tick at 0.5 s lies exactly between the frames at 0.4 and 0.6 s.
    let times = [0, 400, 600, 1000].map { Duration.milliseconds($0) }
    #expect(sampledFrames(times, TimeSampler(rate: SampleRate(2))).map(\.frame) == [0, 1, 3])
  }

  @Test(arguments: 0..<150)
  func `the time sampler gives each tick the nearest frame`(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    let rates = [SampleRate(15), SampleRate(10), SampleRate(25), SampleRate(30000, per: 1001), SampleRate(7, per: 3)]
    let rate = rates[seed % rates.count]
    let interval = Int64([100, 40, 33, 17, 8, 300][seed % 6]) * 1_000_000
    var time: Int64 = Int64.random(in: 0...1_000_000_000_000, using: &random)
    var times: [Duration] = []
    for _ in 0..<120 {
      times.append(.nanoseconds(time))
      switch Int.random(in: 0..<100, using: &random) {
      case 0: time -= Int64.random(in: 1...5_000_000_000, using: &random)
      case 1: time += Int64.random(in: 900_000_000...1_100_000_000, using: &random)
      case 2: time += 0
      case 3: time += 1_000_000_000
      default: time += interval + Int64.random(in: -interval / 2...interval / 2, using: &random)
      }
    }
    let expected = nearestFrames(times, rate)
    let chosen = sampledFrames(times, TimeSampler(rate: rate))
    #expect(chosen.map(\.frame) == expected.map(\.frame), "seed \(seed)")
    #expect(chosen.map(\.time) == expected.map(\.time), "seed \(seed)")
  }

  @Test(arguments: 0..<40)
  func `settling a tick early gives the same samples when frames keep their distance`(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    var time = Duration.zero
    var times: [Duration] = []
    for _ in 0..<300 {
      times.append(time)
      time += .nanoseconds(Int64.random(in: 8_000_000...60_000_000, using: &random))
    }
    let waiting = sampledFrames(times, TimeSampler())
    let early = sampledFrames(times, TimeSampler(minimumFrameInterval: .milliseconds(8)))
    // One more tick may be settled at the end.
    #expect(early.count - waiting.count <= 1)
    #expect(early.prefix(waiting.count).map(\.frame) == waiting.map(\.frame), "seed \(seed)")
    // A frame 1 ms before its tick does not wait for the next one.
    var sampler = TimeSampler(minimumFrameInterval: .milliseconds(8))
    sampler.accept(sampler.step(to: .zero), at: .zero)
    #expect(sampler.settleTick() == .zero)
    #expect(sampler.step(to: .milliseconds(66)).new == 1)
  }

  @Test func `a gap above the limit and a jump back start a new run`() {
    var sampler = TimeSampler(maximumGap: .milliseconds(500))
    sampler.accept(sampler.step(to: .seconds(1)), at: .seconds(1))
    #expect(sampler.settleTick() == .seconds(1))
    #expect(sampler.step(to: .milliseconds(1500)).kind == .continues)
    #expect(sampler.step(to: .milliseconds(1501)).kind == .begins)
    #expect(sampler.step(to: .milliseconds(1501)).new == 1)
    #expect(sampler.step(to: .milliseconds(999)).kind == .begins)
    #expect(sampler.step(to: .milliseconds(999)).new == 1)
    #expect(sampler.step(to: .seconds(1)).kind == .ignored)
    #expect(sampler.step(to: .seconds(1)).new == 0)
  }

  @Test func `the last frame takes the tick just after it and no other`() {
    // 128 frames at 30 fps: 64 samples, the same as every second frame; the 65th tick is one frame away.
    #expect(sampledFrames(frames(SampleRate(30), 128), TimeSampler(), flush: true).count == 64)
    // A last frame 1 ms before its tick counts.
    let times = [0, 33, 65].map { Duration.milliseconds($0) }
    #expect(sampledFrames(times, TimeSampler()).map(\.frame) == [0])
    #expect(sampledFrames(times, TimeSampler(), flush: true).map(\.frame) == [0, 2])
    #expect(sampledFrames([.zero], TimeSampler(), flush: true).map(\.frame) == [0])
  }
}
