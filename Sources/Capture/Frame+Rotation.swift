internal import Video

extension Frame {
  /// Writes this frame, turned clockwise by 90, 180 or 270 degrees, into another one's storage.
  ///
  /// Planes must be without padding. A format whose chroma is halved in one direction only cannot be turned by 90
  /// degrees and is widened to `i444` on the way.
  func rotated(clockwise degrees: Int, into target: inout Frame) {
    target.timestamp = timestamp
    target.sequence = sequence
    let turned = degrees == 180 ? size : FrameSize(width: size.height, height: size.width)
    let isHalved = [PixelFormat.i422, .yuyv, .uyvy].contains(format)
    target.layOut(isHalved ? .i444 : format, turned, color: color)
    let samples = sampleGrids
    let targets = target.sampleGrids
    for (from, to) in zip(samples, targets) {
      let (columns, rows) = to.size
      for y in 0..<rows {
        for x in 0..<columns {
          let (sourceX, sourceY) =
            switch degrees {
            case 90: (y, columns - 1 - x)
            case 180: (columns - 1 - x, rows - 1 - y)
            default: (rows - 1 - y, x)
            }
          // Widening: each chroma sample of a pair of pixels stands for both.
          let column = isHalved ? sourceX / from.pixelsPerColumn : sourceX
          let source = from.offset + sourceY * from.rowBytes + column * from.step
          let destination = to.offset + y * to.rowBytes + x * to.step
          for byte in 0..<to.elementBytes { target.bytes[destination + byte] = bytes[source + byte] }
        }
      }
    }
  }

  /// One kind of sample (luma, a chroma, or whole RGB pixels) as a grid in `bytes`.
  private struct SampleGrid {
    var offset: Int
    var rowBytes: Int
    /// Bytes from one sample to the next.
    var step: Int
    /// Bytes that move together.
    var elementBytes: Int
    var pixelsPerColumn: Int
    var size: (columns: Int, rows: Int)
  }

  private var sampleGrids: [SampleGrid] {
    let (width, height) = (size.width, size.height)
    let half = ((width + 1) / 2, (height + 1) / 2)
    func grid(_ plane: Int, at offset: Int = 0, step: Int = 1, bytes: Int = 1, per: Int = 1, _ size: (Int, Int))
      -> SampleGrid
    {
      SampleGrid(
        offset: planes[plane].offset + offset, rowBytes: planes[plane].rowBytes, step: step, elementBytes: bytes,
        pixelsPerColumn: per, size: size)
    }
    let (all, halfColumns) = ((width, height), (half.0, height))
    return switch format {
    case .yuyv:
      [
        grid(0, step: 2, all), grid(0, at: 1, step: 4, per: 2, halfColumns),
        grid(0, at: 3, step: 4, per: 2, halfColumns),
      ]
    case .uyvy:
      [
        grid(0, at: 1, step: 2, all), grid(0, step: 4, per: 2, halfColumns),
        grid(0, at: 2, step: 4, per: 2, halfColumns),
      ]
    case .nv12: [grid(0, all), grid(1, step: 2, bytes: 2, half)]
    case .i420: [grid(0, all), grid(1, half), grid(2, half)]
    case .i422: [grid(0, all), grid(1, per: 2, halfColumns), grid(2, per: 2, halfColumns)]
    case .i444: [grid(0, all), grid(1, all), grid(2, all)]
    case .grey: [grid(0, all)]
    case .rgb24, .bgr24: [grid(0, step: 3, bytes: 3, all)]
    case .mjpeg: []
    }
  }
}
