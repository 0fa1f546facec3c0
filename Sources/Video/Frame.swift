/// A picture's width and height in pixels.
package struct FrameSize: Hashable, Sendable, CustomStringConvertible {
  package var width: Int
  package var height: Int

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  package var description: String { "\(width)x\(height)" }
}

/// How a frame's bytes are laid out.
package enum PixelFormat: String, Hashable, Sendable, CaseIterable {
  /// Packed 4:2:2, bytes Y0 U Y1 V.
  case yuyv
  /// Packed 4:2:2, bytes U Y0 V Y1.
  case uyvy
  /// 4:2:0, a Y plane and a plane of interleaved U V.
  case nv12
  /// 4:2:0, planes Y, U, V.
  case i420
  /// 4:2:2, planes Y, U, V.
  case i422
  /// 4:4:4, planes Y, U, V.
  case i444
  /// One plane of luma.
  case grey
  case rgb24
  case bgr24
  /// A JPEG picture; it has no planes until decoded.
  case mjpeg
}

/// How a frame's YUV values are encoded; ignored for RGB frames.
package struct ColorDescription: Hashable, Sendable {
  /// The coefficients between YUV and RGB.
  package enum Matrix: String, Hashable, Sendable {
    case bt601
    case bt709
  }

  /// The values that stand for black, white and full colour.
  package enum Range: String, Hashable, Sendable {
    /// Luma 16–235, chroma 16–240.
    case limited
    /// 0–255.
    case full
  }

  package var matrix: Matrix
  package var range: Range

  package init(matrix: Matrix, range: Range) {
    self.matrix = matrix
    self.range = range
  }
}

/// A picture from a camera or file, with the time it was taken.
///
/// A value that owns its bytes: sources write into the same `Frame` repeatedly, so steady capture allocates nothing.
/// Bytes from a driver's buffer are copied, and the buffer is returned to the driver.
package struct Frame: Sendable {
  /// One plane of `bytes`.
  package struct Plane: Hashable, Sendable {
    /// Offset of the plane's first byte in `bytes`.
    package var offset: Int
    /// Bytes between two rows; at least the row's length.
    package var rowBytes: Int

    package init(offset: Int, rowBytes: Int) {
      self.offset = offset
      self.rowBytes = rowBytes
    }
  }

  /// When it was taken: on the camera's monotonic clock, or the media time in a file.
  package var timestamp: Duration = .zero
  /// The source's own frame number, with gaps where frames were lost.
  package var sequence: Int = 0
  /// The size as stored in `bytes`.
  package var size = FrameSize(width: 0, height: 0)
  /// How the stored picture must be rotated to be upright; applied when a sample is made, last and at the smallest
  /// size.
  package var orientation = Orientation.upright
  package var format = PixelFormat.grey
  package var color = ColorDescription(matrix: .bt601, range: .limited)
  /// Planes in the format's order; empty for `mjpeg`.
  package var planes: [Plane] = []
  /// The pixels, or the JPEG file for `mjpeg`; may be longer than the picture if storage is reused.
  package var bytes: [UInt8] = []
  /// How many of `bytes` belong to this frame.
  package var byteCount: Int = 0

  package init() {}

  /// The picture's size when upright.
  package var uprightSize: FrameSize { orientation.size(of: size) }
}
