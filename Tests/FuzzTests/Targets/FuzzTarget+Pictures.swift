import Video

@testable import Capture

extension FuzzTarget {
  /// Pictures from cameras that deliver MJPEG.
  static var pictureReaders: [Reader] { [{ try picture($0, .exact) }, { try picture($0, .covering(samples)) }] }

  private static let samples = FrameSize(width: 16, height: 16)
  /// Larger pictures find nothing that small ones do not, but take a hundred times as long.
  private static let mostPixels = 1 << 12
  private static let mark: UInt8 = 0xA5

  private static func picture(_ bytes: [UInt8], _ scale: FrameDecoder.Scale) throws {
    guard sizes(bytes).allSatisfy({ $0 <= mostPixels }) else { throw Unwanted() }
    var frame = Frame()
    (frame.format, frame.bytes, frame.byteCount) = (.mjpeg, bytes, bytes.count)
    frame.orientation = jpegOrientation(bytes.span) ?? .upright
    var decoder = try FrameDecoder()
    var decoded = Frame()
    // AddressSanitizer does not see libjpeg-turbo's writes, so the bytes after the picture are checked here.
    decoded.bytes = [UInt8](repeating: mark, count: 4 * mostPixels)
    defer {
      precondition(
        decoded.bytes[decoded.byteCount...].allSatisfy { $0 == mark }, "the decoder wrote past the end of the picture")
    }
    try decoder.decode(frame, into: &decoded, scale: scale)
    var pixels: [UInt8] = []
    var clip = FramePreprocessor(ClipPreprocessing(size: 16))
    try clip.process(&decoded, into: &pixels)
    var working = FramePreprocessor(.working(WorkingPicture()), mounting: Orientation(quarterTurns: 1))
    try working.process(&decoded, into: &pixels)
  }

  /// Markers in the range of frame headers that are none: tables and an extension.
  private static let others: Set<UInt8> = [0xC4, 0xC8, 0xCC]

  /// The number of pixels declared by each frame header, wherever it is.
  private static func sizes(_ bytes: [UInt8]) -> [Int] {
    bytes.indices.dropLast(8).filter { at in
      bytes[at] == 0xFF && bytes[at + 1] & 0xF0 == 0xC0 && !others.contains(bytes[at + 1])
    }.map { at in
      (Int(bytes[at + 5]) << 8 + Int(bytes[at + 6])) * (Int(bytes[at + 7]) << 8 + Int(bytes[at + 8]))
    }
  }
}
