import Basics
import Testing
import Video

struct ColorConversionTests {
  /// One pixel of 4:4:4.
  private func pixel(_ y: UInt8, _ u: UInt8, _ v: UInt8, _ color: ColorDescription) throws -> [UInt8] {
    var frame = Frame()
    frame.format = .i444
    frame.size = FrameSize(width: 1, height: 1)
    frame.color = color
    frame.bytes = [y, u, v]
    frame.byteCount = 3
    frame.planes = (0..<3).map { Frame.Plane(offset: $0, rowBytes: 1) }
    return try converted(frame)
  }

  @Test func `known colours are converted as computed by hand`() throws {
    let limited601 = ColorDescription(matrix: .bt601, range: .limited)
    let limited709 = ColorDescription(matrix: .bt709, range: .limited)
    let full601 = ColorDescription(matrix: .bt601, range: .full)
    #expect(try pixel(16, 128, 128, limited601) == [0, 0, 0])
    #expect(try pixel(235, 128, 128, limited601) == [255, 255, 255])
    #expect(try pixel(126, 128, 128, limited709) == [128, 128, 128])
    // Red, green and blue of 75 % colour bars would be 191 each; these are the 100 % bars.
    #expect(try pixel(81, 90, 240, limited601) == [254, 0, 0])
    #expect(try pixel(145, 54, 34, limited601) == [0, 255, 1])
    #expect(try pixel(41, 240, 110, limited601) == [0, 0, 255])
    #expect(try pixel(63, 102, 240, limited709) == [255, 1, 0])
    #expect(try pixel(76, 85, 255, full601) == [254, 0, 0])
    #expect(try pixel(0, 128, 128, full601) == [0, 0, 0])
    #expect(try pixel(255, 128, 128, full601) == [255, 255, 255])
    // Values outside the range are clamped, never wrapped.
    #expect(try pixel(255, 255, 255, limited601)[0] == 255)
    #expect(try pixel(0, 0, 0, limited601)[0] == 0)
  }

  @Test(arguments: [ColorDescription.Matrix.bt601, .bt709], [ColorDescription.Range.limited, .full])
  func `every colour is the nearest level to the exact one`(
    matrix: ColorDescription.Matrix, range: ColorDescription.Range
  ) throws {
    let color = ColorDescription(matrix: matrix, range: range)
    var random = SplitMix64(seed: 11)
    let frame = randomFrame(.i444, 90, 80, color: color, using: &random)
    let whole = PixelRectangle(x: 0, y: 0, width: 90, height: 80)
    let reference = referenceSample(frame, whole, frame.size)
    // Half a level, and what 14-bit coefficients lose.
    #expect(worstDifference(try converted(frame), reference) <= 0.52)
  }

  @Test(arguments: planarFormats)
  func `each format is read by its layout, at odd sizes and with padded rows`(format: PixelFormat) throws {
    for (width, height, padding) in [(1, 1, 0), (7, 5, 0), (16, 9, 13), (33, 18, 64)] {
      var random = SplitMix64(seed: UInt64(width))
      let frame = randomFrame(format, width, height, padding: padding, using: &random)
      let whole = PixelRectangle(x: 0, y: 0, width: width, height: height)
      let difference = worstDifference(try converted(frame), referenceSample(frame, whole, frame.size))
      #expect(difference <= 0.53, "\(width)x\(height)")
    }
  }

  @Test(arguments: planarFormats)
  func `a frame that does not contain its picture is refused`(format: PixelFormat) throws {
    var random = SplitMix64(seed: 3)
    let frame = randomFrame(format, 17, 11, padding: 5, using: &random)
    var short = frame
    short.byteCount -= 1
    #expect(throws: VideoError.self) { try converted(short) }
    var lying = frame
    lying.bytes.removeLast()
    #expect(throws: VideoError.self) { try converted(lying) }
    for plane in frame.planes.indices {
      var changed = frame
      changed.planes[plane].offset = -1
      #expect(throws: VideoError.self) { try converted(changed) }
      changed.planes[plane].offset = .max
      #expect(throws: VideoError.self) { try converted(changed) }
      changed = frame
      changed.planes[plane].rowBytes = .max
      #expect(throws: VideoError.self) { try converted(changed) }
      changed.planes[plane].rowBytes = 1
      #expect(throws: VideoError.self) { try converted(changed) }
    }
    var bare = frame
    bare.planes = []
    #expect(throws: VideoError.planeCount(format: format, expected: frame.planes.count, found: 0)) {
      try converted(bare)
    }
  }

  @Test func `frames that colour conversion refuses are described`() throws {
    var random = SplitMix64(seed: 3)
    var frame = randomFrame(.nv12, 640, 480, using: &random)
    frame.byteCount = 400_000
    #expect(throws: VideoError.self) { try frame.validatePlanes() }
    do {
      try frame.validatePlanes()
    } catch {
      #expect(
        error.description
          == "a nv12 frame of 640x480 is truncated: plane 1 needs 153600 bytes and has 92800; "
          + "set cameras[].format to another one if all frames are")
    }
    frame.size = FrameSize(width: 0, height: 480)
    #expect(throws: VideoError.badSize(frame.size)) { try frame.validatePlanes() }
    frame.size = FrameSize(width: 640, height: 480)
    frame.format = .mjpeg
    #expect(throws: VideoError.notDecoded(frame.size)) { try frame.validatePlanes() }
  }
}
