import CVideo4Linux
import Foundation
import Glibc
import TestSupport
import Testing
import Video

@testable import Capture

@Suite struct `V4L2 cameras` {
  let time = ManualClock(start: .seconds(1000))
  let device: ScriptedDevice

  init() { device = ScriptedDevice(clock: time) }

  private func camera(_ options: V4L2Options = V4L2Options(), _ script: [ScriptedDevice.Step] = [])
    throws(CaptureError) -> V4L2Camera
  {
    device.script = script
    var options = options
    if options.format == nil { options.format = .native(.yuyv) }
    return try V4L2Camera(device: device, options: options, clock: time.clock)
  }

  @Test func `a V4L2 frame has the driver's rows, colours and time, and its buffer is returned`() throws {
    device.padding = 6
    var camera = try camera(V4L2Options(), [.buffer(sequence: 5, value: 9, at: .milliseconds(999_950))])
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.format == .yuyv && frame.size == FrameSize(width: 8, height: 4))
    #expect(frame.planes == [Frame.Plane(offset: 0, rowBytes: 22)])
    #expect(content(frame) == [UInt8](repeating: 9, count: 82), "the last row needs no padding")
    #expect(frame.color == ColorDescription(matrix: .bt709, range: .limited))
    #expect(frame.timestamp == .milliseconds(999_950))
    #expect(device.queued == 4)
    #expect(camera.negotiated.buffers == 4)
  }

  @Test func `V4L2 frames without a plausible monotonic time are stamped on arrival`() throws {
    var camera = try camera(V4L2Options(), [.buffer(sequence: 0), .buffer(sequence: 1, at: .seconds(1 << 31))])
    var frame = Frame()
    for _ in 0..<2 {
      #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
      #expect(frame.timestamp == .seconds(1000))
    }
  }

  @Test func `gaps in the V4L2 sequence are counted, even when 32 bits wrap`() throws {
    let numbers: [UInt32] = [.max - 2, .max - 1, 1, 2, 5, 0, 1]
    var camera = try camera(V4L2Options(), numbers.map { .buffer(sequence: $0) })
    var frame = Frame()
    var sequence: [Int] = []
    for _ in numbers {
      #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
      sequence.append(frame.sequence)
    }
    #expect(sequence == [1, 2, 5, 6, 9, 10, 11])
    #expect(camera.counters.lost == 4)
    #expect(camera.counters.delivered == 7)
  }

  @Test func `faulty, short and empty V4L2 buffers are skipped, counted and returned`() throws {
    var camera = try camera(
      V4L2Options(),
      [
        .buffer(sequence: 0, isFaulty: true), .buffer(sequence: 1, count: 63), .buffer(sequence: 2, count: 0),
        .buffer(sequence: 3, count: 65), .buffer(sequence: 4),
      ])
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.sequence == 5)
    #expect(camera.counters.corrupt == 4)
    #expect(camera.counters.lost == 0)
    #expect(device.queued == 4)
  }

  @Test func `the third consecutive EIO restarts the stream, the sixth ends it`() throws {
    var camera = try camera(
      V4L2Options(),
      [.failure(EIO), .failure(EIO), .failure(EIO), .buffer(sequence: 0), .failure(EIO), .buffer(sequence: 1)])
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    let restart = ["VIDIOC_STREAMOFF", "VIDIOC_REQBUFS", "VIDIOC_REQBUFS", "VIDIOC_STREAMON"]
    #expect(Array(device.log.suffix(4)) == restart)
    let requests = device.log.count
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(device.log.count == requests, "a single EIO needs no restart")
    device.script = Array(repeating: .failure(EIO), count: 6)
    let error = #expect(throws: CaptureError.self) { _ = try camera.next(into: &frame, timeout: .seconds(1)) }
    #expect(error?.isTransient == true)
    #expect(error?.description == "/dev/video7: VIDIOC_DQBUF failed: Input/output error")
  }

  @Test func `a stream that fails while a buffer is returned is restarted`() throws {
    var camera = try camera(V4L2Options(), [.buffer(sequence: 0, value: 7), .buffer(sequence: 0, value: 8)])
    device.queueFailures = 1
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.bytes[0] == 7)
    #expect(
      Array(device.log.suffix(4)) == ["VIDIOC_STREAMOFF", "VIDIOC_REQBUFS", "VIDIOC_REQBUFS", "VIDIOC_STREAMON"])
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.bytes[0] == 8)
  }

  @Test(arguments: [ScriptedDevice.Step.failure(ENODEV), .failure(EPROTO), .hangUp])
  func `an unplugged device is distinguished from a silent one`(step: ScriptedDevice.Step) throws {
    var camera = try camera(V4L2Options(), [.silence, step])
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .milliseconds(50)) == .timedOut)
    let error = #expect(throws: CaptureError.self) { _ = try camera.next(into: &frame, timeout: .seconds(1)) }
    guard case .disconnected("/dev/video7", _) = error else { throw error ?? .undecodable(reason: "no error") }
    #expect(error?.isTransient == true)
  }

  @Test func `a silent V4L2 camera is not an error, however long it lasts: the watchdog is elsewhere`() throws {
    var camera = try camera()
    var frame = Frame()
    for _ in 0..<600 { #expect(try camera.next(into: &frame, timeout: .milliseconds(100)) == .timedOut) }
    #expect(!device.log.contains("VIDIOC_STREAMOFF"))
  }

  @Test func `bytes that do not start like a JPEG are skipped, and a JPEG's orientation is kept`() throws {
    var options = V4L2Options()
    options.format = .native(.mjpeg)
    var turned = Frame()
    try CameraJPEGEncoder().encode(randomBytes(8 * 4 * 3, seed: 1), FrameSize(width: 8, height: 4), into: &turned)
    let plain = content(turned)
    turned.insertEXIF(orientation: 6)
    var camera = try camera(options, [.bytes([1, 2, 0xFF, 0xD9]), .bytes(content(turned)), .bytes(plain)])
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(content(frame) == content(turned))
    #expect(frame.orientation == Orientation(quarterTurns: 1))
    #expect(frame.color == ColorDescription(matrix: .bt601, range: .full))
    #expect(camera.counters.corrupt == 1)
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.orientation == .upright)
  }

  @Test(arguments: [
    (
      "VIDIOC_S_FMT", EINVAL,
      "/dev/video7: VIDIOC_S_FMT failed: Invalid argument; change cameras[].format or cameras[].size"
    ),
    ("VIDIOC_S_FMT", EBUSY, "/dev/video7 is in use by another process; stop it, or change cameras[].source"),
    (
      "VIDIOC_STREAMON", ENOSPC,
      "/dev/video7: VIDIOC_STREAMON failed: No space left on device; the USB bus has no bandwidth left for it: set "
        + "cameras[].format to mjpeg, lower cameras[].size or cameras[].rate, or plug it into another USB controller"
    ),
    ("VIDIOC_REQBUFS", ENODEV, "/dev/video7 is gone: VIDIOC_REQBUFS: No such device"),
  ])
  func `what the kernel refuses is reported with the setting to change`(request: String, code: CInt, text: String) {
    device.refusals[request] = code
    let error = #expect(throws: CaptureError.self) { _ = try camera() }
    #expect(error?.description == text)
  }

  @Test func `H.264 packets are decoded to pictures with their times`() throws {
    let folder = try TemporaryFolder()
    let size = FrameSize(width: 64, height: 48)
    let pictures = (0..<6).map { smoothBytes(64 * 48 * 3 / 2, width: 64, phase: 4 * $0) }
    try TestMedia(container: "h264", codec: "libx264", pixelFormat: "yuv420p", size: size)
      .write(pictures, to: folder.file("a.h264"))
    let packets = accessUnits([UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("a.h264")))))
    #expect(packets.count == 6)
    device.offered = [FourCC("H264")]
    device.sizeRanges = [V4L2SizeRange(minimum: size, maximum: size)]
    var options = V4L2Options()
    options.format = .h264
    var camera = try camera(options, packets.map { .bytes($0) })
    var frame = Frame()
    for picture in pictures {
      time.advance(.milliseconds(40))
      #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
      #expect(frame.format == .i420 && frame.size == size)
      #expect(frame.timestamp == time.clock.now())
      let apart = zip(content(frame), picture).map { abs(Int($0) - Int($1)) }
      #expect(apart.reduce(0, +) < 4 * apart.count)
    }
    #expect(camera.counters.corrupt == 0)
  }

  /// Splits an H.264 stream into the packets of each picture.
  private func accessUnits(_ stream: [UInt8]) -> [[UInt8]] {
    let starts = (0..<stream.count - 3).filter { stream[$0] == 0 && stream[$0 + 1] == 0 && stream[$0 + 2] == 1 }
    var (units, unit): ([[UInt8]], [UInt8]) = ([], [])
    for (index, start) in starts.enumerated() {
      let end = index + 1 < starts.count ? starts[index + 1] : stream.count
      unit += stream[start..<end]
      guard [1, 5].contains(stream[start + 3] & 31) else { continue }
      units.append(unit)
      unit = []
    }
    return units
  }

  @Test func `slow exposure in the dark is disabled, and controls are set by name`() throws {
    device.offeredControls = [
      V4L2Control(
        id: KernelDevice.slowExposureControl, name: "exposure_dynamic_framerate", range: 0...1, defaultValue: 1,
        value: 1),
      V4L2Control(id: 77, name: "power_line_frequency", range: 0...2, defaultValue: 2, value: 2),
    ]
    var options = V4L2Options()
    options.controls = ["power_line_frequency": 1]
    _ = try camera(options)
    #expect(device.log.filter { $0.contains("=") } == ["\(KernelDevice.slowExposureControl)=0", "77=1"])
    options.controls = ["power_line_frequency": 3]
    #expect(
      throws: CaptureError.formatRefused(
        device: "/dev/video7", setting: "cameras[].controls.power_line_frequency",
        asked: "3 for 'power_line_frequency'", offered: ["the values from 0 to 2"]
      )
    ) { _ = try camera(options) }
    options.controls = ["zoom": 3]
    let error = #expect(throws: CaptureError.self) { _ = try camera(options) }
    #expect(
      error?.description
        == "/dev/video7 cannot give the control 'zoom'; set cameras[].controls to one of exposure_dynamic_framerate, "
        + "power_line_frequency")
  }
}

