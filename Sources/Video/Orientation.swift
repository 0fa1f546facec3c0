/// How a stored picture must be rotated and mirrored to be shown: one of eight ways.
///
/// The picture is first mirrored left to right, then rotated clockwise by quarter turns.
package struct Orientation: Hashable, Sendable, CaseIterable {
  /// Left and right are swapped before the rotation.
  package let isMirrored: Bool
  /// 0 to 3.
  package let quarterTurns: Int

  package static let upright = Orientation()

  package static let allCases = [false, true].flatMap { (isMirrored) in
    (0..<4).map { Orientation(quarterTurns: $0, isMirrored: isMirrored) }
  }

  /// - Parameters:
  ///   - quarterTurns: clockwise; any whole number.
  ///   - isMirrored: left to right, before the rotation.
  package init(quarterTurns: Int = 0, isMirrored: Bool = false) {
    self.quarterTurns = (quarterTurns % 4 + 4) % 4
    self.isMirrored = isMirrored
  }

  /// Reads the number used by EXIF and TIFF; `nil` unless it is 1 to 8.
  ///
  /// - Source: TIFF 6.0, tag 274: where row 0 and column 0 of the stored picture should appear.
  package init?(exif number: Int) {
    switch number {
    case 1: self.init()
    case 2: self.init(isMirrored: true)
    case 3: self.init(quarterTurns: 2)
    case 4: self.init(quarterTurns: 2, isMirrored: true)
    case 5: self.init(quarterTurns: 3, isMirrored: true)
    case 6: self.init(quarterTurns: 1)
    case 7: self.init(quarterTurns: 1, isMirrored: true)
    case 8: self.init(quarterTurns: 3)
    default: return nil
    }
  }

  /// Reads the directions of columns and rows on the screen, as in a display matrix; x points right, y down.
  ///
  /// Other angles are rounded to the nearest quarter turn, and a degenerate matrix means no rotation.
  ///
  /// - Parameters:
  ///   - column: the direction of a step to the right in the stored picture.
  ///   - row: the direction of a step down.
  package init(column: (x: Double, y: Double), row: (x: Double, y: Double)) {
    let area = column.x * row.y - column.y * row.x
    guard area != 0, area.isFinite else {
      self.init()
      return
    }
    // Undo the mirroring, so that the rest of the matrix is a rotation.
    let isMirrored = area < 0
    let (x, y) = isMirrored ? (-column.x, -column.y) : column
    let turns = x.magnitude >= y.magnitude ? (x > 0 ? 0 : 2) : (y > 0 ? 1 : 3)
    self.init(quarterTurns: turns, isMirrored: isMirrored)
  }

  /// This orientation, followed by another.
  package func followed(by next: Orientation) -> Orientation {
    // Mirroring after a rotation equals the opposite rotation after mirroring.
    let turns = next.isMirrored ? -quarterTurns : quarterTurns
    return Orientation(quarterTurns: turns + next.quarterTurns, isMirrored: isMirrored != next.isMirrored)
  }

  /// The orientation that undoes this one.
  package var inverse: Orientation {
    Orientation(quarterTurns: isMirrored ? quarterTurns : -quarterTurns, isMirrored: isMirrored)
  }

  /// True if width and height are swapped.
  package var swapsSides: Bool { quarterTurns % 2 == 1 }

  /// The shown size of a picture stored with `size`, and vice versa.
  package func size(of size: FrameSize) -> FrameSize {
    swapsSides ? FrameSize(width: size.height, height: size.width) : size
  }

  /// Where a pixel or point of the stored picture is shown; `right` and `bottom` are the stored picture's maximum
  /// coordinates.
  func place<Value: Numeric>(_ x: Value, _ y: Value, right: Value, bottom: Value) -> (x: Value, y: Value) {
    let x = isMirrored ? right - x : x
    return switch quarterTurns {
    case 1: (bottom - y, x)
    case 2: (right - x, bottom - y)
    case 3: (y, right - x)
    default: (x, y)
    }
  }
}
