import Capture
import Video

/// What of a recording's pictures a network looks at.
package enum ClipRegion: String, Sendable, CaseIterable, Codable {
  /// The square around the person, as the daemon cuts it for each person.
  case person
  /// The whole picture.
  case scene
}

/// Cuts what windows show out of a recording's frames while it is decoded.
struct WindowCutter {
  /// Where the person is, once the pictures' size is known; `nil` where nobody was found.
  typealias Boxes = (_ picture: FrameSize) throws(DatasetError) -> BoxTrack?

  /// The part of a picture that one window, or several, look at.
  private struct Cut {
    var frames: Set<Int>
    var preprocessor: FramePreprocessor
    var pictures: [Int: [UInt8]] = [:]
  }

  let windows: [[Int]]
  private let preprocessing: ClipPreprocessing
  private let variation: ClipVariation?
  private let boxes: Boxes?
  /// Whole picture to working picture, from which people are cut as in the daemon.
  private var working: FramePreprocessor
  private var workingFrame = Frame()
  /// One for each window where people are looked at, one for all of a scene's; empty before the first frame.
  private var cuts: [Cut] = []

  /// - Parameters:
  ///   - windows: frames of each window.
  ///   - preprocessing: size, and what of the scene is looked at.
  ///   - variation: of training clips.
  ///   - boxes: where the person is; `nil` looks at the scene.
  init(
    _ windows: [[Int]], _ preprocessing: ClipPreprocessing, _ variation: ClipVariation?, boxes: Boxes?
  ) {
    self.windows = windows
    self.preprocessing = preprocessing
    self.variation = variation
    self.boxes = boxes
    working = FramePreprocessor(.working(WorkingPicture(region: preprocessing.region, mask: preprocessing.mask)))
  }

  /// Frames that some window shows.
  var wanted: Set<Int> { Set(windows.joined()) }

  /// Whether every window has all its pictures.
  var isComplete: Bool { !cuts.isEmpty && cuts.allSatisfy { $0.pictures.count == $0.frames.count } }

  /// Prepares a wanted frame for every window that shows it.
  ///
  /// - Parameters:
  ///   - frame: the picture; what is masked becomes black.
  ///   - index: its number.
  ///   - path: of the recording, for messages.
  /// - Throws: `DatasetError` when the frame does not hold its picture, or what `boxes` throws.
  mutating func take(_ frame: inout Frame, _ index: Int, path: String) throws(DatasetError) {
    try reporting(index, path) { cutter in
      guard cutter.boxes != nil else {
        if cutter.cuts.isEmpty { try cutter.placeScene(in: frame.size) }
        return try Self.cut(&frame, index, &cutter.cuts)
      }
      let size = cutter.working.picture.size(of: frame.size)
      cutter.workingFrame.layOut(.rgb24, size, color: frame.color)
      try cutter.working.process(&frame, into: &cutter.workingFrame.bytes)
      try cutter.placePerson(of: frame.size, in: size)
      try Self.cut(&cutter.workingFrame, index, &cutter.cuts)
    }
  }

  /// As `take`, of a frame that is a working picture already.
  ///
  /// - Parameters:
  ///   - frame: the working picture.
  ///   - picture: size of the whole picture.
  ///   - index: its number.
  ///   - path: of the recording, for messages.
  /// - Throws: as `take`.
  mutating func take(working frame: inout Frame, of picture: FrameSize, _ index: Int, path: String) throws(DatasetError)
  {
    precondition(boxes != nil, "scenes are cut from whole pictures")
    try reporting(index, path) { cutter in
      try cutter.placePerson(of: picture, in: frame.size)
      try Self.cut(&frame, index, &cutter.cuts)
    }
  }

  private mutating func reporting(_ index: Int, _ path: String, _ body: (inout WindowCutter) throws -> Void)
    throws(DatasetError)
  {
    do {
      try body(&self)
    } catch let error as VideoError {
      throw .unreadable(path: path, reason: "frame \(index): \(error)")
    } catch let error as DatasetError {
      throw error
    } catch {
      preconditionFailure("nothing else is thrown: \(error)")
    }
  }

  /// A window's pictures, [T, size, size, 3].
  func pixels(of window: Int) -> [UInt8] {
    let cut = cuts[min(window, cuts.count - 1)]
    var pixels: [UInt8] = []
    pixels.reserveCapacity(windows[window].count * preprocessing.byteCount)
    for index in windows[window] { pixels += cut.pictures[index] ?? [] }
    variation?.apply(to: &pixels, size: preprocessing.size)
    return pixels
  }

  private static func cut(_ frame: inout Frame, _ index: Int, _ cuts: inout [Cut]) throws(VideoError) {
    for place in cuts.indices where cuts[place].frames.contains(index) {
      var pixels: [UInt8] = []
      try cuts[place].preprocessor.process(&frame, into: &pixels)
      cuts[place].pictures[index] = pixels
    }
  }

  private mutating func placePerson(of picture: FrameSize, in working: FrameSize) throws {
    guard cuts.isEmpty, let boxes else { return }
    try place(boxes(picture), in: working)
  }

  private mutating func place(_ track: BoxTrack?, in picture: FrameSize) throws(VideoError) {
    cuts = try windows.map { window throws(VideoError) in
      let square =
        track?.square(upTo: window.max() ?? 0, in: picture)
        ?? PixelRectangle(x: 0, y: 0, width: picture.width, height: picture.height)
      return try cut(Set(window), square, picture, mask: .none)
    }
  }

  private mutating func placeScene(in picture: FrameSize) throws(VideoError) {
    guard variation != nil else {
      cuts = [Cut(frames: wanted, preprocessor: FramePreprocessor(preprocessing))]
      return
    }
    let seen = preprocessing.rectangle(in: picture)
    cuts = [try cut(wanted, seen, picture, mask: preprocessing.mask)]
  }

  private func cut(_ frames: Set<Int>, _ rectangle: PixelRectangle, _ picture: FrameSize, mask: PrivacyMask)
    throws(VideoError) -> Cut
  {
    let varied = variation?.region(rectangle, in: picture) ?? rectangle
    var preprocessing = try ClipPreprocessing(size: preprocessing.size, square: varied, of: picture)
    preprocessing.mask = mask
    return Cut(frames: frames, preprocessor: FramePreprocessor(preprocessing))
  }
}
