/// Crops, resizes, converts and rotates pictures of one size and format to upright interleaved RGB.
///
/// Every component is resampled on its own grid (`ResampleAxis`), first vertically, then horizontally, with 15-bit
/// weights and one rounding to 1/256 level in between; colours are converted last, once per output pixel. So only
/// contributing rows are read, the result is the same on every machine, and an unscaled picture is copied exactly. A
/// rotated picture is resampled as stored; only finished pixels are moved to their place. Planned once per size, format
/// and crop; running it allocates nothing.
package struct Resampler: Sendable {
  fileprivate struct Plane: Sendable {
    var axis: ResampleAxis
    /// The bytes of a row that contribute to an output value.
    var bytes: Range<Int>
  }

  fileprivate struct Component: Sendable {
    var plane: Int
    var axis: ResampleAxis
    /// For each output value, the index of its first source value in `row`.
    var starts: [Int]
    var step: Int
  }

  private let format: PixelFormat
  private let size: FrameSize
  /// As stored, before rotation.
  private let output: FrameSize
  private let orientation: Orientation
  private let planes: [Plane]
  private let components: [Component]
  private var sums: [UInt32]
  private var row: [UInt16]
  private var lines: (first: [Int32], second: [Int32], third: [Int32])
  /// One finished row of a rotated picture.
  private var pixelRow: [UInt8]

  /// Plans for pictures of `size`, of which a part is scaled to another size.
  ///
  /// - Parameters:
  ///   - format: the pictures' format.
  ///   - size: the pictures' size as stored.
  ///   - orientation: rotates them upright.
  ///   - shown: the part to use, in pixels of the upright picture.
  ///   - uprightOutput: the output size.
  package init(
    _ format: PixelFormat, _ size: FrameSize, orientation: Orientation = .upright, rectangle shown: PixelRectangle,
    output uprightOutput: FrameSize
  ) {
    let rectangle = shown.turned(orientation.inverse, in: orientation.size(of: size))
    let output = orientation.size(of: uprightOutput)
    precondition(rectangle.x >= 0 && rectangle.x + rectangle.width <= size.width && rectangle.width > 0)
    precondition(rectangle.y >= 0 && rectangle.y + rectangle.height <= size.height && rectangle.height > 0)
    self.format = format
    self.size = size
    self.output = output
    self.orientation = orientation
    pixelRow = orientation == .upright ? [] : [UInt8](repeating: 0, count: 3 * output.width)
    let parts = format.components
    planes = format.planeShapes(size).indices.map { (index) in
      let inside = parts.filter { $0.plane == index }
      let down = inside.first?.down ?? 1
      let first = inside.map { rectangle.x / $0.across * $0.step + $0.offset }.min() ?? 0
      let last = inside.map { (rectangle.columns.upperBound - 1) / $0.across * $0.step + $0.offset }.max() ?? 0
      return Plane(
        axis: ResampleAxis(pixels: rectangle.rows, count: output.height, sharing: down), bytes: first..<last + 1)
    }
    let planes = planes
    components = parts.map { (part) in
      let axis = ResampleAxis(pixels: rectangle.columns, count: output.width, sharing: part.across)
      let begin = planes[part.plane].bytes.lowerBound
      return Component(
        plane: part.plane, axis: axis, starts: axis.starts.map { $0 * part.step + part.offset - begin }, step: part.step
      )
    }
    let widest = planes.map(\.bytes.count).max() ?? 0
    sums = [UInt32](repeating: 0, count: widest)
    row = [UInt16](repeating: 0, count: widest)
    let line = [Int32](repeating: 0, count: output.width)
    lines = (line, line, line)
  }

  /// Writes the frame's picture as rows of RGB pixels, in the output size.
  ///
  /// - Throws: `VideoError` if the frame's planes do not contain the picture; `pixels` is then unchanged.
  package mutating func resample(_ frame: Frame, into pixels: inout [UInt8]) throws(VideoError) {
    try frame.validatePlanes()
    precondition(frame.format == format && frame.size == size && pixels.count == output.width * output.height * 3)
    let color = ColorConversion(frame.color)
    for y in 0..<output.height {
      for plane in planes.indices {
        planes[plane].resampleDown(frame, plane, to: y, sums: &sums, into: &row)
        for index in components.indices where components[index].plane == plane {
          switch index {
          case 0: components[index].resampleAcross(row, into: &lines.first)
          case 1: components[index].resampleAcross(row, into: &lines.second)
          default: components[index].resampleAcross(row, into: &lines.third)
          }
        }
      }
      if orientation == .upright {
        convertLines(color, into: &pixels, at: y * output.width * 3)
      } else {
        convertLines(color, into: &pixelRow, at: 0)
        placeRow(y, in: &pixels)
      }
    }
  }

  /// Converts the resampled row to RGB.
  private func convertLines(_ color: ColorConversion, into pixels: inout [UInt8], at begin: Int) {
    var written = pixels.mutableSpan
    if format.isRGB {
      ColorConversion.interleave(
        red: lines.first.span, green: lines.second.span, blue: lines.third.span, into: &written, at: begin)
    } else if format == .grey {
      color.convert(y: lines.first.span, into: &written, at: begin)
    } else {
      color.convert(y: lines.first.span, u: lines.second.span, v: lines.third.span, into: &written, at: begin)
    }
  }

  /// Writes the finished row `y` where it is shown: forwards or backwards, as a row or a column.
  private func placeRow(_ y: Int, in pixels: inout [UInt8]) {
    let width = orientation.size(of: output).width
    func index(_ x: Int) -> Int {
      let place = orientation.place(x, y, right: output.width - 1, bottom: output.height - 1)
      return 3 * (place.y * width + place.x)
    }
    let first = index(0)
    let step = output.width > 1 ? index(1) - first : 0
    var written = pixels.mutableSpan
    let row = pixelRow.span
    for x in 0..<output.width {
      let to = first &+ x &* step
      (written[to], written[to &+ 1], written[to &+ 2]) = (row[3 &* x], row[3 &* x &+ 1], row[3 &* x &+ 2])
    }
  }
}

