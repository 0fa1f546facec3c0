internal import Glibc
internal import Video

/// Where the planes of a driver's pictures lie in its buffers.
struct V4L2Layout: Equatable {
  private var format: PixelFormat
  private var size: FrameSize
  private var color: ColorDescription
  private var planes: [Frame.Plane] = []
  /// Bytes of a whole picture up to its last pixel; 0 for compressed formats.
  private(set) var byteCount = 0

  /// The layout for `rowBytes` bytes per row of the first plane, including padding; chroma rows follow from it.
  init(_ format: PixelFormat, _ size: FrameSize, rowBytes: Int, color: ColorDescription) {
    self.format = format
    self.size = size
    self.color = color
    let shapes = format.planeShapes(size)
    var end = 0
    for (index, shape) in shapes.enumerated() {
      let isHalved = format == .i420 && index > 0
      let padded = max(shape.rowBytes, isHalved ? rowBytes / 2 : rowBytes)
      planes.append(Frame.Plane(offset: end, rowBytes: padded))
      // Drivers differ on whether the last row is padded.
      byteCount = end + padded * (shape.rows - 1) + shape.rowBytes
      end += padded * shape.rows
    }
  }

  /// Prepares a frame for the bytes of a buffer.
  func prepare(_ frame: inout Frame, byteCount filled: Int) {
    frame.format = format
    frame.size = size
    frame.color = color
    frame.orientation = .upright
    frame.planes = planes
    frame.reserve(format == .mjpeg ? filled : byteCount)
  }
}

/// What was agreed with a driver.
struct V4L2Agreement {
  let layout: V4L2Layout
  /// Includes the number of buffers still to be requested.
  let negotiated: V4L2Camera.Negotiated
  /// Options that were refused but are not needed to capture.
  let warnings: [String]

  /// Sets format, size, rate and controls, and reads back what the driver made of them.
  init(with device: any V4L2Device, _ options: V4L2Options) throws(CaptureError) {
    let path = device.path
    let offered = try asking(path) { () throws(KernelRefusal) in try device.formats() }
    var choice = try V4L2Choice(options, device: device, offered: offered)
    let given = try asking(path) { () throws(KernelRefusal) in
      if choice.format == .converted { try device.startConverting() }
      return try Self.setFormat(device, choice)
    }
    // Virtual cameras deliver whatever is fed into them, regardless of the requested format.
    if options.format == nil, given.fourCC != choice.fourCC, let format = V4L2Options.Format(given.fourCC) {
      (choice.format, choice.fourCC) = (format, given.fourCC)
    }
    guard given.fourCC == choice.fourCC else {
      throw .formatRefused(
        device: path, setting: "cameras[].format", asked: choice.format.setting,
        offered: offered.compactMap { V4L2Options.Format($0)?.setting })
    }
    if let size = options.size, given.size != size {
      throw .formatRefused(
        device: path, setting: "cameras[].size", asked: "\(size)",
        offered: device.sizes(choice.fourCC).flatMap {
          $0.minimum == $0.maximum ? ["\($0.minimum)"] : ["\($0.minimum)", "\($0.maximum)"]
        })
    }
    guard (1...16384).contains(given.size.width), (1...16384).contains(given.size.height) else {
      throw .formatRefused(
        device: path, setting: "cameras[].size", asked: "\(given.size)", offered: ["the smaller ones"])
    }
    var warnings: [String] = []
    let rate = try Self.tolerating(device, "the rate \(choice.rate)", &warnings) { () throws(KernelRefusal) in
      try device.setRate(choice.rate)
    }
    try Self.setControls(device, options, &warnings)
    self.warnings = warnings
    let (format, color): (PixelFormat, ColorDescription) =
      switch choice.format {
      // JPEG defines its own colours, whatever the driver reports.
      case .native(.mjpeg): (.mjpeg, ColorDescription(matrix: .bt601, range: .full))
      case .native(let format): (format, given.color)
      case .converted, .h264: (.i420, given.color)
      }
    // A decoder lays out its own pictures; the driver delivers packets.
    let delivered = choice.format == .h264 ? PixelFormat.mjpeg : format
    layout = V4L2Layout(delivered, given.size, rowBytes: given.rowBytes, color: color)
    negotiated = V4L2Camera.Negotiated(
      format: choice.format, size: given.size, rate: rate, color: color, buffers: 0)
  }

  /// Some drivers have a single format and refuse every request to set one, even that one.
  private static func setFormat(_ device: any V4L2Device, _ choice: V4L2Choice) throws(KernelRefusal) -> V4L2Format {
    do throws(KernelRefusal) {
      return try device.setFormat(choice.fourCC, choice.size)
    } catch {
      guard error.errno == EINVAL || error.errno == ENOTTY, choice.format != .converted else { throw error }
      let refusal = error
      do throws(KernelRefusal) { return try device.presentFormat() } catch { throw refusal }
    }
  }

  /// Runs an optional request; a refusal becomes a warning, unless the camera has been unplugged.
  private static func tolerating<Answer>(
    _ device: any V4L2Device, _ asked: String, _ warnings: inout [String],
    _ request: () throws(KernelRefusal) -> Answer?
  ) throws(CaptureError) -> Answer? {
    do throws(KernelRefusal) {
      return try request()
    } catch {
      let problem = CaptureError(error, device: device.path)
      guard error.errno != deviceIsGone else { throw problem }
      warnings.append("continuing without \(asked): \(problem)")
      return nil
    }
  }

  private static func setControls(_ device: any V4L2Device, _ options: V4L2Options, _ warnings: inout [String])
    throws(CaptureError)
  {
    let offered = device.controls()
    var wanted: [(control: V4L2Control, value: Int)] = []
    if !options.allowsSlowExposure, let control = offered.first(where: { $0.id == KernelDevice.slowExposureControl }),
      control.value != 0, options.controls[control.name] == nil
    {
      wanted.append((control, 0))
    }
    for (name, value) in options.controls.sorted(by: { $0.key < $1.key }) {
      guard let control = offered.first(where: { $0.name == name }) else {
        throw .formatRefused(
          device: device.path, setting: "cameras[].controls", asked: "the control '\(name)'",
          offered: offered.map(\.name))
      }
      guard control.range.contains(value) else {
        throw .formatRefused(
          device: device.path, setting: "cameras[].controls.\(name)", asked: "\(value) for '\(name)'",
          offered: ["the values from \(control.range.lowerBound) to \(control.range.upperBound)"])
      }
      wanted.append((control, value))
    }
    // A control may be locked by another one, such as focus by autofocus; it may become settable once the others are
    // set.
    var refused: [(control: V4L2Control, value: Int)] = []
    for (control, value) in wanted {
      do throws(KernelRefusal) { try device.setControl(control.id, value) } catch { refused.append((control, value)) }
    }
    for (control, value) in refused {
      _ = try tolerating(device, "\(control.name) = \(value)", &warnings) { () throws(KernelRefusal) -> Void? in
        try device.setControl(control.id, value)
      }
    }
  }
}
