import Basics
internal import FoundationEssentials
internal import Glibc

/// Runs device requests, and turns what the kernel refuses into this module's errors.
func asking<Answer>(_ device: String, _ requests: () throws(KernelRefusal) -> Answer) throws(CaptureError) -> Answer {
  do throws(KernelRefusal) {
    return try requests()
  } catch {
    throw CaptureError(error, device: device)
  }
}

/// The `errno` of an unplugged device, and of one that failed temporarily.
let (deviceIsGone, inputOutputError) = (ENODEV, EIO)

extension CaptureError {
  init(_ refusal: KernelRefusal, device: String) {
    let (request, code) = (refusal.request, refusal.errno)
    switch (request, code) {
    case ("open", EACCES):
      self = .noCamera(
        device: device, reason: "\(reasonText(code)); the user of this process must be in the group 'video'")
    case ("open", EPERM):
      self = .noCamera(
        device: device,
        reason: """
          \(reasonText(code)); the devices of this service or container are restricted: allow it video4linux, \
          in a systemd unit with DeviceAllow=char-81 rw
          """)
    case ("open", ENOENT), ("open", ENXIO), ("open", ENODEV), ("open", ENOTDIR), ("VIDIOC_QUERYCAP", ENOTTY),
      ("VIDIOC_QUERYCAP", EINVAL):
      self = .noCamera(device: device, reason: reasonText(code))
    case (_, ENODEV), (_, ENXIO), (_, EPROTO), (_, ENOTTY):
      self = .disconnected(source: device, reason: "\(request): \(reasonText(code))")
    case (_, EBUSY):
      self = .busy(device: device, owner: processes(holding: device))
    default:
      self = .requestFailed(device: device, request: request, errno: code, advice: advice(request, code))
    }
  }
}

private func advice(_ request: String, _ code: CInt) -> String? {
  switch (request, code) {
  case ("VIDIOC_STREAMON", ENOSPC):
    """
    the USB bus has no bandwidth left for it: set cameras[].format to mjpeg, lower cameras[].size or cameras[].rate, \
    or plug it into another USB controller
    """
  case ("VIDIOC_S_FMT", _): "change cameras[].format or cameras[].size"
  case ("VIDIOC_S_PARM", _): "change cameras[].rate"
  case ("VIDIOC_S_CTRL", _): "change cameras[].controls"
  case ("VIDIOC_REQBUFS", ENOMEM): "lower cameras[].buffers or cameras[].size"
  case ("v4l2_fd_open", _): "libv4l2 cannot convert from it; change cameras[].format"
  default: nil
  }
}

/// The other processes that have the file open, as far as this process may see.
private func processes(holding path: String) -> String? {
  let files = FileManager.default
  func entries(_ folder: String) -> [String] {
    // A process may exit meanwhile, and other users' processes are not visible.
    do { return try files.contentsOfDirectory(atPath: folder) } catch { return [] }
  }
  func target(_ link: String) -> String? {
    do { return try files.destinationOfSymbolicLink(atPath: link) } catch { return nil }
  }
  let real = resolvedPath(path)
  let holders = entries("/proc").filter { (process) in
    process.allSatisfy(\.isNumber) && process != "\(getpid())"
      && entries("/proc/\(process)/fd").contains { target("/proc/\(process)/fd/\($0)") == real }
  }
  let names = holders.map { (process) in
    let name = files.contents(atPath: "/proc/\(process)/comm").map { String(decoding: $0, as: UTF8.self) }
    return "\(name?.split(separator: "\n").first ?? "process") (process \(process))"
  }
  return names.isEmpty ? nil : names.joined(separator: ", ")
}

/// The target of a path after following links; the path itself if it has none.
func resolvedPath(_ path: String) -> String {
  guard let real = unsafe realpath(path, nil) else { return path }
  defer { unsafe free(real) }
  return unsafe String(cString: real)
}
