/// The minimum number of bytes per row and of rows in a plane.
package struct PlaneShape: Equatable, Sendable {
  package var rowBytes: Int
  package var rows: Int
}

/// The layout of one colour component within its plane.
struct PixelComponent: Sendable {
  var plane: Int
  /// Bytes from the start of a row to the first value.
  var offset: Int
  /// Bytes between two values.
  var step: Int
  /// Number of horizontal pixels that share a value.
  var across: Int
  /// Number of vertical pixels that share a value.
  var down: Int
}

extension PixelFormat {
  /// How many planes a picture has; none for `mjpeg`.
  package var planeCount: Int {
    switch self {
    case .yuyv, .uyvy, .grey, .rgb24, .bgr24: 1
    case .nv12: 2
    case .i420, .i422, .i444: 3
    case .mjpeg: 0
    }
  }

  /// One plane of a picture of `size`, tightly packed.
  ///
  /// Chroma of odd sizes is rounded up, so that every pixel is covered.
  package func planeShape(_ plane: Int, _ size: FrameSize) -> PlaneShape {
    precondition((0..<planeCount).contains(plane))
    let (width, height) = (size.width, size.height)
    let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
    let isChroma = plane > 0
    return switch self {
    case .yuyv, .uyvy: PlaneShape(rowBytes: 4 * halfWidth, rows: height)
    case .nv12 where isChroma: PlaneShape(rowBytes: 2 * halfWidth, rows: halfHeight)
    case .i420 where isChroma: PlaneShape(rowBytes: halfWidth, rows: halfHeight)
    case .i422 where isChroma: PlaneShape(rowBytes: halfWidth, rows: height)
    case .rgb24, .bgr24: PlaneShape(rowBytes: 3 * width, rows: height)
    case .nv12, .i420, .i422, .i444, .grey, .mjpeg: PlaneShape(rowBytes: width, rows: height)
    }
  }

  /// All planes of a picture of `size`, tightly packed.
  package func planeShapes(_ size: FrameSize) -> [PlaneShape] {
    (0..<planeCount).map { planeShape($0, size) }
  }

  /// Y U V, Y alone, or R G B, in this order.
  var components: [PixelComponent] {
    func component(_ plane: Int, _ offset: Int, _ step: Int, _ across: Int = 1, _ down: Int = 1) -> PixelComponent {
      PixelComponent(plane: plane, offset: offset, step: step, across: across, down: down)
    }
    return switch self {
    case .yuyv: [component(0, 0, 2), component(0, 1, 4, 2), component(0, 3, 4, 2)]
    case .uyvy: [component(0, 1, 2), component(0, 0, 4, 2), component(0, 2, 4, 2)]
    case .nv12: [component(0, 0, 1), component(1, 0, 2, 2, 2), component(1, 1, 2, 2, 2)]
    case .i420: [component(0, 0, 1), component(1, 0, 1, 2, 2), component(2, 0, 1, 2, 2)]
    case .i422: [component(0, 0, 1), component(1, 0, 1, 2), component(2, 0, 1, 2)]
    case .i444: [component(0, 0, 1), component(1, 0, 1), component(2, 0, 1)]
    case .grey: [component(0, 0, 1)]
    case .rgb24: [component(0, 0, 3), component(0, 1, 3), component(0, 2, 3)]
    case .bgr24: [component(0, 2, 3), component(0, 1, 3), component(0, 0, 3)]
    case .mjpeg: []
    }
  }

  /// True if the components are red, green and blue rather than luma and chroma.
  var isRGB: Bool { self == .rgb24 || self == .bgr24 }
}

extension Frame {
  /// Checks that every pixel of the picture lies within the frame's bytes.
  ///
  /// - Throws: `VideoError` that names what does not fit; planes are only read after this check.
  package func validatePlanes() throws(VideoError) {
    guard (1...32768).contains(size.width), (1...32768).contains(size.height) else { throw .badSize(size) }
    guard format != .mjpeg else { throw .notDecoded(size) }
    guard planes.count == format.planeCount else {
      throw .planeCount(format: format, expected: format.planeCount, found: planes.count)
    }
    let end = min(byteCount, bytes.count)
    for (index, plane) in planes.enumerated() {
      let shape = format.planeShape(index, size)
      guard plane.rowBytes >= shape.rowBytes else {
        throw .rowTooShort(
          format: format, size: size, plane: index, needed: shape.rowBytes, found: plane.rowBytes)
      }
      let (before, overflow) = plane.rowBytes.multipliedReportingOverflow(by: shape.rows - 1)
      let needed = overflow || before > Int.max - shape.rowBytes ? Int.max : before + shape.rowBytes
      let available = plane.offset < 0 || plane.offset > end ? 0 : end - plane.offset
      guard needed <= available else {
        throw .planeTooShort(format: format, size: size, plane: index, needed: needed, available: available)
      }
    }
  }
}
