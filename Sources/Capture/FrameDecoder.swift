internal import CTurboJPEG
package import Video

/// Decodes MJPEG frames to planes; meant only for frames that were chosen as samples.
@safe package struct FrameDecoder: ~Copyable {
  /// Whether pictures may be decoded at a half, quarter or eighth of their size.
  package enum Scale: Equatable, Sendable {
    /// At full size, as in training.
    case exact
    /// At the smallest of those sizes that still covers this one.
    case covering(FrameSize)
  }

  private var handle: tjhandle

  package init() throws(CaptureError) {
    unsafe handle = try Self.makeHandle()
  }

  deinit { unsafe tjDestroy(handle) }

  private static func makeHandle() throws(CaptureError) -> tjhandle {
    guard let handle = unsafe tjInitDecompress() else { throw .undecodable(reason: "libjpeg-turbo cannot start") }
    return unsafe handle
  }

  /// Decodes a frame of format `mjpeg` to `i420`, `i422`, `i444` or `grey`, full range BT.601.
  ///
  /// - Parameters:
  ///   - frame: keeps its time and sequence number; its size is what the JPEG says.
  ///   - target: the picture; its storage is used again.
  ///   - scale: how small it may come out.
  /// - Throws: `undecodable` for what is cut off, damaged, larger than 8192x8192 or of a rare kind (4:1:1, 4:4:0, CMYK).
  package mutating func decode(_ frame: Frame, into target: inout Frame, scale: Scale = .exact) throws(CaptureError) {
    precondition(frame.format == .mjpeg)
    do throws(CaptureError) {
      try decodeOnce(frame, into: &target, scale)
    } catch {
      // A handle that failed within a header goes on there with the next picture.
      unsafe tjDestroy(handle)
      unsafe handle = try Self.makeHandle()
      throw error
    }
  }

  private func decodeOnce(_ frame: Frame, into target: inout Frame, _ scale: Scale) throws(CaptureError) {
    let count = frame.byteCount
    guard isWholeJPEG(frame.bytes.span.extracting(0..<count)) else {
      throw .undecodable(reason: "the JPEG has no beginning or no end")
    }
    let (size, sampling) = try header(frame)
    let format: PixelFormat
    switch sampling {
    case CInt(TJSAMP_420.rawValue): format = .i420
    case CInt(TJSAMP_422.rawValue): format = .i422
    case CInt(TJSAMP_444.rawValue): format = .i444
    case CInt(TJSAMP_GRAY.rawValue): format = .grey
    default: throw .undecodable(reason: "the JPEG's chroma sampling is not 4:2:0, 4:2:2, 4:4:4 or grey")
    }
    let scaled = scaledSize(size, scale)
    let (timestamp, sequence) = (frame.timestamp, frame.sequence)
    target.layOut(format, scaled, color: ColorDescription(matrix: .bt601, range: .full))
    (target.timestamp, target.sequence) = (timestamp, sequence)
    let offsets = target.planes.map(\.offset)
    var strides = target.planes.map { CInt($0.rowBytes) }
    let handle = unsafe handle
    let code = unsafe frame.bytes.withUnsafeBufferPointer { (source) in
      unsafe target.bytes.withUnsafeMutableBufferPointer { (bytes) in
        var planes = unsafe offsets.map { unsafe bytes.baseAddress?.advanced(by: $0) }
        return unsafe tjDecompressToYUVPlanes(
          handle, source.baseAddress, CUnsignedLong(count), &planes, CInt(scaled.width), &strides, CInt(scaled.height),
          CInt(TJFLAG_STOPONWARNING))
      }
    }
    guard code == 0 else { throw .undecodable(reason: unsafe String(cString: tjGetErrorStr2(handle))) }
  }

  private func header(_ frame: Frame) throws(CaptureError) -> (size: FrameSize, sampling: CInt) {
    var (width, height, sampling, space) = (CInt(0), CInt(0), CInt(0), CInt(0))
    let count = frame.byteCount
    let handle = unsafe handle
    let code = unsafe frame.bytes.withUnsafeBufferPointer { (source) in
      unsafe tjDecompressHeader3(
        handle, source.baseAddress, CUnsignedLong(count), &width, &height, &sampling, &space)
    }
    guard code == 0 else { throw .undecodable(reason: unsafe String(cString: tjGetErrorStr2(handle))) }
    guard (1...8192).contains(width), (1...8192).contains(height) else {
      throw .undecodable(reason: "the JPEG claims to be \(width)x\(height)")
    }
    guard space == CInt(TJCS_YCbCr.rawValue) || space == CInt(TJCS_GRAY.rawValue) else {
      throw .undecodable(reason: "the JPEG is neither YCbCr nor grey")
    }
    return (FrameSize(width: Int(width), height: Int(height)), sampling)
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

/// True for bytes that begin and end as a JPEG file does; cameras pad with zeros behind the end.
func isWholeJPEG(_ bytes: borrowing Span<UInt8>) -> Bool {
  var end = bytes.count
  while end > 4, bytes[end - 1] == 0 { end -= 1 }
  guard end >= 4 else { return false }
  return bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[end - 2] == 0xFF && bytes[end - 1] == 0xD9
}
