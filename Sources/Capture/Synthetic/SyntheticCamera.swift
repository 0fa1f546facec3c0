import Basics
package import Video

/// A camera that watches a `SyntheticScene`, with the faults of real ones on request.
package struct SyntheticCamera: ~Copyable, FrameSource {
  package struct Options: Equatable, Sendable {
    package var scene = SyntheticScene(seed: 1)
    /// Both even.
    package var size = FrameSize(width: 640, height: 480)
    /// Frames per second, above 0 and at most 1000.
    package var rate = 30.0
    /// One of `SyntheticCamera.formats`.
    package var format = PixelFormat.rgb24
    package var pace = MediaFile.Pace.realTime
    /// Ends after this; `nil` never.
    package var length: Duration?
    package var faults = Faults()

    package init() {}
  }

  /// What goes wrong; nothing by default.
  package struct Faults: Equatable, Sendable {
    /// One frame in so many is lost, which shows in `sequence`, or none if zero.
    package var lostEvery = 0
    /// One frame in so many is faulty, or none if zero.
    ///
    /// As MJPEG it is cut off, else it is left out and counted.
    package var corruptEvery = 0
    /// Timestamps are late by up to this, at random; less than the time between frames.
    package var jitter = Duration.zero
    /// No frame of these times comes.
    package var stall: Range<Duration>?
    /// The camera goes away at this time.
    package var disconnect: Duration?

    package init() {}
  }

  package static let formats: [PixelFormat] = [.rgb24, .bgr24, .yuyv, .uyvy, .i420, .nv12, .grey, .mjpeg]
  /// Frames that a slow reader finds waiting; older ones are lost.
  static let buffers = 4

  package let options: Options
  private let clock: FrameClock
  private let painter: SyntheticPainter
  private let encoder: JPEGEncoder?
  private var pixels: [UInt8] = []
  private var index = 0
  private var anchor: Duration?
  package private(set) var counters = CaptureCounters()

  package init(_ options: Options, clock: FrameClock = .monotonic) throws(CaptureError) {
    precondition(options.rate > 0 && options.rate <= 1000 && Self.formats.contains(options.format))
    precondition(options.size.width % 2 == 0 && options.size.height % 2 == 0)
    self.options = options
    self.clock = clock
    painter = SyntheticPainter(options.scene, size: options.size)
    encoder = options.format == .mjpeg ? try JPEGEncoder() : nil
  }

  /// The scene as it is at the frame's time.
  ///
  /// Timestamps are scene time from zero with pace `fastest`; in real time they are on the monotonic clock, the first
  /// frame's being the moment of the first call.
  ///
  /// - Throws: `disconnected` when the script of faults says so.
  package mutating func next(into frame: inout Frame, timeout: Duration) throws(CaptureError) -> FrameArrival {
    while true {
      if options.pace == .realTime { dropUnread() }
      let time = sceneTime(index)
      if let length = options.length, time >= length { return .ended }
      if let disconnect = options.faults.disconnect, time >= disconnect {
        throw .disconnected(source: "synthetic:\(options.scene.seed)", reason: "so the options say")
      }
      let isStalled = options.faults.stall?.contains(time) ?? false
      if isStalled || isTurn(options.faults.lostEvery) {
        index += 1
        counters.lost += 1
        continue
      }
      let stamp = time + jitter(index)
      if options.pace == .realTime {
        let start = anchor ?? clock.now()
        anchor = start
        let left = start + stamp - clock.now()
        clock.sleep(min(left, timeout))
        guard left <= timeout else { return .timedOut }
        frame.timestamp = start + stamp
      } else {
        frame.timestamp = stamp
      }
      let isCorrupt = isTurn(options.faults.corruptEvery)
      frame.sequence = index
      index += 1
      if isCorrupt, options.format != .mjpeg {
        counters.corrupt += 1
        continue
      }
      try draw(at: time, into: &frame)
      if isCorrupt { frame.byteCount /= 2 }
      counters.delivered += 1
      return .frame
    }
  }

  private func sceneTime(_ index: Int) -> Duration { .nanoseconds(Int64(Double(index) * 1e9 / options.rate + 0.5)) }

  private func isTurn(_ every: Int) -> Bool { every > 0 && index % every == every - 1 }

  private func jitter(_ index: Int) -> Duration {
    var random = PlaceRandom(seed: options.scene.seed ^ 0x4A4A, index)
    return options.faults.jitter * Double(random.uniform(0...1))
  }

  /// Gives up frames that a real camera would have had no buffers for.
  private mutating func dropUnread() {
    guard let anchor else { return }
    let newest = Int((clock.now() - anchor).inSeconds * options.rate)
    let dropped = newest - Self.buffers - index
    guard dropped > 0 else { return }
    index += dropped
    counters.lost += dropped
  }

  private mutating func draw(at time: Duration, into frame: inout Frame) throws(CaptureError) {
    painter.paint(at: time, into: &pixels)
    if options.format == .mjpeg {
      try encoder?.encode(pixels, options.size, into: &frame)
    } else {
      frame.write(rgb: pixels, options.size, as: options.format)
    }
  }
}
