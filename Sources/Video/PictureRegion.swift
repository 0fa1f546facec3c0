/// The part of the picture to use, in fractions of its width and height.
package struct PictureRegion: Hashable, Sendable {
  package let x: Double
  package let y: Double
  package let width: Double
  package let height: Double

  package static let whole = PictureRegion(unchecked: 0, 0, 1, 1)

  /// A region in fractions of the picture, from its upper left corner.
  ///
  /// - Throws: `VideoError.badRegion` unless it lies within the picture and is not empty.
  package init(x: Double, y: Double, width: Double, height: Double) throws(VideoError) {
    guard x >= 0, y >= 0, width > 0, height > 0, x + width <= 1 + 1e-9, y + height <= 1 + 1e-9 else {
      throw .badRegion("x \(x), y \(y), width \(width), height \(height) is not a part of the picture (0 to 1)")
    }
    self.init(unchecked: x, y, width, height)
  }

  /// A region in pixels of a picture of `size`.
  package init(pixels: PixelRectangle, of size: FrameSize) throws(VideoError) {
    let (width, height) = (Double(size.width), Double(size.height))
    try self.init(
      x: Double(pixels.x) / width, y: Double(pixels.y) / height,
      width: Double(pixels.width) / width, height: Double(pixels.height) / height)
  }

  private init(unchecked x: Double, _ y: Double, _ width: Double, _ height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The region in whole pixels: edges rounded to nearest, at least one pixel.
  package func rectangle(in size: FrameSize) -> PixelRectangle {
    let columns = pixels(from: x, length: width, of: size.width)
    let rows = pixels(from: y, length: height, of: size.height)
    return PixelRectangle(x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count)
  }

  private func pixels(from start: Double, length: Double, of count: Int) -> Range<Int> {
    let begin = min(Int((start * Double(count)).rounded()), count - 1)
    let end = min(Int(((start + length) * Double(count)).rounded()), count)
    return begin..<max(end, begin + 1)
  }
}

/// Which part of the region becomes the square the network sees.
package enum Crop: String, Hashable, Sendable, CaseIterable {
  /// All of it, stretched to a square; the aspect ratio is lost, as with the person patches of VPN and Smarthome.
  case full
  /// The largest centred square; the aspect ratio is kept.
  case centerSquare

  func apply(to rectangle: PixelRectangle) -> PixelRectangle {
    guard self == .centerSquare else { return rectangle }
    let side = min(rectangle.width, rectangle.height)
    return PixelRectangle(
      x: rectangle.x + (rectangle.width - side) / 2, y: rectangle.y + (rectangle.height - side) / 2,
      width: side, height: side)
  }
}

/// A part of a picture in whole pixels.
package struct PixelRectangle: Hashable, Sendable {
  package var x: Int
  package var y: Int
  package var width: Int
  package var height: Int

  package init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// Its position after rotating the picture of `size` that it belongs to.
  func turned(_ orientation: Orientation, in size: FrameSize) -> PixelRectangle {
    let first = orientation.place(x, y, right: size.width - 1, bottom: size.height - 1)
    let last = orientation.place(x + width - 1, y + height - 1, right: size.width - 1, bottom: size.height - 1)
    return PixelRectangle(
      x: min(first.x, last.x), y: min(first.y, last.y), width: abs(first.x - last.x) + 1,
      height: abs(first.y - last.y) + 1)
  }

  var columns: Range<Int> { x..<x + width }
  var rows: Range<Int> { y..<y + height }
}
