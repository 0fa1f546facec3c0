import Capture
import Synchronization
import Testing
import Video

@testable import Synthesis

@Suite struct `A synthetic source` {
  /// A clock that advances when somebody waits, or on command.
  private final class SteppedClock: Sendable {
    private let time = Mutex(Duration.seconds(50))

    var clock: FrameClock {
      FrameClock(now: { self.time.withLock { $0 } }, sleep: { length in self.advance(max(.zero, length)) })
    }

    func advance(_ length: Duration) { time.withLock { $0 += length } }
  }

  private func source(_ options: String) throws -> SyntheticSource { try SyntheticSource(parsing: options[...]) }

  private func frames(_ options: String) throws -> [Frame] {
    var camera = SyntheticCamera(try source(options), pace: .fastest, clock: .monotonic)
    var frames: [Frame] = []
    var frame = Frame()
    while try camera.next(into: &frame, timeout: .zero) == .frame { frames.append(frame) }
    return frames
  }

  private func content(_ frame: Frame) -> [UInt8] { Array(frame.bytes.prefix(frame.byteCount)) }

  @Test func `a synthetic source takes its options from the text`() throws {
    var expected = SyntheticSource(seed: 7)
    #expect(try source("7") == expected)
    (expected.people, expected.framesPerSecond, expected.camera) = (2, 25, 2)
    (expected.size, expected.activities) = (FrameSize(width: 320, height: 240), [.walk, .sitDown])
    (expected.length, expected.disconnect) = (.milliseconds(12_500), .seconds(60))
    let text = "7?people=2&rate=25&size=320x240&length=12.5&camera=3&activities=Walk,Sitdown&disconnect=60"
    #expect(try source(text) == expected)
    #expect(expected.rate == 25)
  }

  @Test(arguments: [
    ("x", "'synthetic:x' is not a video source: 'x' is not a seed, a whole number"),
    ("1?size=63x64", "'63x64' is not valid for 'size'; it must be two even numbers from 64 to 1920, such as 320x240"),
    ("1?activities=Walk,Fly", "'Walk,Fly' is not valid for 'activities'; it must be labels of rendered activities"),
    (
      "1?speed=3",
      "there is no option 'speed'; the options are activities, camera, disconnect, length, people, rate, size"
    ),
    ("1?rate", "'rate' is not key=value"), ("1?rate=", "'rate=' is not key=value"), ("1?=", "'=' is not key=value"),
    ("1?rate=0", "'0' is not valid"), ("1?rate=7.5", "'7.5' is not valid"), ("1?people=3", "'3' is not valid"),
    ("1?camera=0", "'0' is not valid"), ("1?length=-1", "'-1' is not valid"), ("1?length=nan", "'nan' is not valid"),
    ("1?size=99999x2", "'99999x2' is not valid"), ("1?disconnect=1e99", "'1e99' is not valid"),
  ])
  func `a synthetic source refuses an invalid text and says what is wrong`(text: String, reason: String) {
    let error = #expect(throws: CaptureError.self) { _ = try source(text) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test func `a synthetic source shows what the stream with the same seed shows, until its length`() throws {
    let frames = try frames("4?people=2&rate=5&size=64x64&length=3")
    #expect(frames.map(\.timestamp) == (0..<15).map { .milliseconds(200 * $0) })
    #expect(frames.map(\.sequence) == Array(0..<15))
    let stream = SyntheticStream(seconds: 3, people: 2, rate: 5, seed: 4)
    var pictures: [[UInt8]] = []
    stream.render(camera: 1, size: FrameSize(width: 64, height: 64)) { _, pixels, _ in pictures.append(pixels) }
    #expect(pictures.count >= 15 && frames.map(content) == Array(pictures.prefix(15)))
    #expect(frames.allSatisfy { $0.format == .rgb24 && $0.byteCount == 64 * 64 * 3 })
    #expect(try self.frames("5?people=2&rate=5&size=64x64&length=3").map(content) != frames.map(content))
  }

  @Test func `a synthetic source without a length continues in another room`() throws {
    let seconds = SyntheticSource.endlessSeconds
    let first = SyntheticStream(seconds: seconds, of: [.walk], people: 1, rate: 1, seed: 4)
    let second = SyntheticStream(seconds: seconds, of: [.walk], people: 1, rate: 1, seed: 5)
    let time = SteppedClock()
    var camera = SyntheticCamera(
      try source("4?rate=1&size=64x64&activities=Walk"), pace: .realTime, clock: time.clock)
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    // So late that only what the buffers hold of the second room is left.
    time.advance(.seconds(first.frameCount + SyntheticCamera.buffers + 1))
    var shooting = second.camera(1, size: FrameSize(width: 64, height: 64))
    var pixels: [UInt8] = []
    for index in 1...2 {
      #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
      _ = shooting.shoot(index, into: &pixels)
      #expect(frame.sequence == first.frameCount + index && content(frame) == pixels)
    }
  }

  @Test func `a synthetic source in real time waits for each frame and loses what a slow reader misses`() throws {
    let time = SteppedClock()
    var camera = SyntheticCamera(try source("1?rate=10&size=64x64"), pace: .realTime, clock: time.clock)
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.timestamp == .seconds(50))
    #expect(try camera.next(into: &frame, timeout: .milliseconds(40)) == .timedOut)
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.timestamp == .milliseconds(50_100) && time.clock.now() == .milliseconds(50_100))
    time.advance(.seconds(2))
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.sequence == 17 && camera.counters.lost == 15 && camera.counters.delivered == 3)
  }

  @Test func `a synthetic source disconnects when told to, and may come back`() throws {
    let error = #expect(throws: CaptureError.self) { _ = try frames("1?rate=5&size=64x64&disconnect=1") }
    #expect(error?.isTransient == true)
  }
}
