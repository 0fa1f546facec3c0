import Foundation
import People
package import Video

/// Where the person of a recording is, a few times a second.
///
/// Boxes become squares exactly as in the live pipeline: `PersonRegion` places them, and a box counts one interval after
/// its frame, as a finder's answer does.
package struct BoxTrack: Equatable, Sendable {
  /// A person in one frame.
  package struct Entry: Equatable, Sendable {
    /// Number of the video frame, from 0.
    package var frame: Int
    /// In fractions of the picture.
    package var box: PictureBox

    package init(frame: Int, box: PictureBox) { (self.frame, self.box) = (frame, box) }
  }

  /// How often the daemon looks for people unless it is told otherwise, a second.
  package static let rate = 3.0

  /// In order of frames.
  package let entries: [Entry]
  /// Frames a second of the video.
  package let framesPerSecond: Double

  package init(_ entries: [Entry], framesPerSecond: Double) {
    self.entries = entries
    self.framesPerSecond = framesPerSecond
  }

  /// Frames from one picture in which people are looked for to the next.
  package static func interval(framesPerSecond: Double) -> Int { max(1, Int((framesPerSecond / rate).rounded())) }

  /// The square for a window that ends with a frame.
  ///
  /// - Parameters:
  ///   - last: the window's last frame.
  ///   - picture: size of the pictures that squares are cut from.
  /// - Returns: the square in pixels of the picture; all of it where nobody was found.
  package func square(upTo last: Int, in picture: FrameSize) -> PixelRectangle {
    let counting = last - Self.interval(framesPerSecond: framesPerSecond)
    var region = PersonRegion()
    var square: PixelRectangle?
    for entry in entries where entry.frame <= counting || square == nil {
      let time = Duration.seconds(Double(entry.frame) / framesPerSecond)
      square = region.update(entry.box, at: time, picture: picture)
    }
    return square ?? PixelRectangle(x: 0, y: 0, width: picture.width, height: picture.height)
  }
}

extension BoxTrack {
  /// The most active body of a skeleton file, or of a part of it.
  ///
  /// - Returns: `nil` where the file has no places in the picture.
  init?(_ contents: SkeletonFile.Contents, video: FrameSize, framesPerSecond: Double, part: Range<Int>? = nil) {
    let poses = part.map { contents.poses.frames($0.clamped(to: 0..<contents.poses.frameCount)) } ?? contents.poses
    guard let places = contents.places, let slot = poses.mostActive(1).first else { return nil }
    let step = Self.interval(framesPerSecond: framesPerSecond)
    let entries = stride(from: 0, to: places.frames.count, by: step).compactMap { frame in
      places.box(frame, slot, video: video).map { Entry(frame: frame, box: $0) }
    }
    guard !entries.isEmpty else { return nil }
    self.init(entries, framesPerSecond: framesPerSecond)
  }
}
