import Capture
import Video

/// Renders a `SyntheticSource` as its frames are requested.
struct SyntheticCamera: ~Copyable, FrameSource {
  /// Number of frames that wait for a slow reader; older ones are lost.
  static let buffers = 4

  private let source: SyntheticSource
  private let pace: MediaFile.Pace
  private let clock: FrameClock
  private var scene: SyntheticScene
  private var index = 0
  private var anchor: Duration?
  private(set) var counters = CaptureCounters()

  init(_ source: SyntheticSource, pace: MediaFile.Pace, clock: FrameClock) {
    (self.source, self.pace, self.clock) = (source, pace, clock)
    scene = SyntheticScene(source)
  }

  /// Waits for the next frame and renders it.
  ///
  /// If frames come as fast as they are rendered, timestamps start at zero. In real time they are on the clock, and the
  /// first one is the time of the first call.
  ///
  /// - Throws: `disconnected` when the source's `disconnect` option says so.
  mutating func next(into frame: inout Frame, timeout: Duration) throws(CaptureError) -> FrameArrival {
    if pace == .realTime { dropUnread() }
    let time = Duration.nanoseconds(Int64(Double(index) * 1e9 / source.rate + 0.5))
    if let length = source.length, time >= length { return .ended }
    if let disconnect = source.disconnect, time >= disconnect {
      throw .disconnected(source: "\(SyntheticSource.name):\(source.seed)", reason: "set by its option 'disconnect'")
    }
    if pace == .realTime {
      let start = anchor ?? clock.now()
      anchor = start
      let left = start + time - clock.now()
      clock.sleep(min(left, timeout))
      guard left <= timeout else { return .timedOut }
      frame.timestamp = start + time
    } else {
      frame.timestamp = time
    }
    scene.paint(index, into: &frame)
    frame.sequence = index
    index += 1
    counters.delivered += 1
    return .frame
  }

  /// Drops frames for which a real camera would have had no buffers.
  private mutating func dropUnread() {
    guard let anchor else { return }
    let newest = Int((clock.now() - anchor) / .seconds(1) * source.rate)
    let dropped = newest - Self.buffers - index
    guard dropped > 0 else { return }
    index += dropped
    counters.lost += dropped
  }
}

/// What a `SyntheticSource` shows: one room after another.
private struct SyntheticScene {
  private let source: SyntheticSource
  private var shooting: Take.Camera
  private var pixels: [UInt8] = []
  /// The number of earlier rooms, and their frames.
  private var number = 0
  private var begin = 0
  private var count: Int

  init(_ source: SyntheticSource) {
    self.source = source
    (shooting, count) = Self.room(source, 0)
  }

  /// Renders a frame; indices must increase.
  mutating func paint(_ index: Int, into frame: inout Frame) {
    while index >= begin + count {
      begin += count
      number += 1
      (shooting, count) = Self.room(source, number)
    }
    _ = shooting.shoot(index - begin, into: &pixels)
    frame.layOut(.rgb24, source.size, color: ColorDescription(matrix: .bt601, range: .full))
    frame.bytes.replaceSubrange(0..<pixels.count, with: pixels)
  }

  private static func room(_ source: SyntheticSource, _ number: Int) -> (Take.Camera, frames: Int) {
    let stream = SyntheticStream(
      seconds: source.length.map { $0 / .seconds(1) } ?? SyntheticSource.endlessSeconds, of: source.activities,
      people: source.people, rate: source.framesPerSecond, seed: source.seed &+ UInt64(number))
    return (stream.camera(source.camera, size: source.size), stream.frameCount)
  }
}