extension Resampler.Plane {
  /// Resamples plane `index` vertically to the output row `y`, in units of 1/256 level.
  func resampleDown(_ frame: Frame, _ index: Int, to y: Int, sums: inout [UInt32], into row: inout [UInt16]) {
    let taps = axis.taps
    let count = bytes.count
    let rowBytes = frame.planes[index].rowBytes
    let first = frame.planes[index].offset + bytes.lowerBound + axis.starts[y] * rowBytes
    let source = frame.bytes.span
    // A tap with weight zero may have no row; the first tap always has one.
    let from = { (tap: Int) in
      tap < taps ? first + tap * rowBytes..<first + tap * rowBytes + count : first..<first + count
    }
    let weight = { (tap: Int) in tap < taps ? axis.weights[y * taps + tap] : 0 }
    var result = row.mutableSpan
    if taps <= 2 {
      blend(
        source.extracting(from(0)), weight(0), source.extracting(from(1)), weight(1), into: &result)
      return
    }
    var sum = sums.mutableSpan
    for tap in stride(from: 0, to: taps, by: 4) {
      accumulate(
        source.extracting(from(tap)), source.extracting(from(tap + 1)), source.extracting(from(tap + 2)),
        source.extracting(from(tap + 3)),
        SIMD4(weight(tap), weight(tap + 1), weight(tap + 2), weight(tap + 3)), isFirst: tap == 0, into: &sum)
    }
    for x in 0..<count { result[x] = narrowed(sum[x]) }
  }
}

/// From weighted bytes to 1/256 level: 255 becomes 65280.
private func narrowed(_ sum: UInt32) -> UInt16 { UInt16(truncatingIfNeeded: (sum &+ 64) &>> 7) }

private func blend(
  _ a: Span<UInt8>, _ weightA: UInt16, _ b: Span<UInt8>, _ weightB: UInt16, into result: inout MutableSpan<UInt16>
) {
  let (weightA, weightB) = (UInt32(weightA), UInt32(weightB))
  let count = a.count
  precondition(b.count == count && result.count >= count)
  for x in 0..<count { result[x] = narrowed(UInt32(a[x]) &* weightA &+ UInt32(b[x]) &* weightB) }
}

private func accumulate(
  _ a: Span<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8>, _ d: Span<UInt8>, _ weights: SIMD4<UInt16>, isFirst: Bool,
  into sum: inout MutableSpan<UInt32>
) {
  let (w0, w1, w2, w3) = (UInt32(weights[0]), UInt32(weights[1]), UInt32(weights[2]), UInt32(weights[3]))
  let count = a.count
  precondition(b.count == count && c.count == count && d.count == count && sum.count >= count)
  let kept: UInt32 = isFirst ? 0 : .max
  for x in 0..<count {
    let here = UInt32(a[x]) &* w0 &+ UInt32(b[x]) &* w1 &+ UInt32(c[x]) &* w2 &+ UInt32(d[x]) &* w3
    sum[x] = (sum[x] & kept) &+ here
  }
}

extension Resampler.Component {
  /// Resamples one row horizontally: 1/256 level in, 1/128 out.
  func resampleAcross(_ row: [UInt16], into line: inout [Int32]) {
    let row = row.span
    var line = line.mutableSpan
    let starts = starts.span
    let weights = axis.weights.span
    let taps = axis.taps
    let step = step
    precondition(starts.count == line.count && weights.count == taps * line.count)
    // The usual two to four taps are unrolled: about twice as fast as the loop.
    func term(_ x: Int, _ tap: Int) -> UInt32 {
      UInt32(row[starts[x] &+ tap &* step]) &* UInt32(weights[x &* taps &+ tap])
    }
    let half: UInt32 = 1 << 15
    switch taps {
    case 2:
      for x in 0..<line.count { line[x] = Int32(truncatingIfNeeded: (half &+ term(x, 0) &+ term(x, 1)) &>> 16) }
    case 3:
      for x in 0..<line.count {
        line[x] = Int32(truncatingIfNeeded: (half &+ term(x, 0) &+ term(x, 1) &+ term(x, 2)) &>> 16)
      }
    case 4:
      for x in 0..<line.count {
        let sum = half &+ term(x, 0) &+ term(x, 1) &+ term(x, 2) &+ term(x, 3)
        line[x] = Int32(truncatingIfNeeded: sum &>> 16)
      }
    default:
      for x in 0..<line.count {
        var sum = half
        for tap in 0..<taps { sum &+= term(x, tap) }
        line[x] = Int32(truncatingIfNeeded: sum &>> 16)
      }
    }
  }
}
