internal import CVideo4Linux
internal import Glibc
internal import Video

/// A capture device of the running kernel; it closes when the last reference is released.
@safe final class KernelDevice: V4L2Device {
  /// The control that lets auto exposure lower the frame rate in the dark.
  static let slowExposureControl = cv4l2_exposure_dynamic_framerate

  let path: String
  let capability: V4L2Capability
  private var device: cv4l2_device
  private var mapped = unsafe [UnsafeMutableRawBufferPointer]()

  init(path: String) throws(KernelRefusal) {
    var opened = cv4l2_device()
    try check("open", unsafe cv4l2_open(path, &opened))
    var about = cv4l2_capability()
    let code = unsafe cv4l2_query_capability(&opened, &about)
    guard code == 0 else {
      unsafe cv4l2_close(&opened)
      throw KernelRefusal(request: "VIDIOC_QUERYCAP", errno: -code)
    }
    opened.multi_planar = about.multi_planar
    self.path = path
    device = opened
    capability = V4L2Capability(
      driver: text(about.driver), card: text(about.card), bus: text(about.bus), captures: about.captures != 0)
  }

  deinit {
    unmap()
    unsafe cv4l2_close(&device)
  }

  private func unmap() {
    for index in unsafe mapped.indices {
      unsafe cv4l2_unmap_buffer(&device, mapped[index].baseAddress, mapped[index].count)
    }
    unsafe mapped.removeAll()
  }

  func formats() throws(KernelRefusal) -> [FourCC] {
    var formats: [FourCC] = []
    var format = cv4l2_format_name()
    while true {
      let code = unsafe cv4l2_enumerate_format(&device, UInt32(formats.count), &format)
      if code == -EINVAL { return formats }
      try check("VIDIOC_ENUM_FMT", code)
      formats.append(FourCC(rawValue: format.four_cc))
      // No real driver has that many; do not wait for an endless list.
      guard formats.count < 1000 else { return formats }
    }
  }

  func sizes(_ format: FourCC) -> [V4L2SizeRange] {
    var sizes: [V4L2SizeRange] = []
    var size = cv4l2_size_range()
    while sizes.count < 1000,
      unsafe cv4l2_enumerate_size(&device, format.rawValue, UInt32(sizes.count), &size) == 0
    {
      sizes.append(
        V4L2SizeRange(
          minimum: FrameSize(width: Int(size.width), height: Int(size.height)),
          maximum: FrameSize(width: Int(size.maximum_width), height: Int(size.maximum_height))))
    }
    return sizes
  }

  func rates(_ format: FourCC, _ size: FrameSize) -> [Double] {
    var rates: [Double] = []
    var interval = cv4l2_interval_range()
    var index: UInt32 = 0
    while index < 1000,
      unsafe cv4l2_enumerate_interval(
        &device, format.rawValue, UInt32(size.width), UInt32(size.height), index, &interval) == 0
    {
      index += 1
      rates.append(Double(interval.denominator) / Double(max(1, interval.numerator)))
      guard interval.is_discrete == 0 else { continue }
      rates.append(Double(interval.maximum_denominator) / Double(max(1, interval.maximum_numerator)))
    }
    return rates
  }

  func controls() -> [V4L2Control] {
    var controls: [V4L2Control] = []
    var control = cv4l2_control()
    while controls.count < 1000, unsafe cv4l2_next_control(&device, control.id, &control) == 0 {
      guard control.is_settable != 0, control.minimum <= control.maximum else { continue }
      var value: Int32 = 0
      let hasValue = unsafe cv4l2_get_control(&device, control.id, &value) == 0
      controls.append(
        V4L2Control(
          id: control.id, name: controlName(text(control.name)), range: Int(control.minimum)...Int(control.maximum),
          defaultValue: Int(control.default_value), value: hasValue ? Int(value) : nil))
    }
    return controls
  }

  func startConverting() throws(KernelRefusal) {
    try check("v4l2_fd_open", unsafe cv4l2_start_converting(&device))
  }

  func setFormat(_ format: FourCC, _ size: FrameSize) throws(KernelRefusal) -> V4L2Format {
    var given = cv4l2_format()
    let code = unsafe cv4l2_set_format(
      &device, format.rawValue, UInt32(size.width), UInt32(size.height), &given)
    try check("VIDIOC_S_FMT", code)
    return described(given)
  }