@Suite struct `What a V4L2 camera may lack` {
  let device = ScriptedDevice(clock: ManualClock(start: .zero))
  let controls = [
    V4L2Control(
      id: KernelDevice.slowExposureControl, name: "exposure_dynamic_framerate", range: 0...1, defaultValue: 1, value: 1),
    V4L2Control(id: 5, name: "focus_absolute", range: 0...250, defaultValue: 0, value: 0),
    V4L2Control(id: 6, name: "focus_automatic_continuous", range: 0...1, defaultValue: 1, value: 1),
  ]

  @Test(arguments: [EPIPE, EACCES, EIO, EINVAL, ENOTTY, EBUSY])
  func `a control that cannot be set, requested or not, is a warning`(code: CInt) throws {
    device.offeredControls = controls
    device.refusals["VIDIOC_S_CTRL"] = code
    var options = V4L2Options()
    options.controls = ["focus_absolute": 10]
    let camera = try V4L2Camera(device: device, options: options, clock: .monotonic)
    #expect(camera.warnings.count == 2)
    #expect(camera.warnings[0].hasPrefix("continuing without exposure_dynamic_framerate = 0: /dev/video7"))
    #expect(camera.warnings[1].hasPrefix("continuing without focus_absolute = 10: /dev/video7"))
  }

