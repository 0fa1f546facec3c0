/// How a stored picture is turned and mirrored to be shown: one of eight.
///
/// A picture is mirrored left to right first, where it is, and then turned clockwise by quarters.
package struct Orientation: Hashable, Sendable, CaseIterable {
  /// Left and right change places, before the turn.
  package let isMirrored: Bool
  /// 0 to 3.
  package let quarterTurns: Int

  package static let upright = Orientation()

  package static let allCases = [false, true].flatMap { (isMirrored) in
    (0..<4).map { Orientation(quarterTurns: $0, isMirrored: isMirrored) }
  }

  /// - Parameters:
  ///   - quarterTurns: clockwise; any whole number.
  ///   - isMirrored: left to right, before the turn.
  package init(quarterTurns: Int = 0, isMirrored: Bool = false) {
    self.quarterTurns = (quarterTurns % 4 + 4) % 4
    self.isMirrored = isMirrored
  }

  /// Reads the number that EXIF and TIFF use; `nil` unless it is 1 to 8.
  ///
  /// - Source: TIFF 6.0, tag 274: where row 0 and column 0 of the stored picture are to be seen.
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

  /// Reads the directions that columns and rows take on the screen, as a display matrix has them; x goes right, y down.
  ///
  /// What lies between is taken for the nearest quarter turn, and a matrix that flattens the picture for none.
  ///
  /// - Parameters:
  ///   - column: where a step to the right in the stored picture leads.
  ///   - row: where a step down leads.
  package init(column: (x: Double, y: Double), row: (x: Double, y: Double)) {
    let area = column.x * row.y - column.y * row.x
    guard area != 0, area.isFinite else {
      self.init()
      return
    }
    // Undo the mirror, so that what is left of the matrix is a turn.
    let isMirrored = area < 0
    let (x, y) = isMirrored ? (-column.x, -column.y) : column
    let turns = x.magnitude >= y.magnitude ? (x > 0 ? 0 : 2) : (y > 0 ? 1 : 3)
    self.init(quarterTurns: turns, isMirrored: isMirrored)
  }

  /// This one, and then another on top of it.
  package func followed(by next: Orientation) -> Orientation {
    // A mirror behind a turn is the opposite turn behind the mirror.
    let turns = next.isMirrored ? -quarterTurns : quarterTurns
    return Orientation(quarterTurns: turns + next.quarterTurns, isMirrored: isMirrored != next.isMirrored)
  }

  /// What undoes it.
  package var inverse: Orientation {
    Orientation(quarterTurns: isMirrored ? quarterTurns : -quarterTurns, isMirrored: isMirrored)
  }

  /// True when width and height change places.
  package var swapsSides: Bool { quarterTurns % 2 == 1 }

  /// The size as shown of a picture stored in `size`, and the other way round.
  package func size(of size: FrameSize) -> FrameSize {
    swapsSides ? FrameSize(width: size.height, height: size.width) : size
  }

  /// Where a pixel or point of the stored picture is shown; `right` and `bottom` are the stored picture's last values.
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
