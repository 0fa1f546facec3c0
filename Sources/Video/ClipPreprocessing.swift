/// From a camera's frame to one sample: `size` x `size` pixels of interleaved RGB, 8 bits each.
///
/// The one path for the daemon, for files and for training. Region, crop rule and resize act on each colour component;
/// the colour matrix then acts on the few pixels that are left, and the privacy mask is painted. The network sees
/// x / 127.5 − 1.
///
/// Everything is integer arithmetic with weights made once per kind of frame, so the same frame gives the same sample on
/// every machine. Steady use allocates nothing. Chroma is taken to cover the same area as luma, centred.
///
/// - Source: methods.md 1.5.
package struct ClipPreprocessing: Sendable {
  /// What a camera's settings choose.
  package struct Options: Hashable, Sendable {
    /// Height and width of a sample in pixels, as the model asks.
    package var size: Int
    package var region: Region
    package var crop: CropRule
    package var mask: PrivacyMask

    package init(
      size: Int = 224, region: Region = .whole, crop: CropRule = .full, mask: PrivacyMask = PrivacyMask()
    ) {
      self.size = size
      self.region = region
      self.crop = crop
      self.mask = mask
    }
  }

  package let options: Options
  private var plan: Plan?
  private var accumulator: [Int32] = []
  /// One output row of each component.
  private var rows: [UInt8]

  package init(_ options: Options) {
    self.options = options
    rows = Array(repeating: 0, count: options.size * 3)
  }

  /// Bytes of one sample.
  package var sampleByteCount: Int { options.size * options.size * 3 }

  /// The smallest picture that still feeds the sample without enlarging it, for decoders that can reduce.
  ///
  /// A JPEG may be decoded at a half or a quarter when the reduced picture is at least this large.
  package func smallestUsefulSize(of full: FrameSize) -> FrameSize {
    let shown = Plan.intervals(of: full, options)
    let width = Double(options.size) * Double(full.width) / (shown.x.upperBound - shown.x.lowerBound)
    let height = Double(options.size) * Double(full.height) / (shown.y.upperBound - shown.y.lowerBound)
    return FrameSize(width: Int(width.rounded(.up)), height: Int(height.rounded(.up)))
  }

  /// Writes the sample made from `frame` over `sample`, which holds `sampleByteCount` bytes.
  ///
  /// - Throws: `VideoError` when the frame's bytes do not cover its size.
  package mutating func prepare(_ frame: Frame, into sample: inout MutableSpan<UInt8>) throws(VideoError) {
    precondition(sample.count == sampleByteCount)
    try frame.validate()
    let plan = plan(for: frame)
    let source = frame.bytes.span
    let conversion = ColorConversion(frame.color)
    let size = options.size
    for row in 0..<size {
      for (index, component) in plan.components.enumerated() {
        component.resample(row: row, of: source, frame.planes, &accumulator, into: &rows, at: index * size)
      }
      let target = row * size * 3
      switch plan.kind {
      case .rgb:
        for column in 0..<size {
          sample[target + column * 3] = rows[column]
          sample[target + column * 3 + 1] = rows[size + column]
          sample[target + column * 3 + 2] = rows[2 * size + column]
        }
      case .grey:
        for column in 0..<size {
          let (level, _, _) = conversion.rgb(y: rows[column], u: 128, v: 128)
          sample[target + column * 3] = level
          sample[target + column * 3 + 1] = level
          sample[target + column * 3 + 2] = level
        }
      case .yuv:
        for column in 0..<size {
          let (red, green, blue) = conversion.rgb(
            y: rows[column], u: rows[size + column], v: rows[2 * size + column])
          sample[target + column * 3] = red
          sample[target + column * 3 + 1] = green
          sample[target + column * 3 + 2] = blue
        }
      }
    }
    for run in plan.masked {
      for position in (run.row * size + run.columns.lowerBound) * 3..<(run.row * size + run.columns.upperBound) * 3 {
        sample[position] = 0
      }
    }
  }

  private mutating func plan(for frame: Frame) -> Plan {
    if let plan, plan.size == frame.size, plan.format == frame.format { return plan }
    let made = Plan(size: frame.size, format: frame.format, options: options)
    plan = made
    let longest = made.components.map(\.span.count).max() ?? 0
    if accumulator.count < longest { accumulator = Array(repeating: 0, count: longest) }
    return made
  }
}

/// The weights for one kind of frame.
private struct Plan: Sendable {
  enum Kind { case rgb, yuv, grey }

