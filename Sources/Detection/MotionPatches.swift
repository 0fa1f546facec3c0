import Video

/// Turns patches of foreground into people.
enum MotionPatches {
  /// A patch, or several that belong together; right and bottom edges are exclusive.
  struct Patch: Hashable {
    var (left, top, right, bottom): (Int, Int, Int, Int)
    /// Number of foreground pixels, and of those that differ from the last picture's.
    var (area, moving): (Int, Int)

    init(left: Int, top: Int, right: Int, bottom: Int, area: Int, moving: Int) {
      (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
      (self.area, self.moving) = (area, moving)
    }

    /// Whether a fiftieth of it moves: somebody who does anything, but not the hole that somebody left in the background.
    var moves: Bool { moving * 50 >= area }

    var width: Int { right - left }
    var height: Int { bottom - top }

    func joined(_ other: Patch) -> Patch {
      Patch(
        left: min(left, other.left), top: min(top, other.top), right: max(right, other.right),
        bottom: max(bottom, other.bottom), area: area + other.area, moving: moving + other.moving)
    }

    /// True for overlapping patches, and for one slightly above the other, such as a head above a shirt that is as dark
    /// as the wall.
    func belongs(with other: Patch, gap: Int) -> Bool {
      let across = min(right, other.right) - max(left, other.left)
      let down = min(bottom, other.bottom) - max(top, other.top)
      if across > 0, down > 0 { return true }
      return down > -gap && 2 * across >= min(width, other.width)
    }
  }

  /// The least score of a patch in which nothing moves: it shows where somebody is who kept still, but starts nobody.
  static let stillScore: Float = 0.3

  /// Joins fragments and drops what cannot be a person.
  static func people(_ patches: [Patch], in size: FrameSize) -> [ScoredBox] {
    let pixels = size.width * size.height
    // Specks would join unrelated patches; 60 fragments are more people than a room holds.
    var parts = patches.filter { $0.area * 1000 >= pixels }.sorted { $0.area > $1.area }
    parts = Array(parts.prefix(60))
    let gap = max(2, size.height / 12)
    while let (first, second) = pair(in: parts, gap: gap) {
      parts[first] = parts[first].joined(parts[second])
      parts.remove(at: second)
    }
    let boxes = parts.compactMap { part -> ScoredBox? in
      let area = part.width * part.height
      // More than four times as wide as high: a door's shadow; more than six times as high as wide: a curtain.
      guard area * 100 >= pixels, part.width <= 4 * part.height, part.height <= 6 * part.width else { return nil }
      let box = PictureBox(
        x: Double(part.left) / Double(size.width), y: Double(part.top) / Double(size.height),
        width: Double(part.width) / Double(size.width), height: Double(part.height) / Double(size.height))
      let filled = min(1, Float(part.area) / Float(area))
      return ScoredBox(box: box, score: part.moves ? 0.6 + 0.3 * filled : stillScore + 0.1 * filled)
    }
    return Array(boxes.sorted { $0.score > $1.score }.prefix(FinderLimits.boxes))
  }

  private static func pair(in parts: [Patch], gap: Int) -> (Int, Int)? {
    for first in parts.indices {
      for second in parts.indices.dropFirst(first + 1) where parts[first].belongs(with: parts[second], gap: gap) {
        return (first, second)
      }
    }
    return nil
  }
}
