import Capture
import Video

/// The part of a recording's pictures that a network sees.
package enum ClipRegion: String, Sendable, CaseIterable, Codable {
  /// The square around the person, as the daemon cuts it for each person.
  case person
  /// The whole picture.
  case scene
}

/// Cuts the windows' pictures from a recording's frames while it is decoded.
struct WindowCutter {
  /// Where the person is, once the pictures' size is known; `nil` if nobody was found.
  typealias Boxes = (_ picture: FrameSize) throws(DatasetError) -> BoxTrack?

  /// The part of a picture that one or more windows show.
  private struct Cut {
    var frames: Set<Int>
    var preprocessor: FramePreprocessor
    var pictures: [Int: [UInt8]] = [:]
  }

  let windows: [[Int]]
  private let preprocessing: ClipPreprocessing
  private let variation: ClipVariation?
  private let boxes: Boxes?
  /// Turns whole pictures into working pictures, from which people are cut as in the daemon.
  private var working: FramePreprocessor
  private var workingFrame = Frame()
  /// One per window for people, a single one for scenes; empty before the first frame.
  private var cuts: [Cut] = []

  /// - Parameters:
  ///   - windows: the frames of each window.
  ///   - preprocessing: the output size, and the part of the scene to show.
  ///   - variation: how the training clip is varied.
  ///   - boxes: locates the person; `nil` shows the scene.
  init(
    _ windows: [[Int]], _ preprocessing: ClipPreprocessing, _ variation: ClipVariation?, boxes: Boxes?
  ) {
    self.windows = windows
    self.preprocessing = preprocessing
    self.variation = variation
    self.boxes = boxes
    working = FramePreprocessor(.working(WorkingPicture(region: preprocessing.region, mask: preprocessing.mask)))
  }

  /// Frames that some window needs.
  var wanted: Set<Int> { Set(windows.joined()) }

  /// Whether every window has all its pictures.
  var isComplete: Bool { !cuts.isEmpty && cuts.allSatisfy { $0.pictures.count == $0.frames.count } }

  /// Prepares a wanted frame for every window that shows it.
  ///
  /// - Parameters:
  ///   - frame: the picture; masked parts become black.
  ///   - index: its frame number.
  ///   - path: the recording's path, for messages.
  /// - Throws: `DatasetError` if the frame does not contain its picture, or what `boxes` throws.
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

  /// Like `take`, for a frame that is already a working picture.
  ///
  /// - Parameters:
  ///   - frame: the working picture.
  ///   - picture: the size of the whole picture.
  ///   - index: its frame number.
  ///   - path: the recording's path, for messages.
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
