import Foundation
import Glibc
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

  @Test func `a frame has the driver's rows, colours and time, and its buffer goes back`() throws {
    device.padding = 6
    var camera = try camera(V4L2Options(), [.buffer(sequence: 5, value: 9, at: .milliseconds(999_950))])
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(frame.format == .yuyv && frame.size == FrameSize(width: 8, height: 4))
    #expect(frame.planes == [Frame.Plane(offset: 0, rowBytes: 22)])
    #expect(content(frame) == [UInt8](repeating: 9, count: 88))
    #expect(frame.color == ColorDescription(matrix: .bt709, range: .limited))
    #expect(frame.timestamp == .milliseconds(999_950))
    #expect(device.queued == 4)
    #expect(camera.negotiated.buffers == 4)
  }

  @Test func `without a monotonic time, or with one gone astray, frames are stamped as they come`() throws {
    var camera = try camera(V4L2Options(), [.buffer(sequence: 0), .buffer(sequence: 1, at: .seconds(1 << 31))])
    var frame = Frame()
    for _ in 0..<2 {
      #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
      #expect(frame.timestamp == .seconds(1000))
    }
  }

  @Test func `gaps in the sequence are counted, also where 32 bits wrap`() throws {
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

  @Test func `faulty, short and empty buffers are left out, counted and given back`() throws {
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

  @Test func `the third EIO in a row starts the stream again, the sixth ends it`() throws {
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

  @Test(arguments: [ScriptedDevice.Step.failure(ENODEV), .failure(EPROTO), .hangUp])
  func `a device that left is told apart from one that is silent`(step: ScriptedDevice.Step) throws {
    var camera = try camera(V4L2Options(), [.silence, step])
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .milliseconds(50)) == .timedOut)
    let error = #expect(throws: CaptureError.self) { _ = try camera.next(into: &frame, timeout: .seconds(1)) }
    guard case .disconnected("/dev/video7", _) = error else { throw error ?? .undecodable(reason: "no error") }
    #expect(error?.isTransient == true)
  }

  @Test func `silence is no error here, however long it lasts: whoever reads the camera has the watchdog`() throws {
    var camera = try camera()
    var frame = Frame()
    for _ in 0..<600 { #expect(try camera.next(into: &frame, timeout: .milliseconds(100)) == .timedOut) }
    #expect(!device.log.contains("VIDIOC_STREAMOFF"))
  }

  @Test func `a JPEG without beginning or end is left out`() throws {
    var options = V4L2Options()
    options.format = .native(.mjpeg)
    let whole: [UInt8] = [0xFF, 0xD8, 1, 2, 0xFF, 0xD9, 0, 0]
    var camera = try camera(options, [.bytes([0xFF, 0xD8, 1, 2, 3]), .bytes([1, 2, 0xFF, 0xD9]), .bytes(whole)])
    var frame = Frame()
    #expect(try camera.next(into: &frame, timeout: .seconds(1)) == .frame)
    #expect(content(frame) == whole)
    #expect(frame.color == ColorDescription(matrix: .bt601, range: .full))
    #expect(camera.counters.corrupt == 2)
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
  func `what the kernel refuses is told with the setting to change`(request: String, code: CInt, text: String) {
    device.refusals[request] = code
    let error = #expect(throws: CaptureError.self) { _ = try camera() }
    #expect(error?.description == text)
  }

  @Test func `packets of H.264 come out as pictures with their times`() throws {
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

  /// Cuts an H.264 stream before whatever leads to each picture.
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

  @Test func `slow exposure in the dark is switched off, and controls are set by name`() throws {
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
        device: "/dev/video7", setting: "cameras[].controls", asked: "3 for 'power_line_frequency'", offered: ["0 to 2"]
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

@Suite struct `Choosing a camera's format` {
  let device = ScriptedDevice(clock: ManualClock(start: .zero))

  @Test(arguments: [
    (15.0, [15.0, 30], 15.0), (15, [60, 30, 10], 30), (15, [25, 20], 20), (15, [10, 5], 10), (15, [29.97], 29.97),
    (15, [45, 20], 45), (15, [], 15), (30, [29.97, 60], 29.97),
  ])
  func `rates: the same, a multiple, the next higher, the highest`(wanted: Double, offered: [Double], best: Double) {
    #expect(bestRate(for: wanted, among: offered, isExact: false) == best)
  }

  @Test func `a rate that was asked for gets the nearest`() {
    #expect(bestRate(for: 15, among: [16, 30], isExact: true) == 16)
  }

  @Test func `compressed comes first where sizes and rates are equal`() throws {
    let choice = try V4L2Choice(V4L2Options(), device: device, offered: device.offered)
    #expect(choice.format == .native(.mjpeg))
    #expect(choice.fourCC.description == "MJPG")
  }

  @Test func `a format of none of ours goes through libv4l2`() throws {
    let choice = try V4L2Choice(V4L2Options(), device: device, offered: [FourCC("pRAA"), FourCC("BA81")])
    #expect(choice.format == .converted)
  }

  @Test func `a format that is not offered is refused with what is`() {
    var options = V4L2Options()
    options.format = .native(.nv12)
    #expect(
      throws: CaptureError.formatRefused(
        device: "/dev/video7", setting: "cameras[].format", asked: "nv12", offered: ["yuyv", "mjpeg", "converted"])
    ) { _ = try V4L2Choice(options, device: device, offered: device.offered) }
  }

  @Test func `another size than asked for is refused, unless none was asked for`() throws {
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

  @Test func `the nearest size is taken from single sizes and ranges`() {
    func size(_ width: Int, _ height: Int) -> FrameSize { FrameSize(width: width, height: height) }
    let single = [size(320, 240), size(800, 600), size(1920, 1080)].map { V4L2SizeRange(minimum: $0, maximum: $0) }
    #expect(nearestSize(to: size(640, 480), in: single) == size(800, 600))
    #expect(
      nearestSize(to: size(640, 480), in: [V4L2SizeRange(minimum: size(16, 16), maximum: size(4096, 2160))])
        == size(640, 480))
    #expect(nearestSize(to: size(640, 480), in: []) == size(640, 480))
  }

  @Test func `names of controls are spelt as v4l2-ctl spells them`() {
    #expect(controlName("Exposure, Dynamic Framerate") == "exposure_dynamic_framerate")
    #expect(controlName("White Balance, Automatic ") == "white_balance_automatic")
  }
}
