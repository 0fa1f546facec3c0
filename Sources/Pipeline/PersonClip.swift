import Video

/// The samples of one person's square, cut from the camera's working pictures.
///
/// While the square stays in place, only pictures added since the last window are cut.
struct PersonClip: Sendable {
  private var ring: FrameRing
  private var motion: MotionMeter
  private var pixels: [UInt8] = []
  private var square: PixelRectangle?
  private var cutter: FramePreprocessor?
  private var run: Int?
  private var lastSample = 0

  init(_ options: PipelineOptions) {
    ring = FrameRing(capacity: options.frames, size: options.size)
    motion = MotionMeter(size: options.size)
  }

  static func byteCount(_ options: PipelineOptions) -> Int { options.frames * options.size * options.size * 3 }

  /// Cuts the new pictures, or all if the square moved; `pictures` must not be empty.
  ///
  /// - Throws: never for pictures from our own ring.
  mutating func update(from pictures: PictureRing, square: PixelRectangle) throws(VideoError) {
    let newest = pictures.picture(age: 0).sample.index
    var missing = newest - lastSample
    if square != self.square || run != pictures.run || missing >= pictures.count {
      missing = pictures.count
      ring.removeAll()
      motion.reset()
      cutter = FramePreprocessor(try ClipPreprocessing(size: ring.size, square: square, of: pictures.size))
    }
    (self.square, run, lastSample) = (square, pictures.run, newest)
    for age in (0..<missing).reversed() {
      var (sample, frame) = pictures.picture(age: age)
      try cutter?.process(&frame, into: &pixels)
      sample.motion = motion.difference(of: pixels)
      ring.append(sample, picture: pixels)
    }
  }

  func copy(into window: inout ClipWindow) { ring.copyWindow(into: &window) }
}
