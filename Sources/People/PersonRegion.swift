package import Video

/// The part of the picture that is looked at for one person, and stays put for as long as it can.
///
/// A square that followed every box would make a still room move, which a network takes for motion. So it stays exactly
/// as it is while the person's recent extent lies inside and it isn't much larger than wanted; then it moves once,
/// centred on that extent.
///
/// Pure: time comes with the boxes.
package struct PersonRegion: Sendable {
  package struct Options: Equatable, Sendable {
    /// How long a box counts as recent, in seconds.
    package var extentSeconds = 1.0
    /// How many times larger than wanted the square may be.
    package var slack = 1.8

    package init() {}
  }

  private let options: Options
  private var recent: [(time: Duration, box: PictureBox)] = []
  private var placed: (rectangle: PixelRectangle, picture: FrameSize)?
  /// How often the square was placed anew, the first time included.
  package private(set) var placements = 0

  package init(_ options: Options = Options()) {
    self.options = options
  }

  /// Takes the person's box, none before the last, and gives the part of a picture of size `picture` to look at.
  ///
  /// A box without numbers or outside the picture changes nothing; before any other it gives the whole picture.
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
  /// Side of the square for a side of the box, and what is added for every row of the picture.
  private static let (margin, border) = (1.3, 8.0 / 168)
  /// Fewer pixels show nobody.
  private static let smallest = 16

  /// The square around a box that a network sees, in training as in a stream.
  ///
  /// Its side is 1.3 times the longer side of the box in the picture and 8 pixels of 168 rows more, at least 16 pixels.
  /// It is moved into the picture. Where it is larger than the picture it is cut, and no square any more: what is seen
  /// is then stretched, as `Crop.full` does. A box without numbers or outside the picture gives the whole picture.
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
    // A millionth of a pixel: what a box at the picture's edge may lose to rounding.
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
