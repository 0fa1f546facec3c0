import CTurboJPEG
import Video

@testable import Capture

/// A JPEG compressor: what a camera does that delivers MJPEG.
@safe struct JPEGEncoder: ~Copyable {
  private let handle: tjhandle

  init() throws(CaptureError) {
    guard let handle = unsafe tjInitCompress() else { throw .undecodable(reason: "libjpeg-turbo cannot start") }
    unsafe self.handle = handle
  }

  deinit { unsafe tjDestroy(handle) }

  /// Compresses width·height·3 bytes of RGB, with halved chroma columns as webcams do.
  func encode(_ pixels: [UInt8], _ size: FrameSize, into frame: inout Frame) throws(CaptureError) {
    let (width, height) = (CInt(size.width), CInt(size.height))
    frame.layOut(.mjpeg, size, color: ColorDescription(matrix: .bt601, range: .full))
    let capacity = tjBufSize(width, height, CInt(TJSAMP_422.rawValue))
    frame.reserve(Int(capacity))
    var length = capacity
    let handle = unsafe handle
    let code = unsafe pixels.withUnsafeBufferPointer { (source) in
      unsafe frame.bytes.withUnsafeMutableBufferPointer { (target) in
        var output = target.baseAddress
        return unsafe tjCompress2(
          handle, source.baseAddress, width, 0, height, CInt(TJPF_RGB.rawValue), &output, &length,
          CInt(TJSAMP_422.rawValue), 90, CInt(TJFLAG_NOREALLOC))
      }
    }
    guard code == 0 else { throw .undecodable(reason: unsafe String(cString: tjGetErrorStr2(handle))) }
    frame.byteCount = Int(length)
  }
}
