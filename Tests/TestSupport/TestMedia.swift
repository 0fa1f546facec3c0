import CTestMedia
package import Video

/// A media file to be written by a test.
package struct TestMedia {
  private let container: String
  private let codec: String
  /// `nil` leaves it to the codec.
  private let pixelFormat: String?
  private let size: FrameSize
  private let rate: Int
  private let matrix: Int
  private let fullRange: Int
  private let rotation: Int
  private let isMirrored: Bool
  /// Whether H.264's key pictures declare that they are mirrored.
  private let notesMirroring: Bool

  package init(
    container: String = "matroska", codec: String = "ffv1", pixelFormat: String? = nil,
    size: FrameSize = FrameSize(width: 32, height: 24), rate: Int = 25, matrix: Int = 0, fullRange: Int = -1,
    rotation: Int = 0, isMirrored: Bool = false, notesMirroring: Bool = false
  ) {
    (self.container, self.codec, self.pixelFormat, self.size) = (container, codec, pixelFormat, size)
    (self.rate, self.matrix, self.fullRange, self.rotation) = (rate, matrix, fullRange, rotation)
    (self.isMirrored, self.notesMirroring) = (isMirrored, notesMirroring)
  }

  /// Writes pictures (planes one after another, no padding) with their times.
  package func write(_ pictures: [[UInt8]], milliseconds: [Int]? = nil, to path: String) throws {
    struct WriteError: Error { var code: CInt }
    func check(_ code: CInt) throws { if code < 0 { throw WriteError(code: code) } }
    var writer: OpaquePointer?
    try unsafe container.withCString { (container) in
      try unsafe codec.withCString { (codec) in
        try unsafe (pixelFormat ?? "").withCString { (pixelFormat) in
          var description = unsafe ctestmedia_description(
            container: container, codec: codec, pixel_format: self.pixelFormat == nil ? nil : pixelFormat,
            width: Int32(size.width), height: Int32(size.height), rate: Int32(rate), matrix: Int32(matrix),
            full_range: Int32(fullRange), rotation: Int32(rotation),
            mirrored: isMirrored ? 1 : 0, key_pictures_mirrored: notesMirroring ? 1 : 0)
          try check(unsafe ctestmedia_open(path, &description, &writer))
        }
      }
    }
    for (index, picture) in pictures.enumerated() {
      let time = milliseconds?[index] ?? index * 1000 / rate
      try check(unsafe ctestmedia_write(writer, picture, picture.count, Int64(time)))
    }
    try check(unsafe ctestmedia_close(writer))
  }
}