  @Test(arguments: [EINVAL, ENOTTY])
  func `a driver with a single format that refuses any request is used as it is`(
    code: CInt
  ) throws {
    device.refusals["VIDIOC_S_FMT"] = code
    let color = ColorDescription(matrix: .bt601, range: .limited)
    // Some omit the line length as well.
    device.fixedFormat = V4L2Format(
      fourCC: FourCC("YU12"), size: FrameSize(width: 16, height: 8), rowBytes: 0, color: color)
    let camera = try V4L2Camera(device: device, options: V4L2Options(), clock: .monotonic)
    #expect(camera.negotiated.format == .native(.i420) && camera.negotiated.size == FrameSize(width: 16, height: 8))
    var options = V4L2Options()
    options.format = .native(.yuyv)
    #expect(throws: CaptureError.self) { _ = try V4L2Camera(device: device, options: options, clock: .monotonic) }
  }

  @Test func `a driver that answers with another known format is used as it is`() throws {
    device.answer = { (_, size) in
      V4L2Format(
        fourCC: FourCC("NV12"), size: size, rowBytes: 8, color: ColorDescription(matrix: .bt601, range: .limited))
    }
    let camera = try V4L2Camera(device: device, options: V4L2Options(), clock: .monotonic)
    #expect(camera.negotiated.format == .native(.nv12))
  }

