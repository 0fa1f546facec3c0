internal import CTurboJPEG
package import Video

/// A JPEG compressor.
@safe package struct JPEGEncoder: ~Copyable {
  private let handle: tjhandle

  package init() throws(CaptureError) {
    guard let handle = unsafe tjInitCompress() else { throw .unencodable(reason: "libjpeg-turbo cannot start") }
    unsafe self.handle = handle
  }

  deinit { unsafe tjDestroy(handle) }

  /// - Parameters:
  ///   - pixels: width · height · 3 bytes of RGB.
  ///   - size: the picture's size, up to 16384 per side.
  ///   - quality: 1 to 100.
  /// - Returns: the file's bytes, with chroma halved in both directions.
  /// - Throws: `unencodable` if libjpeg-turbo fails.
  package func encode(_ pixels: [UInt8], _ size: FrameSize, quality: Int) throws(CaptureError) -> [UInt8] {
    precondition(pixels.count == size.width * size.height * 3)
    let (width, height) = (CInt(size.width), CInt(size.height))
    let sampling = CInt(TJSAMP_420.rawValue)
    var length = tjBufSize(width, height, sampling)
    var bytes = [UInt8](repeating: 0, count: Int(length))
    let handle = unsafe handle
    let code = unsafe pixels.withUnsafeBufferPointer { (source) in
      unsafe bytes.withUnsafeMutableBufferPointer { (target) in
        var output = target.baseAddress
        return unsafe tjCompress2(
          handle, source.baseAddress, width, 0, height, CInt(TJPF_RGB.rawValue), &output, &length, sampling,
          CInt(quality), CInt(TJFLAG_NOREALLOC))
      }
    }
    guard code == 0 else { throw .unencodable(reason: unsafe String(cString: tjGetErrorStr2(handle))) }
    bytes.removeLast(bytes.count - Int(length))
    return bytes
  }
}
