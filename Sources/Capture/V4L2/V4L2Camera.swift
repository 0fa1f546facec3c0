package import Video

/// A V4L2 camera that streams through memory-mapped buffers.
///
/// Each buffer is copied into the caller's frame and goes straight back to the driver. Faulty, short and empty buffers
/// are skipped and counted, as are gaps in the driver's sequence numbers. A few EIO in a row, which real cameras do
/// return, are handled here by restarting the stream; errors that require reopening the device are thrown. The caller
/// decides how long a camera may be silent: `next` only returns `timedOut`.
package struct V4L2Camera: ~Copyable, FrameSource {
  /// What was agreed with the driver, which may differ from the request.
  package let negotiated: Negotiated

  /// Format, size and rate that the driver has accepted.
  package struct Negotiated: Equatable, Sendable {
    package var format: V4L2Options.Format
    package var size: FrameSize
    /// `nil` if the driver does not report it.
    package var rate: Double?
    package var color: ColorDescription
    package var buffers: Int
  }

  /// This many failed dequeues in a row restart the stream, and as many more end it.
  static let failuresBeforeRestart = 3

  package private(set) var warnings: [String]
  private let device: any V4L2Device
  private let options: V4L2Options
  private let layout: V4L2Layout
  private let clock: FrameClock
  private var counts = CaptureCounters()
  private var decoder: MediaReader?
  private var undecodable = 0
  private var packet: [UInt8] = []
  private var sequence = SequenceCounter()
  private var times = LiveTimes(isOurClock: true)
  private var failures = 0

  /// Opens a camera, agrees on a format and starts the stream.
  package init(_ name: CameraName, options: V4L2Options = V4L2Options(), clock: FrameClock = .monotonic)
    throws(CaptureError)
  {
    let path = try name.devicePath()
    let device = try asking(path) { () throws(KernelRefusal) in try KernelDevice(path: path) }
    guard device.capability.captures else {
      throw .noCamera(device: path, reason: "it does not capture video into memory-mapped buffers")
    }
    try self.init(device: device, options: options, clock: clock)
    if let ambiguity = name.ambiguity() { warnings.append(ambiguity) }
  }

  init(device: any V4L2Device, options: V4L2Options, clock: FrameClock) throws(CaptureError) {
    precondition((2...32).contains(options.buffers))
    let agreement = try V4L2Agreement(with: device, options)
    let decoder = agreement.negotiated.format == .h264 ? try MediaReader(h264From: device.path) : nil
    var negotiated = agreement.negotiated
    negotiated.buffers = try asking(device.path) { () throws(KernelRefusal) in
      try device.startStreaming(options.buffers)
    }
    guard agreement.layout.byteCount <= device.bufferLength else {
      throw .formatRefused(
        device: device.path, setting: "cameras[].format", asked: "whole pictures of \(negotiated.size)",
        offered: ["the other formats", "converted"])
    }
    self.device = device
    self.options = options
    self.clock = clock
    self.negotiated = negotiated
    self.decoder = decoder
    layout = agreement.layout
    warnings = agreement.warnings
  }

  package var counters: CaptureCounters {
    var counters = counts
    counters.corrupt += undecodable
    counters.retimed = times.corrected
    counters.goesByArrival = times.goesByArrival
    return counters
  }

  /// Waits for the next good buffer; `timedOut` if none arrived in time, even if faulty ones did.
  ///
  /// - Throws: `disconnected` if the device is gone, `requestFailed` if the kernel refuses a request for another
  ///   reason.
  package mutating func next(into frame: inout Frame, timeout: Duration) throws(CaptureError) -> FrameArrival {
    let end = clock.now() + timeout
    while true {
      if try decodePending(into: &frame) { return deliver() }
      let left = end - clock.now()
      let buffer: V4L2FilledBuffer?
      do throws(KernelRefusal) {
        buffer = try dequeue(waiting: max(left, .zero))
      } catch {
        throw CaptureError(error, device: device.path)
      }
      if let buffer {
        defer { failures = 0 }
        if try take(buffer, into: &frame) { return deliver() }
        // An H.264 packet may have completed a picture.
        if try decodePending(into: &frame) { return deliver() }
      }
      if clock.now() >= end { return .timedOut }
    }
  }

  private mutating func deliver() -> FrameArrival {
    counts.delivered += 1
    return .frame
  }

  /// A filled buffer, or `nil` if none arrived in time or the stream had to be restarted.
  private mutating func dequeue(waiting timeout: Duration) throws(KernelRefusal) -> V4L2FilledBuffer? {
    let readiness = try device.wait(timeout)
    guard !readiness.isEmpty else { return nil }
    do throws(KernelRefusal) {
      if let buffer = try device.dequeue() { return buffer }
      // The driver signals an error without a buffer that carries it.
      guard readiness.contains(.faulty) else { return nil }
      throw KernelRefusal(request: "poll", errno: deviceIsGone)
    } catch {
      guard error.errno == inputOutputError else { throw error }
      failures += 1
      guard failures % Self.failuresBeforeRestart == 0 else { return nil }
      guard failures < 2 * Self.failuresBeforeRestart else { throw error }
      try restart()
      return nil
    }
  }

  /// Copies a buffer and returns it to the driver; false if it was skipped.
  private mutating func take(_ buffer: V4L2FilledBuffer, into frame: inout Frame) throws(CaptureError) -> Bool {
    counts.lost += sequence.advance(to: buffer.sequence)
    let isWhole =
      !buffer.isFaulty && buffer.byteCount >= max(1, layout.byteCount) && buffer.byteCount <= device.bufferLength
    var time = Duration.zero
    if isWhole {
      time = times.time(ofStamp: buffer.timestamp, arrival: clock.now())
      if decoder != nil {
        if packet.count < buffer.byteCount { packet = [UInt8](repeating: 0, count: device.bufferLength) }
        device.copy(buffer.index, count: buffer.byteCount, into: &packet)
      } else {
        layout.prepare(&frame, byteCount: buffer.byteCount)
        device.copy(buffer.index, count: frame.byteCount, into: &frame.bytes)
        frame.timestamp = time
        frame.sequence = sequence.total
      }
    }
    try giveBack(buffer)
    guard isWhole else {
      counts.corrupt += 1
      return false
    }
    if decoder != nil {
      let packet = packet
      try decoder?.send(packet.span.extracting(0..<buffer.byteCount), time: time)
      return false
    }
    guard frame.format == .mjpeg else { return true }
    guard let orientation = jpegOrientation(frame.bytes.span.extracting(0..<frame.byteCount)) else {
      counts.corrupt += 1
      return false
    }
    frame.orientation = orientation
    return true
  }

  /// Returns a buffer; if the driver has just failed, restarts the stream instead.
  private mutating func giveBack(_ buffer: V4L2FilledBuffer) throws(CaptureError) {
    do throws(KernelRefusal) {
      do throws(KernelRefusal) {
        try device.queue(buffer.index)
      } catch {
        guard error.errno == inputOutputError else { throw error }
        try restart()
      }
    } catch {
      throw CaptureError(error, device: device.path)
    }
  }

  /// Takes a picture that the H.264 decoder has ready.
  private mutating func decodePending(into frame: inout Frame) throws(CaptureError) -> Bool {
    guard decoder != nil, let outcome = try decoder?.next(into: &frame) else { return false }
    undecodable = decoder?.corruptCount ?? 0
    guard case .picture(let time) = outcome else { return false }
    frame.timestamp = time ?? clock.now()
    frame.sequence = sequence.total
    return true
  }

  private mutating func restart() throws(KernelRefusal) {
    try device.stream(false)
    _ = try device.requestBuffers(0)
    _ = try device.startStreaming(options.buffers)
    sequence.forget()
  }
}

extension V4L2Device {
  /// Maps and queues buffers and starts the stream.
  func startStreaming(_ buffers: Int) throws(KernelRefusal) -> Int {
    let count = try requestBuffers(buffers)
    for index in 0..<count { try queue(index) }
    try stream(true)
    return count
  }
}

/// Extends the driver's 32-bit frame counter so that it never wraps.
struct SequenceCounter {
  private(set) var total = 0
  private var last: UInt32?

  /// Advances to a buffer's number and returns how many are missing in between.
  mutating func advance(to number: UInt32) -> Int {
    defer { last = number }
    guard let last else {
      total += 1
      return 0
    }
    let step = number &- last
    // Backwards: the driver restarted its counter.
    guard step < 1 << 31 else {
      total += 1
      return 0
    }
    total += max(1, Int(step))
    return max(0, Int(step) - 1)
  }

  /// The next number is accepted whatever it is.
  mutating func forget() { last = nil }
}
