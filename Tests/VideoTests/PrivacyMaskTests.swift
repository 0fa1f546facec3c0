import Basics
import Testing
import Video

struct PrivacyMaskTests {
  /// A white picture with the mask applied, as one row of `#` and `.` per pixel row.
  private func painted(_ mask: PrivacyMask, _ width: Int, _ height: Int) throws -> [String] {
    var frame = Frame()
    frame.format = .rgb24
    frame.size = FrameSize(width: width, height: height)
    frame.planes = [Frame.Plane(offset: 0, rowBytes: 3 * width)]
    frame.bytes = [UInt8](repeating: 255, count: 3 * width * height)
    frame.byteCount = frame.bytes.count
    var preprocessor = FramePreprocessor(ClipPreprocessing(size: 4, mask: mask))
    var pixels = [UInt8](repeating: 0, count: 48)
    try preprocessor.process(&frame, into: &pixels)
    return (0..<height).map { (y) in
      (0..<width).map { (x) in frame.bytes[(y * width + x) * 3 + 1] == 0 ? "#" : "." }.joined()
    }
  }

  @Test func `a rectangle on pixel edges blackens exactly its pixels`() throws {
    let mask = PrivacyMask(rectangles: [try PictureRegion(x: 0.2, y: 0.25, width: 0.5, height: 0.5)])
    #expect(try painted(mask, 10, 4) == ["..........", "..#####...", "..#####...", ".........."])
  }

  @Test func `a pixel partly covered by a mask is black`() throws {
    let mask = PrivacyMask(rectangles: [try PictureRegion(x: 0.25, y: 0.3, width: 0.3, height: 0.1)])
    #expect(try painted(mask, 10, 4) == ["..........", "..####....", "..........", ".........."])
  }

  @Test func `polygons blacken what they touch, even thin ones and those beyond the picture`() throws {
    let triangle = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)].map { PrivacyMask.Point(x: $0.0, y: $0.1) }
    #expect(try painted(PrivacyMask(polygons: [triangle]), 4, 4) == ["####", "###.", "##..", "#..."])
    let sliver = [(-1.0, 0.4), (2.0, 0.4), (2.0, 0.401)].map { PrivacyMask.Point(x: $0.0, y: $0.1) }
    #expect(try painted(PrivacyMask(polygons: [sliver]), 4, 4) == ["....", "####", "....", "...."])
    // A ring: the hole in an even-odd shape stays visible.
    let ring = [
      (0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0),
      (0.25, 0.25), (0.25, 0.75), (0.75, 0.75), (0.75, 0.25), (0.25, 0.25),
    ].map { PrivacyMask.Point(x: $0.0, y: $0.1) }
    // The bridge between the two outlines is an edge too, and blackens the pixels it crosses.
    #expect(try painted(PrivacyMask(polygons: [ring]), 4, 4) == ["####", "#..#", "#..#", "####"])
  }

  @Test func `invalid mask shapes are refused`() {
    let point = PrivacyMask.Point(x: 0, y: 0)
    #expect(throws: VideoError.badMask("shape 0 has 2 corners, not 3 or more")) {
      try PrivacyMask(polygons: [[point, point]])
    }
    #expect(throws: VideoError.self) { try PrivacyMask(polygons: [[point, point, PrivacyMask.Point(x: .nan, y: 0)]]) }
  }

  @Test(arguments: planarFormats)
  func `pixels hidden by a mask do not affect a sample, in any format`(format: PixelFormat) throws {
    var random = SplitMix64(seed: 14)
    let mask = PrivacyMask(rectangles: [try PictureRegion(x: 0.3, y: 0.21, width: 0.35, height: 0.4)])
    var preprocessor = FramePreprocessor(ClipPreprocessing(size: 30, mask: mask))
    var first = randomFrame(format, 41, 31, padding: 2, using: &random)
    var second = first
    // Every value affected by a hidden pixel is different in the second frame.
    let sharing = chromaSharing(format)
    for index in 0..<(format == .grey ? 1 : 3) {
      let (across, down) = index == 0 ? (1, 1) : sharing
      for y in 6 / down...18 / down {
        for x in 12 / across...26 / across { second.bytes[byteIndex(second, index, x: x, y: y)] ^= 0xFF }
      }
    }
    #expect(first.bytes != second.bytes)
    var pixels = [UInt8](repeating: 0, count: 30 * 30 * 3)
    try preprocessor.process(&first, into: &pixels)
    var others = pixels
    try preprocessor.process(&second, into: &others)
    #expect(pixels == others)
    // The middle of the hidden part is black.
    let middle = (12 * 30 + 13) * 3
    #expect(pixels[middle..<middle + 3].allSatisfy { $0 == 0 })
  }
}
