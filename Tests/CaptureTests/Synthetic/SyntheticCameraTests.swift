import Testing
import Video

@testable import Capture

@Suite struct `Synthetic cameras` {
  private func frames(_ source: String) throws -> (frames: [Frame], counters: CaptureCounters) {
    guard case .synthetic(let options) = try SourceDescription(parsing: source) else { return ([], CaptureCounters()) }
    var camera = try SyntheticCamera(options)
    var frames: [Frame] = []
    var frame = Frame()
    while try camera.next(into: &frame, timeout: .zero) == .frame { frames.append(frame) }
    return (frames, camera.counters)
  }

  @Test func `the same seed gives the same pictures and another seed others`() throws {
    let options = "size=64x48&length=3&rate=2&pace=fastest&script=walk:1,wave:1"
    let first = try frames("synthetic:4?\(options)").frames.map(content)
    #expect(first.count == 6)
    #expect(try frames("synthetic:4?\(options)").frames.map(content) == first)
    #expect(try frames("synthetic:5?\(options)").frames.map(content) != first)
  }

  @Test func `a scene does not depend on the rate it is seen at`() throws {
    let options = "size=64x48&length=2&pace=fastest&script=walk:1,bend:1"
    let slow = try frames("synthetic:4?rate=5&\(options)").frames
    let fast = try frames("synthetic:4?rate=60&\(options)").frames
    #expect(slow.count == 10 && fast.count == 120)
    for (index, frame) in slow.enumerated() {
      #expect(content(frame) == content(fast[index * 12]))
      #expect(abs((frame.timestamp - fast[index * 12].timestamp).inSeconds) < 1e-6)
    }
  }

  @Test func `activities look different and move or stay still as they should`() throws {
    var pictures: [SyntheticActivity: [[UInt8]]] = [:]
    for activity in SyntheticActivity.allCases {
      pictures[activity] = try frames("synthetic:9?size=96x72&length=1&rate=10&pace=fastest&script=\(activity):5")
        .frames
        .map(content)
    }
    for activity in SyntheticActivity.allCases {
      let own = try #require(pictures[activity])
      let isStill = [.empty, .sit, .lie].contains(activity)
      #expect((Set(own).count == 1) == isStill)
      for other in SyntheticActivity.allCases where other != activity {
        #expect(pictures[other]?.contains(own[0]) == false)
      }
    }
  }

  @Test func `the script's truth covers all time without gaps`() {
    let scene = SyntheticScene(seed: 1, script: [.init(.walk, .seconds(2)), .init(.sit, .milliseconds(500))])
    let truths = scene.truths(until: .seconds(6))
    #expect(truths.map(\.activity) == [.walk, .sit, .walk, .sit, .walk])
    #expect(truths.map(\.begin) == [0, 2000, 2500, 4500, 5000].map { .milliseconds($0) })
    #expect(truths.map(\.end) == [2000, 2500, 4500, 5000, 7000].map { .milliseconds($0) })
    #expect(scene.truth(at: .milliseconds(2499)).activity == .sit)
    #expect(scene.truth(at: .milliseconds(2500)).activity == .walk)
  }

  @Test(arguments: SyntheticCamera.formats) func `every format has its planes`(format: PixelFormat) throws {
    let frame = try #require(
      try frames("synthetic:2?size=64x48&format=\(format.rawValue)&length=0.01&pace=fastest").frames.first)
    #expect(frame.format == format)
    #expect(frame.planes.count == format.planeShapes(frame.size).count)
    if format != .mjpeg {
      #expect(frame.byteCount == format.planeShapes(frame.size).reduce(0) { $0 + $1.rowBytes * $1.rows })
    }
  }

  @Test func `lost frames leave gaps, faulty ones are left out, and both are counted`() throws {
    let (frames, counters) = try frames(
      "synthetic:1?size=16x16&rate=10&length=2&pace=fastest&lost=5&corrupt=7&stall=1+0.3")
    #expect(frames.map(\.sequence) == [0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 18])
    #expect(counters.lost == 7)
    #expect(counters.corrupt == 2)
    #expect(counters.delivered == frames.count)
  }

  @Test func `a camera that goes away says so and may come back`() throws {
    let error = #expect(throws: CaptureError.self) {
      _ = try frames("synthetic:1?size=16x16&rate=10&pace=fastest&disconnect=0.5")
    }
    #expect(error?.isTransient == true)
  }

  @Test func `jitter moves timestamps but not their order`() throws {
    let frames = try frames("synthetic:1?size=16x16&rate=10&length=3&pace=fastest&jitter=0.08").frames
    let late = frames.enumerated().map { $1.timestamp - .milliseconds(100 * $0) }
    #expect(late.allSatisfy { $0 >= .zero && $0 <= .milliseconds(80) })
    #expect(Set(late).count > 10)
    #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.timestamp < $1.timestamp })
  }

  @Test func `in real time it waits for each frame and loses what a slow reader leaves`() throws {
    let time = ManualClock(start: .seconds(50))
    var options = SyntheticCamera.Options()
    (options.size, options.rate) = (FrameSize(width: 16, height: 16), 10)
    var camera = try SyntheticCamera(options, clock: time.clock)
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.timestamp == .seconds(50))
    #expect(try camera.next(into: &frame, timeout: .milliseconds(40)) == .timedOut)
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.timestamp == .milliseconds(50_100))
    #expect(time.clock.now() == .milliseconds(50_100))
    time.advance(.seconds(2))
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.sequence == 17)
    #expect(camera.counters.lost == 15)
  }
}
