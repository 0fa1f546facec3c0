import Testing
import Video

@testable import Capture

@Suite struct `Turning frames` {
  /// A frame whose luma (or red) tells each pixel's place.
  private func numbered(_ format: PixelFormat, _ size: FrameSize) -> Frame {
    var frame = Frame()
    frame.layOut(format, size, color: ColorDescription(matrix: .bt601, range: .full))
    frame.bytes = (0..<frame.byteCount).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    return frame
  }

  @Test(arguments: [PixelFormat.i420, .nv12, .i444, .grey, .rgb24, .bgr24])
  func `four quarter turns, or two halves, give the frame back`(format: PixelFormat) {
    for size in [FrameSize(width: 6, height: 4), FrameSize(width: 5, height: 3)] {
      let start = numbered(format, size)
      var (quarter, half, scratch) = (start, start, Frame())
      for _ in 0..<4 {
        quarter.rotated(clockwise: 90, into: &scratch)
        swap(&quarter, &scratch)
      }
      #expect(content(quarter) == content(start))
      half.rotated(clockwise: 180, into: &scratch)
      start.rotated(clockwise: 90, into: &half)
      half.rotated(clockwise: 90, into: &quarter)
      #expect(content(quarter) == content(scratch))
      scratch.rotated(clockwise: 90, into: &half)
      start.rotated(clockwise: 270, into: &quarter)
      #expect(content(quarter) == content(half))
    }
  }

  @Test func `a quarter turn brings the lower left pixel to the upper left`() {
    var turned = Frame()
    let start = numbered(.grey, FrameSize(width: 3, height: 2))
    start.rotated(clockwise: 90, into: &turned)
    #expect(content(turned) == [3, 0, 4, 1, 5, 2].map { start.bytes[$0] })
  }

  @Test(arguments: [PixelFormat.yuyv, .uyvy, .i422], [90, 180, 270])
  func `halved chroma columns are widened and stay with their pixels`(format: PixelFormat, degrees: Int) {
    let size = FrameSize(width: 4, height: 2)
    let start = numbered(format, size)
    var turned = Frame()
    start.rotated(clockwise: degrees, into: &turned)
    #expect(turned.format == .i444)
    for y in 0..<2 {
      for x in 0..<4 {
        let (u, v): (UInt8, UInt8) =
          switch format {
          case .yuyv: (start.bytes[y * 8 + x / 2 * 4 + 1], start.bytes[y * 8 + x / 2 * 4 + 3])
          case .uyvy: (start.bytes[y * 8 + x / 2 * 4], start.bytes[y * 8 + x / 2 * 4 + 2])
          default: (start.bytes[8 + y * 2 + x / 2], start.bytes[12 + y * 2 + x / 2])
          }
        let (column, row) = degrees == 90 ? (1 - y, x) : degrees == 180 ? (3 - x, 1 - y) : (y, 3 - x)
        let at = row * turned.size.width + column
        #expect(turned.bytes[8 + at] == u)
        #expect(turned.bytes[16 + at] == v)
      }
    }
  }
}
