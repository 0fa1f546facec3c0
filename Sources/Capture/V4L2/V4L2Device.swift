package import Video

/// A V4L2 pixel format: four letters.
package struct FourCC: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Takes up to four ASCII letters, padded with spaces.
  package init(_ text: String) {
    rawValue = zip(text.utf8.prefix(4) + [UInt8](repeating: 32, count: 4), 0..<4).reduce(UInt32(0)) {
      $0 | UInt32($1.0) << UInt32(8 * $1.1)
    }
  }

  package var description: String {
    let letters = (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> UInt32(8 * $0)) & 0x7F }
    var text = String(decoding: letters, as: UTF8.self)
    while text.hasSuffix(" ") { text.removeLast() }
    return text
  }
}

/// A device's identity and capabilities.
package struct V4L2Capability: Equatable, Sendable {
  package var driver: String
  package var card: String
  package var bus: String
  /// Whether it captures video into memory-mapped buffers.
  package var captures: Bool
}

/// Sizes offered for a format: a single one, or every one up to `maximum`.
package struct V4L2SizeRange: Equatable, Sendable {
  package var minimum: FrameSize
  package var maximum: FrameSize
}

/// A control of a device with its range.
package struct V4L2Control: Equatable, Sendable {
  package var id: UInt32
  /// Spelt as in `v4l2-ctl`: lower case, with underscores.
  package var name: String
  package var range: ClosedRange<Int>
  package var defaultValue: Int
  package var value: Int?
}

/// The driver's answer to a request for a format.
struct V4L2Format: Equatable {
  var fourCC: FourCC
  var size: FrameSize
  /// Bytes per row of the first plane, including padding.
  var rowBytes: Int
  var color: ColorDescription
}

/// A buffer returned by the driver.
struct V4L2FilledBuffer: Equatable {
  var index: Int
  /// Frame counter, 32 bits.
  var sequence: UInt32
  var byteCount: Int
  /// The driver's flag for damaged content.
  var isFaulty: Bool
  /// `nil` unless on CLOCK_MONOTONIC.
  var timestamp: Duration?
}

/// How waiting for a buffer ended.
struct V4L2Readiness: OptionSet {
  let rawValue: Int
  static let readable = V4L2Readiness(rawValue: 1)
  /// POLLERR or POLLHUP.
  static let faulty = V4L2Readiness(rawValue: 2)
}

/// A request refused by the kernel.
struct KernelRefusal: Error, Equatable {
  var request: String
  var errno: CInt
}

/// The interface to the kernel: one open capture device, request by request.
///
/// Tests replace it with a scripted device.
protocol V4L2Device: AnyObject {
  var path: String { get }
  var capability: V4L2Capability { get }

  func formats() throws(KernelRefusal) -> [FourCC]
  /// Empty if the driver does not report them, like `rates`.
  func sizes(_ format: FourCC) -> [V4L2SizeRange]
  /// Frames per second: discrete rates, or the two ends of a range.
  func rates(_ format: FourCC, _ size: FrameSize) -> [Double]
  func controls() -> [V4L2Control]

  /// Makes libv4l2 convert from formats that are not ours.
  func startConverting() throws(KernelRefusal)
  func setFormat(_ format: FourCC, _ size: FrameSize) throws(KernelRefusal) -> V4L2Format
  /// The current format.
  func presentFormat() throws(KernelRefusal) -> V4L2Format
  /// Returns the rate that was set; `nil` if the device has no settable rate.
  func setRate(_ rate: Double) throws(KernelRefusal) -> Double?
  func setControl(_ id: UInt32, _ value: Int) throws(KernelRefusal)

  /// Maps buffers and returns their number; 0 frees them.
  func requestBuffers(_ count: Int) throws(KernelRefusal) -> Int
  func queue(_ index: Int) throws(KernelRefusal)
  func stream(_ on: Bool) throws(KernelRefusal)
  func wait(_ timeout: Duration) throws(KernelRefusal) -> V4L2Readiness
  /// `nil` if no buffer is ready.
  func dequeue() throws(KernelRefusal) -> V4L2FilledBuffer?
  /// The size of each mapped buffer in bytes.
  var bufferLength: Int { get }
  /// Copies the first `count` bytes of a buffer.
  func copy(_ index: Int, count: Int, into bytes: inout [UInt8])
}