  @Test func `a V4L2 camera's rate that cannot be set is a warning`() throws {
    device.refusals["VIDIOC_S_PARM"] = EIO
    let camera = try V4L2Camera(device: device, options: V4L2Options(), clock: .monotonic)
    #expect(camera.negotiated.rate == nil)
    #expect(
      camera.warnings == [
        "continuing without the rate 30.0: /dev/video7: VIDIOC_S_PARM failed: Input/output error; "
          + "change cameras[].rate"
      ])
  }

  @Test func `a camera unplugged during setup is an error, not a warning`() {
    device.offeredControls = controls
    device.refusals["VIDIOC_S_CTRL"] = ENODEV
    #expect(throws: CaptureError.disconnected(source: "/dev/video7", reason: "VIDIOC_S_CTRL: No such device")) {
      _ = try V4L2Camera(device: device, options: V4L2Options(), clock: .monotonic)
    }
  }

  @Test func `a control locked by another one is set after that one`() throws {
    device.offeredControls = controls
    device.locks = [5: 6]
    var options = V4L2Options()
    options.allowsSlowExposure = true
    options.controls = ["focus_absolute": 10, "focus_automatic_continuous": 0]
    let camera = try V4L2Camera(device: device, options: options, clock: .monotonic)
    #expect(camera.warnings.isEmpty)
    #expect(device.log.filter { $0.contains("=") } == ["6=0", "5=10"])
  }
}

@Suite struct `Rows of V4L2 pictures` {
  /// The position of a value in a driver's buffer: planes one after another, chroma rows of planar 4:2:0 half as long.
  private func index(_ format: PixelFormat, _ part: Int, x: Int, y: Int, height: Int, rowBytes: Int) -> Int {
    let luma = rowBytes * height
    return switch format {
    case .yuyv: y * rowBytes + (part == 0 ? 2 * x : x / 2 * 4 + 2 * part - 1)
    case .uyvy: y * rowBytes + (part == 0 ? 2 * x + 1 : x / 2 * 4 + 2 * part - 2)
    case .nv12 where part > 0: luma + y / 2 * rowBytes + x / 2 * 2 + part - 1
    case .i420 where part > 0: luma + ((part - 1) * ((height + 1) / 2) + y / 2) * (rowBytes / 2) + x / 2
    case .rgb24: y * rowBytes + 3 * x + part
    case .bgr24: y * rowBytes + 3 * x + 2 - part
    default: y * rowBytes + x
    }
  }

