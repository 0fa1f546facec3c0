/// The least bytes and rows one plane of a picture has.
package struct PlaneShape: Equatable, Sendable {
  package var rowBytes: Int
  package var rows: Int
}

/// Where one colour component lies within its plane.
struct PixelComponent: Sendable {
  var plane: Int
  /// Bytes from the row's beginning to the first value.
  var offset: Int
  /// Bytes from one value to the next.
  var step: Int
  /// Pixels across that share one value.
  var across: Int
  /// Pixels down that share one value.
  var down: Int
}

extension PixelFormat {
  /// The planes of a picture of `size`, tightly packed; none for `mjpeg`.
  ///
  /// Chroma of odd sizes is rounded up, so that every pixel has some.
  package func planeShapes(_ size: FrameSize) -> [PlaneShape] {
    let (width, height) = (size.width, size.height)
    let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
    let luma = PlaneShape(rowBytes: width, rows: height)
    switch self {
    case .yuyv, .uyvy: return [PlaneShape(rowBytes: 4 * halfWidth, rows: height)]
    case .nv12: return [luma, PlaneShape(rowBytes: 2 * halfWidth, rows: halfHeight)]
    case .i420:
      let chroma = PlaneShape(rowBytes: halfWidth, rows: halfHeight)
      return [luma, chroma, chroma]
    case .i422:
      let chroma = PlaneShape(rowBytes: halfWidth, rows: height)
      return [luma, chroma, chroma]
    case .i444: return [luma, luma, luma]
    case .grey: return [luma]
    case .rgb24, .bgr24: return [PlaneShape(rowBytes: 3 * width, rows: height)]
    case .mjpeg: return []
    }
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

  /// True when the components are red, green and blue rather than luma and chroma.
  var isRGB: Bool { self == .rgb24 || self == .bgr24 }
}

extension Frame {
  /// Checks that every pixel of the picture lies within the frame's bytes.
  ///
  /// - Throws: `VideoError` naming what does not fit; nothing reads a frame's planes before this has passed.
  package func validatePlanes() throws(VideoError) {
    guard (1...32768).contains(size.width), (1...32768).contains(size.height) else { throw .badSize(size) }
    guard format != .mjpeg else { throw .notDecoded(size) }
    let shapes = format.planeShapes(size)
    guard planes.count == shapes.count else {
      throw .planeCount(format: format, expected: shapes.count, found: planes.count)
    }
    let end = min(byteCount, bytes.count)
    for (index, (plane, shape)) in zip(planes, shapes).enumerated() {
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
