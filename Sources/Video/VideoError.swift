/// Why a frame cannot become a sample.
package enum VideoError: Error, Equatable, CustomStringConvertible {
  /// The picture has no pixels, or a side is longer than 32768.
  case badSize(FrameSize)
  /// A JPEG frame reached code that requires planes.
  case notDecoded(FrameSize)
  /// The frame has the wrong number of planes for its format.
  case planeCount(format: PixelFormat, expected: Int, found: Int)
  /// A plane extends beyond the frame's bytes, or its rows are shorter than the picture.
  case planeTooShort(format: PixelFormat, size: FrameSize, plane: Int, needed: Int, available: Int)
  case rowTooShort(format: PixelFormat, size: FrameSize, plane: Int, needed: Int, found: Int)
  /// A region of interest that is empty or lies outside the picture.
  case badRegion(String)
  /// A mask with fewer than three corners, or with invalid corners.
  case badMask(String)

  package var description: String {
    switch self {
    case .badSize(let size):
      "a frame of \(size) pixels cannot be used; set cameras[].size to one of the sizes the camera lists"
    case .notDecoded(let size):
      "a JPEG frame of \(size) was not decoded before it was sampled"
    case .planeCount(let format, let expected, let found):
      "a \(format.rawValue) frame has \(found) planes instead of \(expected)"
    case .planeTooShort(let format, let size, let plane, let needed, let available):
      """
      a \(format.rawValue) frame of \(size) is truncated: plane \(plane) needs \(needed) bytes and has \(available); \
      set cameras[].format to another one if all frames are
      """
    case .rowTooShort(let format, let size, let plane, let needed, let found):
      "a \(format.rawValue) frame of \(size) has rows of \(found) bytes in plane \(plane); \(needed) are needed"
    case .badRegion(let reason): "the region of interest is unusable: \(reason); set cameras[].region"
    case .badMask(let reason): "the privacy mask is unusable: \(reason); set cameras[].masks"
    }
  }
}
