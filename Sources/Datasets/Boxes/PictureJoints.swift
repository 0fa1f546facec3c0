import Foundation
import Video

/// Joints as pixels of the colour picture, as a skeleton file gives them beside the poses in space.
struct PictureJoints: Equatable, Sendable {
  /// The picture whose pixels these are; `nil` for the video's own.
  var picture: FrameSize?
  /// By frame and slot; a slot without pixels is empty.
  var frames: [[[SIMD2<Float>]]] = []

  init(picture: FrameSize?) { self.picture = picture }

  /// What a body has beyond its outermost joints, as a share of their extent's longer side: the top of the head, hands,
  /// feet and clothes.
  private static let flesh = 0.08

  /// The box around a body, in fractions of the picture.
  ///
  /// Joints that are no numbers, or lie further out than the picture is wide, are a tracker's errors and do not count.
  ///
  /// - Parameters:
  ///   - frame: number of the frame.
  ///   - slot: whose.
  ///   - video: size of the video's pictures.
  /// - Returns: `nil` where fewer than two joints count.
  func box(_ frame: Int, _ slot: Int, video: FrameSize) -> PictureBox? {
    guard frames.indices.contains(frame), frames[frame].indices.contains(slot) else { return nil }
    let picture = picture ?? video
    let (width, height) = (Double(picture.width), Double(picture.height))
    let places = frames[frame][slot].map { SIMD2(Double($0.x) / width, Double($0.y) / height) }
      .filter { (-1...2).contains($0.x) && (-1...2).contains($0.y) }
    guard places.count > 1, let left = places.map(\.x).min(), let right = places.map(\.x).max(),
      let top = places.map(\.y).min(), let bottom = places.map(\.y).max()
    else { return nil }
    // In pixels, as a body is as thick in height as in width.
    let edge = Self.flesh * max((right - left) * width, (bottom - top) * height)
    let (x, y) = (edge / width, edge / height)
    return PictureBox(x: left - x, y: top - y, width: right - left + 2 * x, height: bottom - top + 2 * y)
  }
}
