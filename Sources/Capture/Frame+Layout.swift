package import Video

extension Frame {
  /// Takes on a picture's format and size with planes one after another and no padding, keeping the storage.
  ///
  /// Chroma planes of odd sizes are rounded up. What the bytes hold afterwards is for the caller to write.
  package mutating func layOut(_ format: PixelFormat, _ size: FrameSize, color: ColorDescription) {
    self.format = format
    self.size = size
    self.color = color
    planes.removeAll(keepingCapacity: true)
    var end = 0
    for (rowBytes, rows) in planeShapes(format, size) {
      planes.append(Plane(offset: end, rowBytes: rowBytes))
      end += rowBytes * rows
    }
    reserve(end)
  }

  /// Makes room for so many bytes and says that they belong to this frame.
  mutating func reserve(_ count: Int) {
    if bytes.count < count { bytes = [UInt8](repeating: 0, count: count) }
    byteCount = count
  }
}

/// Bytes of a row and number of rows, plane by plane, without padding; nothing for `mjpeg`.
package func planeShapes(_ format: PixelFormat, _ size: FrameSize) -> [(rowBytes: Int, rows: Int)] {
  let (width, height) = (size.width, size.height)
  let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
  return switch format {
  case .yuyv, .uyvy: [(halfWidth * 4, height)]
  case .nv12: [(width, height), (halfWidth * 2, halfHeight)]
  case .i420: [(width, height), (halfWidth, halfHeight), (halfWidth, halfHeight)]
  case .i422: [(width, height), (halfWidth, height), (halfWidth, height)]
  case .i444: [(width, height), (width, height), (width, height)]
  case .grey: [(width, height)]
  case .rgb24, .bgr24: [(width * 3, height)]
  case .mjpeg: []
  }
}
