import Basics
import Testing

@testable import Video

@Suite struct Orientations {
  /// Rotates a picture with one number per pixel, in the simplest way.
  private func turned(_ rows: [[Int]], _ orientation: Orientation) -> [[Int]] {
    var rows = orientation.isMirrored ? rows.map { $0.reversed() } : rows
    for _ in 0..<orientation.quarterTurns {
      rows = rows[0].indices.map { (column) in rows.reversed().map { $0[column] } }
    }
    return rows
  }

  /// As defined by EXIF: row 0 of the stored picture is shown at the top, top, bottom, bottom, left, right, right,
  /// left.
  @Test(arguments: [
    (1, [[1, 2, 3], [4, 5, 6]]), (2, [[3, 2, 1], [6, 5, 4]]), (3, [[6, 5, 4], [3, 2, 1]]),
    (4, [[4, 5, 6], [1, 2, 3]]),
    (5, [[1, 4], [2, 5], [3, 6]]), (6, [[4, 1], [5, 2], [6, 3]]), (7, [[6, 3], [5, 2], [4, 1]]),
    (8, [[3, 6], [2, 5], [1, 4]]),
  ])
  func `EXIF's eight orientations are read`(number: Int, shown: [[Int]]) throws {
    let orientation = try #require(Orientation(exif: number))
    #expect(turned([[1, 2, 3], [4, 5, 6]], orientation) == shown)
    #expect(
      orientation.size(of: FrameSize(width: 3, height: 2)) == FrameSize(width: shown[0].count, height: shown.count))
    for (y, row) in [[1, 2, 3], [4, 5, 6]].enumerated() {
      for (x, value) in row.enumerated() {
        let place = orientation.place(x, y, right: 2, bottom: 1)
        #expect(shown[place.y][place.x] == value)
      }
    }
  }

  @Test func `EXIF orientations outside 1 to 8 are ignored`() {
    #expect(Orientation(exif: 0) == nil)
    #expect(Orientation(exif: 9) == nil)
  }

  @Test(arguments: Orientation.allCases, Orientation.allCases)
  func `two consecutive orientations equal one of the eight`(first: Orientation, second: Orientation) {
    let rows = [[1, 2, 3], [4, 5, 6]]
    #expect(turned(turned(rows, first), second) == turned(rows, first.followed(by: second)))
    #expect(first.followed(by: first.inverse) == .upright)
  }

  @Test(arguments: Orientation.allCases) func `a display matrix gives each orientation, even if slightly rotated`(
    orientation: Orientation
  ) {
    let origin = orientation.place(0.0, 0.0, right: 0, bottom: 0)
    let right = orientation.place(1.0, 0.0, right: 0, bottom: 0)
    let down = orientation.place(0.0, 1.0, right: 0, bottom: 0)
    let (column, row) = ((right.x - origin.x, right.y - origin.y), (down.x - origin.x, down.y - origin.y))
    #expect(Orientation(column: column, row: row) == orientation)
    let leaning = (x: column.0 + 0.2 * row.0, y: column.1 + 0.2 * row.1)
    #expect(Orientation(column: leaning, row: (row.0 - 0.2 * column.0, row.1 - 0.2 * column.1)) == orientation)
  }

  @Test func `a degenerate display matrix rotates nothing`() {
    #expect(Orientation(column: (0, 0), row: (0, 0)) == .upright)
    #expect(Orientation(column: (1, 1), row: (2, 2)) == .upright)
    #expect(Orientation(column: (.nan, 1), row: (2, 2)) == .upright)
  }

  /// The picture in RGB, rotated in the simplest way, as a frame that needs no rotation.
  private func upright(_ frame: Frame, _ orientation: Orientation) throws -> Frame {
    var stored = frame
    stored.orientation = .upright
    let pixels = try converted(stored)
    let numbers = (0..<frame.size.height).map { (y) in (0..<frame.size.width).map { y * frame.size.width + $0 } }
    var result = Frame()
    result.format = .rgb24
    result.size = orientation.size(of: frame.size)
    result.bytes = turned(numbers, orientation).joined().flatMap { pixels[3 * $0..<3 * $0 + 3] }
    result.byteCount = result.bytes.count
    result.planes = [Frame.Plane(offset: 0, rowBytes: 3 * result.size.width)]
    return result
  }

  @Test(arguments: planarFormats, Orientation.allCases)
  func `a rotated frame gives the same picture as one rotated beforehand`(format: PixelFormat, orientation: Orientation)
    throws
  {
    var random = SplitMix64(seed: 5)
    var frame = randomFrame(format, 13, 9, padding: 3, using: &random)
    let expected = try upright(frame, orientation)
    frame.orientation = orientation
    var resampler = Resampler(
      format, frame.size, orientation: orientation,
      rectangle: PixelRectangle(x: 0, y: 0, width: expected.size.width, height: expected.size.height),
      output: expected.size)
    var pixels = [UInt8](repeating: 0, count: expected.byteCount)
    try resampler.resample(frame, into: &pixels)
    #expect(pixels == expected.bytes)
  }

  @Test(arguments: Orientation.allCases, [SamplePicture.clip(ClipPreprocessing(size: 16)), .working(WorkingPicture())])
  func `the mask and region refer to the upright picture`(orientation: Orientation, kind: SamplePicture) throws {
    let region = try PictureRegion(x: 0.1, y: 0.3, width: 0.6, height: 0.5)
    let mask = try PrivacyMask(polygons: [[.init(x: 0.2, y: 0.2), .init(x: 0.7, y: 0.4), .init(x: 0.3, y: 0.6)]])
    let picture: SamplePicture =
      switch kind {
      case .clip(let clip): .clip(ClipPreprocessing(size: clip.size, region: region, mask: mask))
      case .working: .working(WorkingPicture(region: region, mask: mask))
      }
    var random = SplitMix64(seed: 8)
    for size in [FrameSize(width: 40, height: 30), FrameSize(width: 51, height: 37)] {
      var frame = randomFrame(.rgb24, size.width, size.height, using: &random)
      var expected = try upright(frame, orientation)
      frame.orientation = orientation
      var (ours, theirs) = ([UInt8](), [UInt8]())
      var (first, second) = (FramePreprocessor(picture), FramePreprocessor(picture))
      #expect(try first.process(&frame, into: &ours) == second.process(&expected, into: &theirs))
      // The last rounding depends on the direction resampled first.
      #expect(worstDifference(ours, theirs.map(Double.init)) <= 1)
      let black = [ours, theirs].map { (pixels) in pixels.indices.filter { pixels[$0] == 0 } }
      #expect(black[0].count > 10 && black[0] == black[1])
    }
  }

  @Test func `the camera's mounting is applied after the frame's own orientation`() throws {
    var random = SplitMix64(seed: 9)
    let (own, mounting) = (Orientation(quarterTurns: 1), Orientation(isMirrored: true))
    var frame = randomFrame(.rgb24, 8, 6, using: &random)
    frame.orientation = own
    var preprocessor = FramePreprocessor(.working(WorkingPicture()), mounting: mounting)
    var pixels: [UInt8] = []
    #expect(try preprocessor.process(&frame, into: &pixels) == FrameSize(width: 6, height: 8))
    #expect(pixels == (try upright(frame, own.followed(by: mounting))).bytes)
  }
}