  @Test(arguments: [PixelFormat.yuyv, .uyvy, .nv12, .i420, .rgb24, .bgr24, .grey])
  func `every pixel of a V4L2 buffer is found at any width and row length`(format: PixelFormat) throws {
    let fourCC = try #require(V4L2Options.Format.native(format).fourCCs.first)
    for (width, height, padding) in [(7, 5, 0), (7, 5, 9), (8, 4, 24), (33, 3, 31), (16, 7, 0), (1, 1, 5)] {
      let least = format.planeShape(0, FrameSize(width: width, height: height)).rowBytes
      // Chroma rows are half as long, so an odd row length has no room for the last value.
      let rowBytes = (least + padding + 1) / 2 * 2
      let time = ManualClock(start: .zero)
      let device = ScriptedDevice(clock: time)
      device.offered = [fourCC]
      device.sizeRanges = []
      let color = ColorDescription(matrix: .bt601, range: .full)
      device.answer = { (asked, _) in
        V4L2Format(fourCC: asked, size: FrameSize(width: width, height: height), rowBytes: rowBytes, color: color)
      }
      let buffer = randomBytes(rowBytes * height * 3, seed: UInt64(width))
      device.script = [.bytes(buffer)]
      var camera = try V4L2Camera(device: device, options: V4L2Options(), clock: time.clock)
      var frame = Frame()
      #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
      var expected: [UInt8] = []
      for y in 0..<height {
        for x in 0..<width {
          for part in 0..<(format == .grey ? 1 : 3) {
            expected.append(buffer[index(format, part, x: x, y: y, height: height, rowBytes: rowBytes)])
          }
        }
      }
      #expect(values(frame) == expected, "\(width)x\(height), rows of \(rowBytes)")
    }
  }

  /// All values of a picture, pixel by pixel, as the frame's planes have them.
  private func values(_ frame: Frame) -> [UInt8] {
    func value(_ plane: Int, _ row: Int, _ column: Int) -> UInt8 {
      frame.bytes[frame.planes[plane].offset + row * frame.planes[plane].rowBytes + column]
    }
    var all: [UInt8] = []
    for y in 0..<frame.size.height {
      for x in 0..<frame.size.width {
        let pair = x / 2
        switch frame.format {
        case .yuyv: all += [value(0, y, 2 * x), value(0, y, 4 * pair + 1), value(0, y, 4 * pair + 3)]
        case .uyvy: all += [value(0, y, 2 * x + 1), value(0, y, 4 * pair), value(0, y, 4 * pair + 2)]
        case .nv12: all += [value(0, y, x), value(1, y / 2, 2 * pair), value(1, y / 2, 2 * pair + 1)]
        case .i420: all += [value(0, y, x), value(1, y / 2, pair), value(2, y / 2, pair)]
        case .rgb24: all += [value(0, y, 3 * x), value(0, y, 3 * x + 1), value(0, y, 3 * x + 2)]
        case .bgr24: all += [value(0, y, 3 * x + 2), value(0, y, 3 * x + 1), value(0, y, 3 * x)]
        default: all.append(value(0, y, x))
        }
      }
    }
    return all
  }

  @Test func `a V4L2 picture's last row may lack its padding`() throws {
    let time = ManualClock(start: .zero)
    let device = ScriptedDevice(clock: time)
    device.padding = 6
    var options = V4L2Options()
    options.format = .native(.yuyv)
    device.script = [.buffer(sequence: 0, count: 22 * 3 + 16), .buffer(sequence: 1, count: 22 * 3 + 15)]
    var camera = try V4L2Camera(device: device, options: options, clock: time.clock)
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    try frame.validatePlanes()
    #expect(try camera.next(into: &frame, timeout: .zero) == .timedOut)
    #expect(camera.counters.corrupt == 1)
  }
}

@Suite struct `Choosing a camera's format` {
  let device = ScriptedDevice(clock: ManualClock(start: .zero))

