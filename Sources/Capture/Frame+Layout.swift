package import Video

extension Frame {
  /// Sets the frame up for a format and size, planes one after another without padding, reusing the storage.
  ///
  /// Chroma planes of odd sizes are rounded up. The caller fills in the bytes.
  package mutating func layOut(_ format: PixelFormat, _ size: FrameSize, color: ColorDescription) {
    self.format = format
    self.size = size
    self.color = color
    orientation = .upright
    planes.removeAll(keepingCapacity: true)
    var end = 0
    for shape in format.planeShapes(size) {
      planes.append(Plane(offset: end, rowBytes: shape.rowBytes))
      end += shape.rowBytes * shape.rows
    }
    reserve(end)
  }

  /// Resizes the storage and marks that many bytes as belonging to this frame.
  mutating func reserve(_ count: Int) {
    if bytes.count < count { bytes = [UInt8](repeating: 0, count: count) }
    byteCount = count
  }
}
