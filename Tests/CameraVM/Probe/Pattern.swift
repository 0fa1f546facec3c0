import Capture
import Video

/// `pattern:COUNT`: a number of different YUYV pictures of 640x480 with moving stripes.
struct Pattern: AddedSource {
  static let name = "pattern"
  private static let size = FrameSize(width: 640, height: 480)

  private let count: Int
  let rate = 10.0
  var length: Duration? { .seconds(Double(count) / rate) }

  init(parsing text: Substring) throws(CaptureError) {
    guard let count = Int(text), (1...1000).contains(count) else {
      throw .badSource("pattern:\(text)", reason: "'\(text)' is not a number of pictures")
    }
    self.count = count
  }

  func open(pace: MediaFile.Pace, clock: FrameClock) throws(CaptureError) -> any FrameSource & ~Copyable {
    Camera(pattern: self)
  }

  private struct Camera: ~Copyable, FrameSource {
    let pattern: Pattern
    var counters = CaptureCounters()

    mutating func next(into frame: inout Frame, timeout: Duration) throws(CaptureError) -> FrameArrival {
      let index = counters.delivered
      guard index < pattern.count else { return .ended }
      frame.layOut(.yuyv, Pattern.size, color: ColorDescription(matrix: .bt601, range: .limited))
      for byte in 0..<frame.byteCount {
        let (x, y) = (byte % (2 * Pattern.size.width) / 2, byte / (2 * Pattern.size.width))
        frame.bytes[byte] =
          byte % 2 == 0 ? UInt8(16 + (x + 7 * index) % 128 + y % 64) : UInt8(96 + (x / 4 + index) % 64)
      }
      (frame.sequence, frame.timestamp) = (index, .seconds(Double(index) / pattern.rate))
      counters.delivered += 1
      return .frame
    }
  }
}

extension Frame {
  /// An RGB picture as a camera delivers it: limited-range YUYV.
  var yuyv: Frame {
    var other = Frame()
    (other.sequence, other.timestamp) = (sequence, timestamp)
    other.layOut(.yuyv, size, color: ColorDescription(matrix: .bt601, range: .limited))
    for pixel in 0..<size.width * size.height {
      let (r, g, b) = (Int(bytes[3 * pixel]), Int(bytes[3 * pixel + 1]), Int(bytes[3 * pixel + 2]))
      other.bytes[2 * pixel] = UInt8((66 * r + 129 * g + 25 * b + 128) >> 8 + 16)
      // The left one of two pixels determines the chroma of both.
      guard pixel % 2 == 0 else { continue }
      other.bytes[2 * pixel + 1] = UInt8((-38 * r - 74 * g + 112 * b + 128) >> 8 + 128)
      other.bytes[2 * pixel + 3] = UInt8((112 * r - 94 * g - 18 * b + 128) >> 8 + 128)
    }
    return other
  }
}
