import Foundation
import Video

/// Joints in pixels of the colour picture, as skeleton files give them in addition to the 3-D poses.
struct PictureJoints: Equatable, Sendable {
  /// The size of the picture that the pixels refer to; `nil` for the video's own.
  var picture: FrameSize?
  /// Indexed by frame and slot; empty if a slot has no pixels.
  var frames: [[[SIMD2<Float>]]] = []

  init(picture: FrameSize?) { self.picture = picture }

  /// How far a body extends beyond its outermost joints, as a fraction of their longer extent: the top of the head,
  /// hands, feet and clothes.
  private static let flesh = 0.08

  /// The box around a body, in fractions of the picture.
  ///
  /// Joints that are not finite, or lie further outside than the picture is wide, are tracking errors and ignored.
  ///
  /// - Parameters:
  ///   - frame: frame number.
  ///   - slot: the body's slot.
  ///   - video: the size of the video's pictures.
  /// - Returns: `nil` if fewer than two usable joints remain.
  func box(_ frame: Int, _ slot: Int, video: FrameSize) -> PictureBox? {
    guard frames.indices.contains(frame), frames[frame].indices.contains(slot) else { return nil }
    let picture = picture ?? video
    let (width, height) = (Double(picture.width), Double(picture.height))
    let places = frames[frame][slot].map { SIMD2(Double($0.x) / width, Double($0.y) / height) }
      .filter { (-1...2).contains($0.x) && (-1...2).contains($0.y) }
    guard places.count > 1, let left = places.map(\.x).min(), let right = places.map(\.x).max(),
      let top = places.map(\.y).min(), let bottom = places.map(\.y).max()
    else { return nil }
    // In pixels, so that the margin is the same in both directions.
    let edge = Self.flesh * max((right - left) * width, (bottom - top) * height)
    let (x, y) = (edge / width, edge / height)
    return PictureBox(x: left - x, y: top - y, width: right - left + 2 * x, height: bottom - top + 2 * y)
  }
}
