/// A part of the picture in fractions of its width and height; (0, 0) is the upper left corner.
package struct Region: Hashable, Sendable {
  package var x: Double
  package var y: Double
  package var width: Double
  package var height: Double

  package static let whole = Region(uncheckedX: 0, y: 0, width: 1, height: 1)

  private init(uncheckedX x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// - Throws: `VideoError.badRegion` when it is empty or leaves the picture.
  package init(x: Double, y: Double, width: Double, height: Double) throws(VideoError) {
    // Fractions written in decimal may add up to a hair over one.
    guard x >= 0, y >= 0, width > 0, height > 0, x + width <= 1.000_001, y + height <= 1.000_001 else {
      throw .badRegion("the region x \(x), y \(y), width \(width), height \(height) is not a part of the picture")
    }
    self.init(uncheckedX: x, y: y, width: min(width, 1 - x), height: min(height, 1 - y))
  }
}

/// How a region that is not square becomes a square sample.
package enum CropRule: String, Codable, Hashable, Sendable, CaseIterable {
  /// The whole region, its aspect ratio ignored, as VPN does with its person crops.
  case full
  /// The largest square in the region's middle.
  case centerSquare
}

/// Polygons that are painted black before anything else sees the pixels.
///
/// Corners are fractions of the whole picture. The polygon closes by itself; the even-odd rule decides what is inside.
package struct PrivacyMask: Hashable, Sendable {
  /// A corner of a polygon.
  package struct Corner: Hashable, Sendable {
    package var x: Double
    package var y: Double

    package init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  package var polygons: [[Corner]]

  package init(polygons: [[Corner]] = []) { self.polygons = polygons }

  /// The pixels of a `size` x `size` sample that touch the mask, as runs of one row each.
  ///
  /// A pixel is painted when the source area it is made from, plus `margin` on each side, touches a polygon: resizing
  /// must not carry masked pixels past the edge.
  ///
  /// - Parameters:
  ///   - interval: horizontal and vertical part of the picture that the sample shows, in fractions.
  ///   - margin: horizontal and vertical reach of the resize beyond a pixel's own area, in fractions.
  ///   - size: pixels along each side.
  func runs(
    horizontal interval: Range<Double>, vertical: Range<Double>, margin: (x: Double, y: Double), size: Int
  ) -> [(row: Int, columns: Range<Int>)] {
    guard !polygons.isEmpty else { return [] }
    let stepX = (interval.upperBound - interval.lowerBound) / Double(size)
    let stepY = (vertical.upperBound - vertical.lowerBound) / Double(size)
    var runs: [(row: Int, columns: Range<Int>)] = []
    for row in 0..<size {
      let top = vertical.lowerBound + Double(row) * stepY - margin.y
      let bottom = top + stepY + 2 * margin.y
      var begin: Int?
      for column in 0...size {
        let left = interval.lowerBound + Double(column) * stepX - margin.x
        let painted =
          column < size && polygons.contains { Self.touches($0, left, top, left + stepX + 2 * margin.x, bottom) }
        if painted {
          begin = begin ?? column
        } else if let first = begin {
          runs.append((row, first..<column))
          begin = nil
        }
      }
    }
    return runs
  }

  /// True when the polygon and the rectangle share a point.
  private static func touches(_ polygon: [Corner], _ left: Double, _ top: Double, _ right: Double, _ bottom: Double)
    -> Bool
  {
    guard let last = polygon.last else { return false }
    var inside = false
    var previous = last
    let (x, y) = ((left + right) / 2, (top + bottom) / 2)
    for corner in polygon {
      if crosses(previous, corner, left, top, right, bottom) { return true }
      if (corner.y > y) != (previous.y > y),
        x < (previous.x - corner.x) * (y - corner.y) / (previous.y - corner.y) + corner.x
      {
        inside.toggle()
      }
      previous = corner
    }
    return inside
  }

  /// True when the edge from `a` to `b` has a point in the rectangle (Liang–Barsky clipping).
  private static func crosses(
    _ a: Corner, _ b: Corner, _ left: Double, _ top: Double, _ right: Double, _ bottom: Double
  ) -> Bool {
    var (enter, leave) = (0.0, 1.0)
    for (delta, low, high) in [(b.x - a.x, left - a.x, right - a.x), (b.y - a.y, top - a.y, bottom - a.y)] {
      if delta == 0 {
        if low > 0 || high < 0 { return false }
      } else {
        let (first, second) = (low / delta, high / delta)
        enter = max(enter, min(first, second))
        leave = min(leave, max(first, second))
        if enter > leave { return false }
      }
    }
    return true
  }
}
