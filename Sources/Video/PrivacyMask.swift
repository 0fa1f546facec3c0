/// Parts of the picture that must not be seen: painted black in the frame before it is used.
///
/// A pixel is blackened if the shape covers any part of it, and a chroma value if any of its pixels is, so that nothing
/// hidden remains; adjacent pixels may lose some colour.
package struct PrivacyMask: Hashable, Sendable {
  /// A corner in fractions of the picture's width and height.
  package struct Point: Hashable, Sendable {
    package var x: Double
    package var y: Double

    package init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// The corners of each shape; the last is connected to the first, and self-intersections follow the even-odd rule.
  package let polygons: [[Point]]

  package static let none = PrivacyMask(unchecked: [])

  /// A mask of polygons, which may extend beyond the picture.
  ///
  /// - Throws: `VideoError.badMask` for fewer than three corners or corners that are not numbers.
  package init(polygons: [[Point]]) throws(VideoError) {
    for (index, polygon) in polygons.enumerated() {
      guard polygon.count >= 3 else { throw .badMask("shape \(index) has \(polygon.count) corners, not 3 or more") }
      guard polygon.allSatisfy({ $0.x.magnitude <= 1000 && $0.y.magnitude <= 1000 }) else {
        throw .badMask("shape \(index) has corners that are not fractions of the picture (0 to 1)")
      }
    }
    self.init(unchecked: polygons)
  }

  /// A mask of rectangles.
  package init(rectangles: [PictureRegion]) {
    self.init(
      unchecked: rectangles.map { (region) in
        let (right, bottom) = (region.x + region.width, region.y + region.height)
        return [
          Point(x: region.x, y: region.y), Point(x: right, y: region.y), Point(x: right, y: bottom),
          Point(x: region.x, y: bottom),
        ]
      })
  }

  private init(unchecked polygons: [[Point]]) {
    self.polygons = polygons
  }

  /// The mask for the rotated picture.
  func turned(_ orientation: Orientation) -> PrivacyMask {
    PrivacyMask(
      unchecked: polygons.map { (polygon) in
        polygon.map { (point) in
          let (x, y) = orientation.place(point.x, point.y, right: 1, bottom: 1)
          return Point(x: x, y: y)
        }
      })
  }

  /// A horizontal run of black pixels.
  struct Run: Equatable, Sendable {
    var row: Int
    var columns: Range<Int>
  }

  /// The black pixels of a picture of `size`, row by row from left to right.
  func runs(in size: FrameSize) -> [Run] {
    let shapes = polygons.map { (polygon) in
      polygon.map { Point(x: snapped($0.x * Double(size.width)), y: snapped($0.y * Double(size.height))) }
    }
    guard !shapes.isEmpty else { return [] }
    var runs: [Run] = []
    var isBlack = [Bool](repeating: false, count: size.width)
    for row in 0..<size.height {
      for x in isBlack.indices { isBlack[x] = false }
      for shape in shapes { mark(shape, row, &isBlack) }
      var begin: Int?
      for x in 0...size.width {
        let black = x < size.width && isBlack[x]
        if black, begin == nil { begin = x }
        if !black, let first = begin {
          runs.append(Run(row: row, columns: first..<x))
          begin = nil
        }
      }
    }
    return runs
  }

  /// Marks the pixels that an edge passes through and those whose centre lies inside: together, all that are touched.
  private func mark(_ shape: [Point], _ row: Int, _ isBlack: inout [Bool]) {
    let (top, bottom, middle) = (Double(row), Double(row + 1), Double(row) + 0.5)
    var crossings: [Double] = []
    for (index, start) in shape.enumerated() {
      let end = shape[(index + 1) % shape.count]
      let (upper, lower) = start.y <= end.y ? (start, end) : (end, start)
      guard lower.y > top, upper.y < bottom else { continue }
      func x(at y: Double) -> Double { upper.x + (lower.x - upper.x) * (y - upper.y) / (lower.y - upper.y) }
      let first = upper.y < top ? x(at: top) : upper.x
      let last = lower.y > bottom ? x(at: bottom) : lower.x
      paint(min(first, last).rounded(.down), max(first, last).rounded(.up), &isBlack)
      if upper.y <= middle, lower.y > middle { crossings.append(x(at: middle)) }
    }
    crossings.sort()
    for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
      paint((crossings[pair] - 0.5).rounded(.up), (crossings[pair + 1] - 0.5).rounded(.down) + 1, &isBlack)
    }
  }

  private func paint(_ begin: Double, _ end: Double, _ isBlack: inout [Bool]) {
    let first = Int(max(begin, 0))
    let last = Int(min(end, Double(isBlack.count)))
    guard first < last else { return }
    for x in first..<last { isBlack[x] = true }
  }

  /// Removes the rounding error of, for example, `0.7 * 10`, which would blacken one more pixel.
  private func snapped(_ value: Double) -> Double {
    (value - value.rounded()).magnitude < 1e-6 ? value.rounded() : value
  }
}

extension Frame {
  /// Blackens the pixels in place; the frame's planes must be validated, and `components` belong to its format.
  mutating func paintBlack(_ runs: [PrivacyMask.Run], _ components: [PixelComponent]) {
    for (index, component) in components.enumerated() {
      let chroma = index > 0 && !format.isRGB
      let black: UInt8 = chroma ? 128 : format.isRGB || color.range == .full ? 0 : 16
      let plane = planes[component.plane]
      for run in runs {
        let begin = plane.offset + run.row / component.down * plane.rowBytes + component.offset
        let last = (run.columns.upperBound - 1) / component.across
        for x in run.columns.lowerBound / component.across...last { bytes[begin + x * component.step] = black }
      }
    }
  }
}
