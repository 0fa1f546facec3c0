package import Video

/// The square region shown to the network for one person; it stays in place as long as possible.
///
/// If the square followed every box, a still room would appear to move, which a network mistakes for motion. So it
/// stays exactly in place while the person's recent extent lies inside it and it is not much larger than needed;
/// otherwise it is moved once, centred on that extent.
///
/// Pure: time comes with the boxes.
package struct PersonRegion: Sendable {
  package struct Options: Equatable, Sendable {
    /// How long a box counts as recent, in seconds.
    package var extentSeconds = 1.0
    /// How many times larger than needed the square may be.
    package var slack = 1.8

    package init() {}
  }

  private let options: Options
  private var recent: [(time: Duration, box: PictureBox)] = []
  private var placed: (rectangle: PixelRectangle, picture: FrameSize)?
  /// How often the square was placed, including the first time.
  package private(set) var placements = 0

  package init(_ options: Options = Options()) {
    self.options = options
  }

  /// Takes the person's next box, and returns the region of a picture of size `picture`.
  ///
  /// A box that is not finite or lies outside the picture changes nothing; if it is the first, the region is the whole
  /// picture.
  package mutating func update(_ box: PictureBox, at time: Duration, picture: FrameSize) -> PixelRectangle {
    recent.removeAll { (time - $0.time) / .seconds(1) >= options.extentSeconds }
    if let visible = box.inPicture { recent.append((time, visible)) }
    let current = placed.flatMap { $0.picture == picture ? $0.rectangle : nil }
    guard let first = recent.first?.box else { return current ?? .whole(picture) }

    let extent = recent.dropFirst().reduce(first) { $0.union($1.box) }
    let wanted = Self.square(around: extent, in: picture)
    if let current, current.contains(extent, of: picture),
      Double(current.side) <= options.slack * Double(wanted.side)
    {
      return current
    }
    placed = (wanted, picture)
    placements += 1
    return wanted
  }
}

extension PersonRegion {
  /// The square's side relative to the box's, and an additional margin relative to the picture's height.
  private static let (margin, border) = (1.3, 8.0 / 168)
  /// A smaller square would not show a person.
  private static let smallest = 16

  /// The square around a box that a network sees, in training and live.
  ///
  /// Its side is 1.3 times the longer side of the box plus 8 pixels per 168 rows of the picture, at least 16 pixels. It
  /// is shifted into the picture. If it is larger than the picture, it is clipped and no longer square; its contents
  /// are then stretched, as with `Crop.full`. A box that is not finite or lies outside the picture gives the whole
  /// picture.
  package static func square(around box: PictureBox, in picture: FrameSize) -> PixelRectangle {
    guard let box = box.inPicture else { return .whole(picture) }
    let (width, height) = (Double(picture.width), Double(picture.height))
    let side = margin * max(box.width * width, box.height * height) + border * height
    let pixels = max(Int(side.rounded(.up)), smallest)
    let columns = span(around: box.centerX * width, length: pixels, of: picture.width)
    let rows = span(around: box.centerY * height, length: pixels, of: picture.height)
    return PixelRectangle(x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count)
  }

  private static func span(around center: Double, length: Int, of count: Int) -> Range<Int> {
    let length = min(length, count)
    let start = Int((center - Double(length) / 2).rounded())
    let shifted = min(max(start, 0), count - length)
    return shifted..<shifted + length
  }
}

extension PixelRectangle {
  fileprivate static func whole(_ picture: FrameSize) -> PixelRectangle {
    PixelRectangle(x: 0, y: 0, width: picture.width, height: picture.height)
  }

  fileprivate var side: Int { max(width, height) }

  fileprivate func contains(_ box: PictureBox, of picture: FrameSize) -> Bool {
    let (columns, rows) = (Double(picture.width), Double(picture.height))
    // A millionth of a pixel: what rounding may cost a box at the picture's edge.
    let own = PictureBox(
      x: Double(x) - 1e-6, y: Double(y) - 1e-6, width: Double(width) + 2e-6, height: Double(height) + 2e-6)
    return own.contains(
      PictureBox(x: box.x * columns, y: box.y * rows, width: box.width * columns, height: box.height * rows))
  }
}

extension PictureBox {
  /// The smallest box around both.
  fileprivate func union(_ other: PictureBox) -> PictureBox {
    let (left, top) = (min(x, other.x), min(y, other.y))
    return PictureBox(
      x: left, y: top, width: max(right, other.right) - left, height: max(bottom, other.bottom) - top)
  }
}
