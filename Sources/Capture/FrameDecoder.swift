internal import CTurboJPEG
package import Video

/// Decodes MJPEG frames to planes; use it only for frames chosen as samples.
///
/// Damaged pictures are decoded as far as possible, as a browser shows them, and counted: cameras often omit tables and
/// end markers, and lose or add a few bytes.
@safe package struct FrameDecoder: ~Copyable {
  /// Whether pictures may be decoded at a half, a quarter or an eighth of their size.
  package enum Scale: Equatable, Sendable {
    /// At full size, as in training.
    case exact
    /// At the smallest of those sizes that still covers the given one.
    case covering(FrameSize)
  }

  /// Pictures handed out although something was missing or wrong.
  package private(set) var damagedCount = 0
  private var handle: tjhandle
  /// A JPEG that lacked its end marker, completed.
  private var completed: [UInt8] = []

  /// If more of a picture is missing than this, it is refused: another frame serves better.
  private static let mostMissing = 0.25

  package init() throws(CaptureError) {
    unsafe handle = try Self.makeHandle()
  }

  deinit { unsafe tjDestroy(handle) }

  private static func makeHandle() throws(CaptureError) -> tjhandle {
    guard let handle = unsafe tjInitDecompress() else { throw .undecodable(reason: "libjpeg-turbo cannot start") }
    return unsafe handle
  }

  /// Decodes an `mjpeg` frame to `i420`, `i422`, `i444`, `grey` or, for rarer kinds, `rgb24`, in full-range BT.601.
  ///
  /// - Parameters:
  ///   - frame: its time, number and orientation are kept; the size is taken from the JPEG.
  ///   - target: receives the picture; its storage is reused.
  ///   - scale: how far the picture may be reduced.
  /// - Throws: `undecodable` if the bytes are not a picture, if more than a quarter of it is missing, or if it is
  ///   larger than 8192x8192.
  package mutating func decode(_ frame: Frame, into target: inout Frame, scale: Scale = .exact) throws(CaptureError) {
    precondition(frame.format == .mjpeg)
    do throws(CaptureError) {
      try decodeOnce(frame, into: &target, scale)
    } catch {
      // A handle that failed within a header would continue there with the next picture.
      unsafe tjDestroy(handle)
      unsafe handle = try Self.makeHandle()
      throw error
    }
  }

  private mutating func decodeOnce(_ frame: Frame, into target: inout Frame, _ scale: Scale) throws(CaptureError) {
    guard var range = jpegBytes(frame.bytes.span.extracting(0..<frame.byteCount)) else {
      throw .undecodable(reason: "it does not start like a JPEG")
    }
    var jpeg = frame.bytes
    if !hasEndMarker(frame.bytes.span.extracting(range)) {
      // So that libjpeg-turbo warns about missing data rather than the missing marker.
      completed.removeAll(keepingCapacity: true)
      completed += frame.bytes[range]
      completed += [0xFF, 0xD9]
      (jpeg, range) = (completed, 0..<completed.count)
    }
    let header = try header(jpeg, range)
    let scaled = scaledSize(header.size, scale)
    target.layOut(header.format, scaled, color: ColorDescription(matrix: .bt601, range: .full))
    (target.timestamp, target.sequence, target.orientation) = (frame.timestamp, frame.sequence, frame.orientation)
    guard decompress(jpeg, range, into: &target) != 0 else { return }
    let reason = unsafe String(cString: tjGetErrorStr2(handle))
    guard unsafe tjGetErrorCode(handle) == CInt(TJERR_WARNING.rawValue) else { throw .undecodable(reason: reason) }
    // Stray bytes between parts of the picture do no harm. Only the first warning's text is available.
    guard !reason.contains("extraneous bytes") else { return }
    // Without the exact fraction: each distinct reason is logged once, so it must not vary.
    guard target.missingPart <= Self.mostMissing else {
      throw .undecodable(reason: "\(reason); more than a quarter of the picture is missing")
    }
    damagedCount += 1
  }

  /// Writes the planes; returns 0 unless there was an error or a warning.
  private func decompress(_ jpeg: [UInt8], _ range: Range<Int>, into target: inout Frame) -> CInt {
    let (size, isRGB) = (target.size, target.format == .rgb24)
    let offsets = target.planes.map(\.offset)
    var strides = target.planes.map { CInt($0.rowBytes) }
    let handle = unsafe handle
    return unsafe jpeg.withUnsafeBufferPointer { (source) in
      unsafe target.bytes.withUnsafeMutableBufferPointer { (bytes) in
        let start = unsafe source.baseAddress?.advanced(by: range.lowerBound)
        let count = CUnsignedLong(range.count)
        guard !isRGB else {
          return unsafe tjDecompress2(
            handle, start, count, bytes.baseAddress, CInt(size.width), strides[0], CInt(size.height),
            CInt(TJPF_RGB.rawValue), 0)
        }
        var planes = unsafe offsets.map { unsafe bytes.baseAddress?.advanced(by: $0) }
        return unsafe tjDecompressToYUVPlanes(
          handle, start, count, &planes, CInt(size.width), &strides, CInt(size.height), 0)
      }
    }
  }

  private func header(_ jpeg: [UInt8], _ range: Range<Int>) throws(CaptureError) -> (
    size: FrameSize, format: PixelFormat
  ) {
    var (width, height, sampling, space) = (CInt(0), CInt(0), CInt(0), CInt(0))
    let handle = unsafe handle
    let code = unsafe jpeg.withUnsafeBufferPointer { (source) in
      unsafe tjDecompressHeader3(
        handle, source.baseAddress?.advanced(by: range.lowerBound), CUnsignedLong(range.count), &width, &height,
        &sampling, &space)
    }
    // Warnings are about skipped bytes.
    let isUsable = unsafe code == 0 || tjGetErrorCode(handle) == CInt(TJERR_WARNING.rawValue)
    guard isUsable else {
      throw .undecodable(reason: unsafe String(cString: tjGetErrorStr2(handle)))
    }
    guard (1...8192).contains(width), (1...8192).contains(height) else {
      throw .undecodable(reason: "the JPEG claims to be \(width)x\(height); at most 8192x8192 is decoded")
    }
    guard space != CInt(TJCS_CMYK.rawValue), space != CInt(TJCS_YCCK.rawValue) else {
      throw .undecodable(reason: "the JPEG is in CMYK, for printing")
    }
    let isYUV = space == CInt(TJCS_YCbCr.rawValue)
    let format: PixelFormat =
      switch sampling {
      case CInt(TJSAMP_420.rawValue) where isYUV: .i420
      case CInt(TJSAMP_422.rawValue) where isYUV: .i422
      case CInt(TJSAMP_444.rawValue) where isYUV: .i444
      case CInt(TJSAMP_GRAY.rawValue): .grey
      default: .rgb24
      }
    return (FrameSize(width: Int(width), height: Int(height)), format)
  }

  private func scaledSize(_ size: FrameSize, _ scale: Scale) -> FrameSize {
    guard case .covering(let wanted) = scale else { return size }
    for divisor in [8, 4, 2] {
      let scaled = FrameSize(
        width: (size.width + divisor - 1) / divisor, height: (size.height + divisor - 1) / divisor)
      if scaled.width >= wanted.width && scaled.height >= wanted.height { return scaled }
    }
    return size
  }
}

extension Frame {
  /// The fraction of rows at the bottom that libjpeg-turbo had no data for: it leaves them exactly mid-grey.
  fileprivate var missingPart: Double {
    let rowBytes = planes[0].rowBytes
    var rows = size.height
    while rows > 0, bytes.span.extracting((rows - 1) * rowBytes..<rows * rowBytes).isAll(128) { rows -= 1 }
    return Double(size.height - rows) / Double(size.height)
  }
}

extension Span<UInt8> {
  fileprivate func isAll(_ value: UInt8) -> Bool {
    for index in indices where self[index] != value { return false }
    return true
  }
}