  let size: FrameSize
  let format: PixelFormat
  let kind: Kind
  let components: [PlannedComponent]
  let masked: [(row: Int, columns: Range<Int>)]

  init(size: FrameSize, format: PixelFormat, options: ClipPreprocessing.Options) {
    self.size = size
    self.format = format
    kind = format == .grey ? .grey : format.isRGB ? .rgb : .yuv
    let shown = Self.intervals(of: size, options)
    let (width, height) = (Double(size.width), Double(size.height))
    components = format.components(of: size).map { component in
      let (scaleX, scaleY) = (Double(component.width) / width, Double(component.height) / height)
      // An odd picture's chroma reaches half a pixel past its edge; the shown part scales with the picture.
      return PlannedComponent(
        component,
        columns: ResamplingTaps(
          source: component.width, interval: shown.x.lowerBound * scaleX..<shown.x.upperBound * scaleX,
          outputs: options.size),
        rows: ResamplingTaps(
          source: component.height, interval: shown.y.lowerBound * scaleY..<shown.y.upperBound * scaleY,
          outputs: options.size))
    }
    // Chroma is the coarsest: a tap reaches up to one of its pixels, two of the picture's, past a sample's own area.
    masked = options.mask.runs(
      horizontal: shown.x.lowerBound / width..<shown.x.upperBound / width,
      vertical: shown.y.lowerBound / height..<shown.y.upperBound / height,
      margin: (2 / width, 2 / height), size: options.size)
  }

  /// The part of a picture that is shown, in pixels.
  static func intervals(of size: FrameSize, _ options: ClipPreprocessing.Options) -> (
    x: Range<Double>, y: Range<Double>
  ) {
    let region = options.region
    var x = (region.x * Double(size.width), region.width * Double(size.width))
    var y = (region.y * Double(size.height), region.height * Double(size.height))
    if options.crop == .centerSquare {
      let side = min(x.1, y.1)
      x = (x.0 + (x.1 - side) / 2, side)
      y = (y.0 + (y.1 - side) / 2, side)
    }
    return (x.0..<x.0 + x.1, y.0..<y.0 + y.1)
  }
}

/// One colour component with its taps.
private struct PlannedComponent: Sendable {
  let component: FrameComponent
  let columns: ResamplingTaps
  let rows: ResamplingTaps
  /// Bytes of a row, relative to its begin, that any output reads.
  let span: Range<Int>

  init(_ component: FrameComponent, columns: ResamplingTaps, rows: ResamplingTaps) {
    self.component = component
    self.columns = columns
    self.rows = rows
    let values = columns.range
    span =
      component.offset + values.lowerBound * component.step..<component.offset + (values.upperBound - 1)
      * component.step + 1
  }

  /// Writes one output row.
  ///
  /// Down first, then across: the vertical sum runs over adjacent bytes, which vectorizes whatever the layout, and only
  /// one summed row is left for the horizontal taps.
  func resample(
    row: Int, of source: Span<UInt8>, _ planes: [Frame.Plane], _ accumulator: inout [Int32], into output: inout [UInt8],
    at begin: Int
  ) {
    let plane = planes[component.plane]
    let count = span.count
    var sums = accumulator.mutableSpan
    var isFirst = true
    for tap in 0..<rows.tapCount {
      let weight = rows.weights[row * rows.tapCount + tap]
      guard weight != 0 else { continue }
      let from = plane.offset + (rows.starts[row] + tap) * plane.rowBytes + span.lowerBound
      let line = source.extracting(from..<from + count)
      if isFirst {
        for index in 0..<count { sums[index] = weight &* Int32(line[index]) }
        isFirst = false
      } else {
        for index in 0..<count { sums[index] = sums[index] &+ weight &* Int32(line[index]) }
      }
    }
    let (step, taps) = (component.step, columns.tapCount)
    let shift: Int32 = 22
    let half: Int32 = 1 << (shift - 1)
    let firstByte = span.lowerBound - component.offset
    for column in 0..<columns.starts.count {
      var sum = half
      var position = columns.starts[column] * step - firstByte
      for tap in 0..<taps {
        let weight = columns.weights[column * taps + tap]
        // A padding tap may lie past what was summed.
        if weight != 0 { sum = sum &+ weight &* sums[position] }
        position += step
      }
      output[begin + column] = UInt8(truncatingIfNeeded: sum &>> shift)
    }
  }
}
