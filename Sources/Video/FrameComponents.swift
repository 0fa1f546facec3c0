/// One colour component of a frame: where its values lie and how many there are.
struct FrameComponent: Hashable, Sendable {
  /// Index into `Frame.planes`.
  var plane: Int
  /// Bytes from the row's begin to the first value.
  var offset: Int
  /// Bytes from one value to the next.
  var step: Int
  var width: Int
  var height: Int
}

extension PixelFormat {
  /// Y; Y U V; or R G B. Chroma of odd sizes is rounded up, as every producer of these formats does.
  ///
  /// - Precondition: the format has planes; `mjpeg` is decoded first.
  func components(of size: FrameSize) -> [FrameComponent] {
    let (width, height) = (size.width, size.height)
    let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
    func component(_ plane: Int, _ offset: Int, _ step: Int, _ width: Int, _ height: Int) -> FrameComponent {
      FrameComponent(plane: plane, offset: offset, step: step, width: width, height: height)
    }
    return switch self {
    case .yuyv:
      [
        component(0, 0, 2, width, height), component(0, 1, 4, halfWidth, height),
        component(0, 3, 4, halfWidth, height),
      ]
    case .uyvy:
      [
        component(0, 1, 2, width, height), component(0, 0, 4, halfWidth, height),
        component(0, 2, 4, halfWidth, height),
      ]
    case .nv12:
      [
        component(0, 0, 1, width, height), component(1, 0, 2, halfWidth, halfHeight),
        component(1, 1, 2, halfWidth, halfHeight),
      ]
    case .i420: [component(0, 0, 1, width, height)] + [1, 2].map { component($0, 0, 1, halfWidth, halfHeight) }
    case .i422: [component(0, 0, 1, width, height)] + [1, 2].map { component($0, 0, 1, halfWidth, height) }
    case .i444: [0, 1, 2].map { component($0, 0, 1, width, height) }
    case .grey: [component(0, 0, 1, width, height)]
    case .rgb24: [0, 1, 2].map { component(0, $0, 3, width, height) }
    case .bgr24: [2, 1, 0].map { component(0, $0, 3, width, height) }
    case .mjpeg: preconditionFailure("a JPEG picture has no planes until it is decoded")
    }
  }

  /// True when the values are red, green and blue rather than luma and chroma.
  var isRGB: Bool { self == .rgb24 || self == .bgr24 }
}

extension Frame {
  /// Checks that the planes hold every pixel the size promises.
  ///
  /// - Throws: `VideoError` naming what is too short, so that nothing is ever read out of bounds.
  package func validate() throws(VideoError) {
    guard format != .mjpeg else { throw .notDecoded }
    guard (1...16384).contains(size.width), (1...16384).contains(size.height) else { throw .badSize(size) }
    guard byteCount <= bytes.count else { throw .tooShort(format, size, bytes: bytes.count, needed: byteCount) }
    for component in format.components(of: size) {
      guard planes.indices.contains(component.plane) else {
        throw .missingPlane(format, planes: planes.count, needed: component.plane + 1)
      }
      let plane = planes[component.plane]
      let row = component.offset + (component.width - 1) * component.step + 1
      // Strides come from drivers and files: they may overlap nothing and overflow nothing.
      let (rows, overflow) = (component.height - 1).multipliedReportingOverflow(by: plane.rowBytes)
      guard plane.offset >= 0, plane.rowBytes >= row, !overflow else {
        throw .badStride(format, size, rowBytes: plane.rowBytes, needed: row)
      }
      let (end, tooFar) = rows.addingReportingOverflow(row + plane.offset)
      guard !tooFar, end <= byteCount else { throw .tooShort(format, size, bytes: byteCount, needed: end) }
    }
  }
}

/// A frame or a setting that cannot be made into samples.
package enum VideoError: Error, Equatable, CustomStringConvertible {
  case notDecoded
  case badSize(FrameSize)
  case missingPlane(PixelFormat, planes: Int, needed: Int)
  case badStride(PixelFormat, FrameSize, rowBytes: Int, needed: Int)
  case tooShort(PixelFormat, FrameSize, bytes: Int, needed: Int)
  case badRegion(String)

  package var description: String {
    switch self {
    case .notDecoded: "a JPEG frame must be decoded before it can be prepared"
    case .badSize(let size): "a frame of \(size) is outside 1x1 to 16384x16384"
    case .missingPlane(let format, let planes, let needed):
      "a \(format.rawValue) frame came with \(planes) planes; it needs \(needed)"
    case .badStride(let format, let size, let rowBytes, let needed):
      "a \(format.rawValue) frame of \(size) has rows of \(rowBytes) bytes; it needs \(needed)"
    case .tooShort(let format, let size, let bytes, let needed):
      "a \(format.rawValue) frame of \(size) has \(bytes) bytes; it needs \(needed)"
    case .badRegion(let text): "\(text); set cameras[].region to a part of the picture, each value between 0 and 1"
    }
  }
}
