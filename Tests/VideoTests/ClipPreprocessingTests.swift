import Basics
import Testing
import Video

struct ClipPreprocessingTests {
  private func sample(_ frame: Frame, _ preprocessing: ClipPreprocessing) throws -> [UInt8] {
    var preprocessor = FramePreprocessor(preprocessing)
    var pixels = [UInt8](repeating: 0, count: preprocessing.byteCount)
    var frame = frame
    try preprocessor.process(&frame, into: &pixels)
    return pixels
  }

  @Test func `an RGB picture of the network's size passes unchanged`() throws {
    var random = SplitMix64(seed: 5)
    let frame = randomFrame(.rgb24, 224, 224, using: &random)
    #expect(try sample(frame, ClipPreprocessing()) == frame.bytes)
  }

  @Test(arguments: planarFormats)
  func `any size, crop and region agree with a straightforward computation`(format: PixelFormat) throws {
    var random = SplitMix64(seed: 8)
    for round in 0..<14 {
      let width = Int.random(in: 1...90, using: &random)
      let height = Int.random(in: 1...70, using: &random)
      let color = ColorDescription(
        matrix: round % 2 == 0 ? .bt601 : .bt709, range: round % 3 == 0 ? .full : .limited)
      let frame = randomFrame(
        format, width, height, padding: Int.random(in: 0...9, using: &random), color: color, using: &random)
      let x = Double.random(in: 0...0.8, using: &random)
      let y = Double.random(in: 0...0.8, using: &random)
      let region =
        round < 4
        ? PictureRegion.whole
        : try PictureRegion(
          x: x, y: y, width: Double.random(in: 0.01...1 - x, using: &random),
          height: Double.random(in: 0.01...1 - y, using: &random))
      let preprocessing = ClipPreprocessing(
        size: Int.random(in: 1...24, using: &random), region: region, crop: round % 2 == 0 ? .full : .centerSquare)
      let reference = referenceSample(
        frame, preprocessing.rectangle(in: frame.size),
        FrameSize(width: preprocessing.size, height: preprocessing.size))
      let difference = worstDifference(try sample(frame, preprocessing), reference)
      #expect(difference <= 0.6, "round \(round): \(frame.size) to \(preprocessing)")
    }
  }

  @Test func `shrinking by exactly two averages, by less interpolates at half-pixel centres`() throws {
    var frame = Frame()
    frame.format = .rgb24
    frame.size = FrameSize(width: 4, height: 4)
    frame.bytes = (0..<16).flatMap { (index) in [UInt8](repeating: UInt8(index * 10), count: 3) }
    frame.byteCount = 48
    frame.planes = [Frame.Plane(offset: 0, rowBytes: 12)]
    let halved = try sample(frame, ClipPreprocessing(size: 2))
    #expect(stride(from: 0, to: 12, by: 3).map { halved[$0] } == [25, 45, 105, 125])
    let third = try sample(frame, ClipPreprocessing(size: 3))
    // Centres at 1/6, 1.5 and 2 5/6 of a pixel: 10 * (4 y + x).
    #expect(stride(from: 0, to: 27, by: 3).map { third[$0] } == [8, 22, 35, 62, 75, 88, 115, 128, 142])
  }

  @Test func `the centre square keeps the aspect ratio and the whole picture is stretched`() {
    let picture = FrameSize(width: 640, height: 480)
    #expect(
      ClipPreprocessing(crop: .full).rectangle(in: picture) == PixelRectangle(x: 0, y: 0, width: 640, height: 480))
    #expect(
      ClipPreprocessing(crop: .centerSquare).rectangle(in: picture)
        == PixelRectangle(x: 80, y: 0, width: 480, height: 480))
  }

  @Test func `a region is the same in pixels and in fractions`() throws {
    let picture = FrameSize(width: 640, height: 480)
    let asked = PixelRectangle(x: 33, y: 7, width: 211, height: 401)
    #expect(try PictureRegion(pixels: asked, of: picture).rectangle(in: picture) == asked)
    #expect(throws: VideoError.self) { try PictureRegion(x: 0.5, y: 0, width: 0.6, height: 1) }
    #expect(throws: VideoError.self) { try PictureRegion(x: .nan, y: 0, width: 0.6, height: 1) }
    #expect(throws: VideoError.self) { try PictureRegion(x: 0, y: 0, width: 0, height: 1) }
  }

  @Test func `a picture reduced as far as allowed is never enlarged`() throws {
    #expect(
      ClipPreprocessing().minimumDecodedSize(of: FrameSize(width: 640, height: 480))
        == FrameSize(width: 224, height: 224))
    var random = SplitMix64(seed: 21)
    for _ in 0..<300 {
      let picture = FrameSize(
        width: Int.random(in: 2...2000, using: &random), height: Int.random(in: 2...2000, using: &random))
      let x = Double.random(in: 0...0.7, using: &random)
      let preprocessing = ClipPreprocessing(
        size: 224, region: try PictureRegion(x: x, y: 0.1, width: 1 - x, height: 0.8),
        crop: Bool.random(using: &random) ? .full : .centerSquare)
      let least = preprocessing.minimumDecodedSize(of: picture)
      for divisor in [2, 4, 8] {
        let reduced = FrameSize(
          width: (picture.width + divisor - 1) / divisor, height: (picture.height + divisor - 1) / divisor)
        guard reduced.width >= least.width, reduced.height >= least.height else { continue }
        let used = preprocessing.rectangle(in: reduced)
        #expect(used.width >= 224 && used.height >= 224, "\(picture) by \(divisor), \(preprocessing)")
      }
    }
  }

  @Test func `the same preprocessor adapts to a change of size and format`() throws {
    var random = SplitMix64(seed: 2)
    var preprocessor = FramePreprocessor(ClipPreprocessing(size: 32))
    for (format, width) in [(PixelFormat.yuyv, 64), (.nv12, 64), (.nv12, 48), (.yuyv, 64)] {
      var frame = randomFrame(format, width, 50, using: &random)
      var pixels = [UInt8](repeating: 0, count: 32 * 32 * 3)
      try preprocessor.process(&frame, into: &pixels)
      #expect(pixels == (try sample(frame, ClipPreprocessing(size: 32))))
    }
  }
}
