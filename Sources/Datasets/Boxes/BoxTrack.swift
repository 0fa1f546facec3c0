import Foundation
import People
package import Video

/// Where the person in a recording is, a few times per second.
///
/// Boxes become squares exactly as in the live pipeline: `PersonRegion` places them, and a box takes effect one
/// interval after its frame, as a finder's answer does.
package struct BoxTrack: Equatable, Sendable {
  /// A person in one frame.
  package struct Entry: Equatable, Sendable {
    /// Number of the video frame, from 0.
    package var frame: Int
    /// In fractions of the picture.
    package var box: PictureBox

    package init(frame: Int, box: PictureBox) { (self.frame, self.box) = (frame, box) }
  }

  /// The daemon's default number of searches for people per second.
  package static let rate = 3.0

  /// In frame order.
  package let entries: [Entry]
  /// The video's frames per second.
  package let framesPerSecond: Double

  package init(_ entries: [Entry], framesPerSecond: Double) {
    self.entries = entries
    self.framesPerSecond = framesPerSecond
  }

  /// Number of frames between two searches for people.
  package static func interval(framesPerSecond: Double) -> Int { max(1, Int((framesPerSecond / rate).rounded())) }

  /// The square for a window that ends at this frame.
  ///
  /// - Parameters:
  ///   - last: the window's last frame.
  ///   - picture: the size of the pictures the square is cut from.
  /// - Returns: the square in pixels of the picture; the whole picture if nobody was found.
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
  /// Tracks the most active body of a skeleton file, or of a part of it.
  ///
  /// - Returns: `nil` if the file has no joint positions in the picture.
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
