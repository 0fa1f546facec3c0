package import Basics
package import Video

/// What a file or stream declares before its first frame.
package struct MediaInformation: Equatable, Sendable {
  /// Upright size as declared by the container; pictures may declare another orientation.
  package var size: FrameSize
  /// `nil` for live streams and files that do not declare it.
  package var duration: Duration?
  /// Often an estimate; use it for progress only.
  package var frameCount: Int?
  /// Average frames per second.
  package var rate: Double?
}

/// A video file or network stream as a source of frames.
///
/// Frames keep the stream's own YUV planes if the format is one of ours; others are converted by libswscale, which
/// drops alpha and depth beyond 8 bits. Each frame carries the orientation declared by the file or picture. Faulty
/// packets and pictures are counted in `counters.corrupt`; whatever a decoder still shows of them is handed out. If a
/// live stream's frames arrive faster than they are taken, the oldest are dropped. A truncated file ends where it was
/// cut off.
package struct MediaFile: ~Copyable, FrameSource {
  /// Where the media is.
  package enum Location: Equatable, Sendable, CustomStringConvertible {
    case file(String)
    /// rtsp, rtsps, http, https, rtp or udp.
    case url(SourceAddress)

    package var description: String {
      switch self {
      case .file(let path): path
      case .url(let address): "\(address)"
      }
    }

    /// True for streams whose sender sets the pace, judging by the protocol or the lack of a duration.
    package func isLive(_ information: MediaInformation) -> Bool {
      guard case .url(let address) = self else { return false }
      return information.duration == nil
        || ["rtsp", "rtsps", "rtp", "udp"].contains(address.scheme)
    }
  }

  /// How fast frames are handed out.
  package enum Pace: Equatable, Sendable {
    /// As fast as frames can be decoded; timestamps are media time, from zero.
    case fastest
    /// At the pace of a camera; timestamps are on the monotonic clock.
    case realTime
  }

  /// How an RTSP camera sends its pictures.
  package enum Transport: String, Equatable, Sendable {
    /// TCP, or UDP if the camera does not accept TCP.
    case auto
    case tcp, udp
  }

  /// How a file or stream is played.
  package struct Options: Equatable, Sendable {
    package var pace = Pace.fastest
    /// Restart at the end; timestamps and sequence numbers continue.
    package var loops = false
    package var transport = Transport.auto
    package var decoderThreads = 1
    package var openTimeout = Duration.seconds(10)
    /// How long a stream may send nothing before `next` throws `stalled`: the camera's `stallSeconds`.
    ///
    /// A blocked read of a network stream cannot be interrupted and resumed, so the deadline is enforced within `next`.
    package var stallTimeout = Duration.seconds(5)

    /// Ends waits from another thread.
    package var interruption: ReadInterruption?

    package init() {}
  }

  package let information: MediaInformation
  private let location: Location
  /// The sender sets the pace.
  private let isLive: Bool
  /// Live, but delivered ahead of time in segments of several seconds: paced here like a file.
  private let isSegmented: Bool
  private let options: Options
  private let clock: FrameClock
  private var reader: MediaReader
  /// Used for files.
  private var timeline: MediaTimeline
  /// Used for live streams.
  private var times = LiveTimes(isOurClock: false)
  private var firstTime: Duration?
  /// A decoded frame that is not due yet.
  private var held = Frame()
  private var isHeld = false
  private var hasEnded = false
  private var deliveredBeforePass = 0
  private var corruptBeforePass = 0
  private var delivered = 0
  /// Frames of a live stream dropped to catch up with it.
  private var dropped = 0
  private var backlog = Backlog()

  /// - Throws: `CaptureError.unreadable`; transient for a `url`.
  package init(_ location: Location, options: Options = Options(), clock: FrameClock = .monotonic)
    throws(CaptureError)
  {
    self.location = location
    self.options = options
    self.clock = clock
    reader = try MediaReader(location, options)
    information = reader.information
    let hasNoEnd = location.isLive(reader.information)
    isSegmented = hasNoEnd && reader.isSegmented
    isLive = hasNoEnd && !isSegmented
    if isLive { times = LiveTimes(isOurClock: reader.stampsByArrival) }
    timeline = MediaTimeline(rate: information.rate)
  }

  package var counters: CaptureCounters {
    var counters = CaptureCounters()
    counters.delivered = delivered
    counters.lost = dropped
    counters.corrupt = corruptBeforePass + reader.corruptCount
    counters.retimed = times.corrected
    counters.goesByArrival = times.goesByArrival
    return counters
  }

  /// Decodes the next frame, and in real time waits until it is due.
  ///
  /// - Throws: `stalled` or `disconnected` for streams, `unreadable` if no picture at all could be decoded.
  package mutating func next(into frame: inout Frame, timeout: Duration) throws(CaptureError) -> FrameArrival {
    guard !hasEnded else { return .ended }
    if !isHeld {
      let begin = clock.now()
      while true {
        while try !decode() {
          guard try beginAgain() else { return .ended }
        }
        guard isLive, backlog.isStale(at: clock.now(), waited: reader.waited) else { break }
        dropped += 1
        if clock.now() - begin > timeout { return .timedOut }
      }
      isHeld = true
    }
    if options.pace == .realTime, !isLive {
      let left = held.timestamp - clock.now()
      clock.sleep(min(left, timeout))
      guard left <= timeout else { return .notDue }
    }
    isHeld = false
    held.sequence = delivered + dropped
    swap(&held, &frame)
    delivered += 1
    return .frame
  }

  /// Decodes one picture into `held`, with its time; false at the end.
  private mutating func decode() throws(CaptureError) -> Bool {
    guard case .picture(let streamTime) = try reader.next(into: &held) else { return false }
    held.timestamp = time(ofStamp: streamTime)
    return true
  }

  private mutating func time(ofStamp stamp: Duration?) -> Duration {
    guard isLive else {
      let time = timeline.mediaTime(of: stamp)
      return options.pace == .realTime ? timeline.place(time, now: clock.now()) : time
    }
    let time = times.time(ofStamp: stamp, arrival: clock.now())
    if firstTime == nil { firstTime = time }
    // Otherwise time starts at the first frame.
    return options.pace == .realTime ? time : time - (firstTime ?? time)
  }

  /// Reopens a looped file; false if the source has ended.
  private mutating func beginAgain() throws(CaptureError) -> Bool {
    if isLive || isSegmented { throw .disconnected(source: "\(location)", reason: "the stream ended") }
    guard delivered > deliveredBeforePass else {
      hasEnded = true
      let reason = reader.reasonForNothing ?? "no picture in it could be decoded"
      throw .unreadable(source: "\(location)", reason: reason, isTransient: false)
    }
    guard options.loops else {
      hasEnded = true
      return false
    }
    corruptBeforePass += reader.corruptCount
    reader = try MediaReader(location, options)
    deliveredBeforePass = delivered
    timeline.beginAgain()
    return true
  }
}
