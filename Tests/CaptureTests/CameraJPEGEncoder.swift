import CTurboJPEG
import Video

@testable import Capture

/// A JPEG compressor, as in a camera that delivers MJPEG.
@safe struct CameraJPEGEncoder: ~Copyable {
  private let handle: tjhandle

  init() throws(CaptureError) {
    guard let handle = unsafe tjInitCompress() else { throw .undecodable(reason: "libjpeg-turbo cannot start") }
    unsafe self.handle = handle
  }

  deinit { unsafe tjDestroy(handle) }

  /// Compresses width·height·3 bytes of RGB, with halved chroma columns as webcams do.
  func encode(
    _ pixels: [UInt8], _ size: FrameSize, _ sampling: TJSAMP = TJSAMP_422, into frame: inout Frame
  ) throws(CaptureError) {
    let (width, height) = (CInt(size.width), CInt(size.height))
    frame.layOut(.mjpeg, size, color: ColorDescription(matrix: .bt601, range: .full))
    let capacity = tjBufSize(width, height, CInt(sampling.rawValue))
    frame.reserve(Int(capacity))
    var length = capacity
    let handle = unsafe handle
    let code = unsafe pixels.withUnsafeBufferPointer { (source) in
      unsafe frame.bytes.withUnsafeMutableBufferPointer { (target) in
        var output = target.baseAddress
        return unsafe tjCompress2(
          handle, source.baseAddress, width, 0, height, CInt(TJPF_RGB.rawValue), &output, &length,
          CInt(sampling.rawValue), 90, CInt(TJFLAG_NOREALLOC))
      }
    }
    guard code == 0 else { throw .undecodable(reason: unsafe String(cString: tjGetErrorStr2(handle))) }
    frame.byteCount = Int(length)
  }
}

extension Frame {
  /// Inserts an EXIF segment with an orientation after a JPEG's first two bytes.
  mutating func insertEXIF(orientation: UInt8) {
    var exif = [UInt8]("Exif\0\0MM".utf8)
    exif += [0, 42, 0, 0, 0, 8, 0, 2]
    exif += [0x01, 0x00, 0, 3, 0, 0, 0, 1, 0, 9, 0, 0]  // another entry first
    exif += [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
    let length = exif.count + 2
    let segment = [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + exif
    bytes.insert(contentsOf: segment, at: 2)
    byteCount += segment.count
  }
}
