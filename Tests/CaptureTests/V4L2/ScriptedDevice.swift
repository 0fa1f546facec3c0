import Glibc
import Video

@testable import Capture

/// A capture device that follows a script, buffer by buffer.
final class ScriptedDevice: V4L2Device {
  enum Step {
    /// A buffer filled with `value`; a `count` of `nil` means a whole picture.
    case buffer(sequence: UInt32, value: UInt8 = 1, count: Int? = nil, isFaulty: Bool = false, at: Duration? = nil)
    case bytes([UInt8])
    /// The dequeue fails with this `errno`, although poll reported a buffer.
    case failure(CInt)
    /// POLLERR with nothing to dequeue.
    case hangUp
    case silence
  }

  let path = "/dev/video7"
  var capability = V4L2Capability(driver: "script", card: "Script", bus: "none", captures: true)
  var offered = [FourCC("YUYV"), FourCC("MJPG")]
  var sizeRanges = [V4L2SizeRange(minimum: FrameSize(width: 8, height: 4), maximum: FrameSize(width: 8, height: 4))]
  var offeredRates = [30.0]
  var offeredControls: [V4L2Control] = []
  /// Bytes of padding at the end of each row.
  var padding = 0
  /// The driver's answer to a requested format; `nil` grants the request.
  var answer: ((FourCC, FrameSize) -> V4L2Format)?
  var refusals: [String: CInt] = [:]
  /// Controls that are refused until another one has been set.
  var locks: [UInt32: UInt32] = [:]
  var script: [Step] = []
  /// How many of the next buffers are not taken back.
  var queueFailures = 0
  private(set) var log: [String] = []
  private(set) var queued = 0
  private let clock: ManualClock
  private var present: [UInt8] = []
  private var format = FourCC("YUYV")
  private var size = FrameSize(width: 8, height: 4)

  init(clock: ManualClock) { self.clock = clock }

  private func ask(_ request: String) throws(KernelRefusal) {
    log.append(request)
    if let code = refusals[request] { throw KernelRefusal(request: request, errno: code) }
  }

  func formats() throws(KernelRefusal) -> [FourCC] { offered }
  func sizes(_ format: FourCC) -> [V4L2SizeRange] { sizeRanges }
  func rates(_ format: FourCC, _ size: FrameSize) -> [Double] { offeredRates }
  func controls() -> [V4L2Control] { offeredControls }
  func startConverting() throws(KernelRefusal) { try ask("v4l2_fd_open") }

  func setFormat(_ format: FourCC, _ size: FrameSize) throws(KernelRefusal) -> V4L2Format {
    try ask("VIDIOC_S_FMT")
    (self.format, self.size) = (format, size)
    let rowBytes = format == FourCC("YUYV") ? size.width * 2 + padding : size.width + padding
    let color = ColorDescription(matrix: .bt709, range: .limited)
    return answer?(format, size) ?? V4L2Format(fourCC: format, size: size, rowBytes: rowBytes, color: color)
  }

  /// The only format of a driver that cannot be asked for another one.
  var fixedFormat: V4L2Format?

  func presentFormat() throws(KernelRefusal) -> V4L2Format {
    try ask("VIDIOC_G_FMT")
    guard let fixedFormat else { throw KernelRefusal(request: "VIDIOC_G_FMT", errno: EINVAL) }
    (format, size) = (fixedFormat.fourCC, fixedFormat.size)
    return fixedFormat
  }

  func setRate(_ rate: Double) throws(KernelRefusal) -> Double? {
    try ask("VIDIOC_S_PARM")
    return rate
  }

  func setControl(_ id: UInt32, _ value: Int) throws(KernelRefusal) {
    try ask("VIDIOC_S_CTRL")
    guard locks[id] == nil else { throw KernelRefusal(request: "VIDIOC_S_CTRL", errno: EACCES) }
    locks = locks.filter { $0.value != id }
    log.append("\(id)=\(value)")
  }

  func requestBuffers(_ count: Int) throws(KernelRefusal) -> Int {
    try ask("VIDIOC_REQBUFS")
    queued = 0
    return count
  }

  func queue(_ index: Int) throws(KernelRefusal) {
    if queueFailures > 0 {
      queueFailures -= 1
      throw KernelRefusal(request: "VIDIOC_QBUF", errno: EIO)
    }
    if let code = refusals["VIDIOC_QBUF"] { throw KernelRefusal(request: "VIDIOC_QBUF", errno: code) }
    queued += 1
  }

  func stream(_ on: Bool) throws(KernelRefusal) { try ask(on ? "VIDIOC_STREAMON" : "VIDIOC_STREAMOFF") }

  func wait(_ timeout: Duration) throws(KernelRefusal) -> V4L2Readiness {
    switch script.first {
    case .buffer, .bytes, .failure: return .readable
    case .hangUp: return .faulty
    case .silence, nil:
      if !script.isEmpty { script.removeFirst() }
      clock.advance(timeout)
      return []
    }
  }

  func dequeue() throws(KernelRefusal) -> V4L2FilledBuffer? {
    guard !script.isEmpty else { return nil }
    switch script.removeFirst() {
    case .buffer(let sequence, let value, let count, let isFaulty, let time):
      present = [UInt8](repeating: value, count: bufferLength)
      queued -= 1
      return V4L2FilledBuffer(
        index: 0, sequence: sequence, byteCount: count ?? bufferLength, isFaulty: isFaulty, timestamp: time)
    case .bytes(let bytes):
      present = bytes
      queued -= 1
      return V4L2FilledBuffer(index: 0, sequence: 0, byteCount: bytes.count, isFaulty: false, timestamp: nil)
    case .failure(let code): throw KernelRefusal(request: "VIDIOC_DQBUF", errno: code)
    case .hangUp, .silence: return nil
    }
  }

  var bufferLength: Int { format == FourCC("YUYV") ? (size.width * 2 + padding) * size.height : 100_000 }

  func copy(_ index: Int, count: Int, into bytes: inout [UInt8]) {
    bytes.replaceSubrange(0..<count, with: present[..<count])
  }
}