  func presentFormat() throws(KernelRefusal) -> V4L2Format {
    var present = cv4l2_format()
    try check("VIDIOC_G_FMT", unsafe cv4l2_get_format(&device, &present))
    return described(present)
  }

  private func described(_ given: cv4l2_format) -> V4L2Format {
    V4L2Format(
      fourCC: FourCC(rawValue: given.four_cc), size: FrameSize(width: Int(given.width), height: Int(given.height)),
      rowBytes: Int(given.row_bytes),
      color: ColorDescription(
        matrix: given.matrix == 601 ? .bt601 : .bt709, range: given.full_range != 0 ? .full : .limited))
  }

  func setRate(_ rate: Double) throws(KernelRefusal) -> Double? {
    var (numerator, denominator) = (UInt32(1000), UInt32(min(max(rate, 0.001), 1_000_000) * 1000))
    let code = unsafe cv4l2_set_interval(&device, &numerator, &denominator)
    if code == -ENOTTY || code == -EINVAL { return nil }
    try check("VIDIOC_S_PARM", code)
    return numerator > 0 && denominator > 0 ? Double(denominator) / Double(numerator) : nil
  }

  func setControl(_ id: UInt32, _ value: Int) throws(KernelRefusal) {
    try check("VIDIOC_S_CTRL", unsafe cv4l2_set_control(&device, id, Int32(clamping: value)))
  }

  func requestBuffers(_ count: Int) throws(KernelRefusal) -> Int {
    unmap()
    var given = UInt32(count)
    try check("VIDIOC_REQBUFS", unsafe cv4l2_request_buffers(&device, &given))
    guard count > 0 else { return 0 }
    for index in 0..<given {
      var address: UnsafeMutableRawPointer?
      var length = 0
      try check("VIDIOC_QUERYBUF", unsafe cv4l2_map_buffer(&device, index, &address, &length))
      unsafe mapped.append(UnsafeMutableRawBufferPointer(start: address, count: length))
    }
    return Int(given)
  }

  var bufferLength: Int { unsafe mapped.map(\.count).min() ?? 0 }

  func queue(_ index: Int) throws(KernelRefusal) {
    try check("VIDIOC_QBUF", unsafe cv4l2_queue(&device, UInt32(index)))
  }

  func stream(_ on: Bool) throws(KernelRefusal) {
    try check(on ? "VIDIOC_STREAMON" : "VIDIOC_STREAMOFF", unsafe cv4l2_stream(&device, on ? 1 : 0))
  }

  func wait(_ timeout: Duration) throws(KernelRefusal) -> V4L2Readiness {
    let milliseconds = CInt(clamping: (max(timeout, .zero).wholeNanoseconds + 999_999) / 1_000_000)
    let flags = unsafe cv4l2_wait(&device, milliseconds)
    try check("poll", min(flags, 0))
    return V4L2Readiness(rawValue: Int(flags))
  }

  func dequeue() throws(KernelRefusal) -> V4L2FilledBuffer? {
    var filled = cv4l2_filled_buffer()
    let code = unsafe cv4l2_dequeue(&device, &filled)
    if code == -EAGAIN { return nil }
    try check("VIDIOC_DQBUF", code)
    return V4L2FilledBuffer(
      index: Int(filled.index), sequence: filled.sequence, byteCount: Int(filled.byte_count),
      isFaulty: filled.is_faulty != 0,
      timestamp: filled.is_monotonic != 0 ? .nanoseconds(filled.timestamp_ns) : nil)
  }

  func copy(_ index: Int, count: Int, into bytes: inout [UInt8]) {
    let source = unsafe mapped[index]
    precondition(count <= source.count && count <= bytes.count)
    unsafe bytes.withUnsafeMutableBytes { unsafe $0.copyMemory(from: .init(rebasing: source[..<count])) }
  }
}

private func check(_ request: String, _ code: CInt) throws(KernelRefusal) {
  guard code >= 0 else { throw KernelRefusal(request: request, errno: -code) }
}

/// The text in a C array of characters, up to its terminating zero.
private func text<Letters>(_ letters: Letters) -> String {
  unsafe withUnsafeBytes(of: letters) { (bytes) in
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// `Exposure, Dynamic Framerate` → `exposure_dynamic_framerate`.
func controlName(_ name: String) -> String {
  name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.joined(separator: "_")
}
