internal import Video

extension Frame {
  /// Writes width·height·3 bytes of RGB as `rgb24`, `bgr24`, `grey`, `yuyv`, `uyvy`, `i420` or `nv12`.
  ///
  /// YUV is limited range BT.601; chroma is that of the upper left pixel of its block, as cheap cameras do it.
  mutating func write(rgb: [UInt8], _ size: FrameSize, as format: PixelFormat) {
    let range: ColorDescription.Range = format == .grey ? .full : .limited
    layOut(format, size, color: ColorDescription(matrix: .bt601, range: range))
    switch format {
    case .rgb24: bytes.replaceSubrange(0..<rgb.count, with: rgb)
    case .bgr24:
      for at in stride(from: 0, to: rgb.count, by: 3) {
        (bytes[at], bytes[at + 1], bytes[at + 2]) = (rgb[at + 2], rgb[at + 1], rgb[at])
      }
    case .grey, .yuyv, .uyvy, .i420, .nv12: writeYUV(rgb)
    case .i422, .i444, .mjpeg: preconditionFailure("no synthetic \(format)")
    }
  }

  private mutating func writeYUV(_ rgb: [UInt8]) {
    for y in 0..<size.height {
      for x in 0..<size.width {
        let pixel = (y * size.width + x) * 3
        let (r, g, b) = (Int(rgb[pixel]), Int(rgb[pixel + 1]), Int(rgb[pixel + 2]))
        let luma = UInt8((66 * r + 129 * g + 25 * b + 128) >> 8 + 16)
        let row = planes[0].offset + y * planes[0].rowBytes
        switch format {
        case .grey: bytes[row + x] = UInt8((77 * r + 150 * g + 29 * b + 128) >> 8)
        case .yuyv: bytes[row + 2 * x] = luma
        case .uyvy: bytes[row + 2 * x + 1] = luma
        default: bytes[row + x] = luma
        }
        let isBlockStart = x % 2 == 0 && (y % 2 == 0 || format == .yuyv || format == .uyvy)
        guard isBlockStart, format != .grey else { continue }
        let u = UInt8((-38 * r - 74 * g + 112 * b + 128) >> 8 + 128)
        let v = UInt8((112 * r - 94 * g - 18 * b + 128) >> 8 + 128)
        switch format {
        case .yuyv: (bytes[row + 2 * x + 1], bytes[row + 2 * x + 3]) = (u, v)
        case .uyvy: (bytes[row + 2 * x], bytes[row + 2 * x + 2]) = (u, v)
        case .nv12:
          let at = planes[1].offset + y / 2 * planes[1].rowBytes + x
          (bytes[at], bytes[at + 1]) = (u, v)
        default:
          bytes[planes[1].offset + y / 2 * planes[1].rowBytes + x / 2] = u
          bytes[planes[2].offset + y / 2 * planes[2].rowBytes + x / 2] = v
        }
      }
    }
  }
}
