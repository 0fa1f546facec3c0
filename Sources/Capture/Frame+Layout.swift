package import Video

extension Frame {
  /// Takes on a picture's format and size with planes one after another and no padding, keeping the storage.
  ///
  /// Chroma planes of odd sizes are rounded up. What the bytes hold afterwards is for the caller to write.
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

  /// Makes room for so many bytes and says that they belong to this frame.
  mutating func reserve(_ count: Int) {
    if bytes.count < count { bytes = [UInt8](repeating: 0, count: count) }
    byteCount = count
  }
}