  @Test(arguments: [
    (15.0, [15.0, 30], 15.0), (15, [60, 30, 10], 30), (15, [25, 20], 20), (15, [10, 5], 10), (15, [29.97], 29.97),
    (15, [45, 20], 45), (15, [], 15), (30, [29.97, 60], 29.97),
  ])
  func `the chosen rate is the same, a multiple, the next higher, or the highest`(
    wanted: Double, offered: [Double], best: Double
  ) {
    #expect(bestRate(for: wanted, among: offered, isExact: false) == best)
  }

  @Test func `a V4L2 camera gets the rate nearest to the settings'`() {
    #expect(bestRate(for: 15, among: [16, 30], isExact: true) == 16)
  }

  @Test func `compressed formats are preferred if sizes and rates are equal`() throws {
    let choice = try V4L2Choice(V4L2Options(), device: device, offered: device.offered)
    #expect(choice.format == .native(.mjpeg))
    #expect(choice.fourCC.description == "MJPG")
  }

  @Test func `libv4l2 converts V4L2 formats that adl cannot read`() throws {
    let choice = try V4L2Choice(V4L2Options(), device: device, offered: [FourCC("pRAA"), FourCC("BA81")])
    #expect(choice.format == .converted)
  }

  @Test func `a format that is not offered is refused with the offered ones`() {
    var options = V4L2Options()
    options.format = .native(.nv12)
    #expect(
      throws: CaptureError.formatRefused(
        device: "/dev/video7", setting: "cameras[].format", asked: "nv12", offered: ["yuyv", "mjpeg", "converted"])
    ) { _ = try V4L2Choice(options, device: device, offered: device.offered) }
  }

  @Test func `a size other than requested is refused, unless none was requested`() throws {
    device.answer = { (format, _) in
      V4L2Format(
        fourCC: format, size: FrameSize(width: 4, height: 4), rowBytes: 8,
        color: ColorDescription(matrix: .bt601, range: .limited))
    }
    var options = V4L2Options()
    options.format = .native(.yuyv)
    #expect(try V4L2Agreement(with: device, options).negotiated.size == FrameSize(width: 4, height: 4))
    options.size = FrameSize(width: 8, height: 4)
    #expect(
      throws: CaptureError.formatRefused(
        device: "/dev/video7", setting: "cameras[].size", asked: "8x4", offered: ["8x4"])
    ) { _ = try V4L2Agreement(with: device, options) }
  }

  @Test func `the nearest size is chosen among single sizes and ranges`() {
    func size(_ width: Int, _ height: Int) -> FrameSize { FrameSize(width: width, height: height) }
    let single = [size(320, 240), size(800, 600), size(1920, 1080)].map { V4L2SizeRange(minimum: $0, maximum: $0) }
    #expect(nearestSize(to: size(640, 480), in: single) == size(800, 600))
    #expect(
      nearestSize(to: size(640, 480), in: [V4L2SizeRange(minimum: size(16, 16), maximum: size(4096, 2160))])
        == size(640, 480))
    #expect(nearestSize(to: size(640, 480), in: []) == size(640, 480))
  }

  @Test(arguments: [
    // quantization, colour space, format → full range; numbers are those of videodev2.h
    (0, 8, FourCC("GREY"), true), (2, 8, FourCC("GREY"), false), (1, 8, FourCC("GREY"), true),
    (0, 8, FourCC("YUYV"), false), (0, 7, FourCC("YUYV"), true), (1, 1, FourCC("NV12"), true),
  ])
  func `a monochrome sensor whose driver reports no range gives all levels`(
    quantization: UInt32, colorSpace: UInt32, format: FourCC, isFull: Bool
  ) {
    #expect((cv4l2_is_full_range(quantization, colorSpace, format.rawValue) != 0) == isFull)
  }

  @Test func `control names are spelt as in v4l2-ctl`() {
    #expect(controlName("Exposure, Dynamic Framerate") == "exposure_dynamic_framerate")
    #expect(controlName("White Balance, Automatic ") == "white_balance_automatic")
  }
}
