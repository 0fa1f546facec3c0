/// A rectangle around something in a picture, in fractions of the picture's width and height.
///
/// It may extend beyond the picture, for example around a person at the edge.
package struct PictureBox: Hashable, Sendable {
  /// The left edge.
  package var x: Double
  /// The upper edge.
  package var y: Double
  package var width: Double
  package var height: Double

  package init(x: Double, y: Double, width: Double, height: Double) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  package static let whole = PictureBox(x: 0, y: 0, width: 1, height: 1)

  package var right: Double { x + width }
  package var bottom: Double { y + height }
  package var centerX: Double { x + width / 2 }
  package var centerY: Double { y + height / 2 }
  package var area: Double { max(0, width) * max(0, height) }

  package var isFinite: Bool { x.isFinite && y.isFinite && width.isFinite && height.isFinite }

  /// The common part; `nil` if they do not touch.
  package func intersection(_ other: PictureBox) -> PictureBox? {
    let (left, top) = (max(x, other.x), max(y, other.y))
    let (right, bottom) = (min(right, other.right), min(bottom, other.bottom))
    guard right > left, bottom > top else { return nil }
    return PictureBox(x: left, y: top, width: right - left, height: bottom - top)
  }

  /// Intersection over union, 0 to 1.
  package func overlap(_ other: PictureBox) -> Double {
    let shared = intersection(other)?.area ?? 0
    let union = area + other.area - shared
    return union > 0 ? shared / union : 0
  }

  /// True if no part of `other` lies outside.
  package func contains(_ other: PictureBox) -> Bool {
    other.x >= x && other.y >= y && other.right <= right && other.bottom <= bottom
  }

  /// The part within the picture; `nil` for a box that lies outside, is empty or not finite.
  package var inPicture: PictureBox? { isFinite ? intersection(.whole) : nil }
}

/// Where something was found, and the finder's confidence.
package struct ScoredBox: Hashable, Sendable {
  package var box: PictureBox
  /// 0 to 1.
  package var score: Float

  package init(box: PictureBox, score: Float) {
    (self.box, self.score) = (box, score)
  }
}
