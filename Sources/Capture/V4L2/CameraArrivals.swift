internal import Glibc

/// Notices when cameras are plugged in, so that a missing one is opened as soon as it returns.
///
/// Uses the kernel's notifications of new nodes and links (inotify), which need no privileges and no udev library.
/// Nothing is missed after creation; earlier arrivals are not reported.
@safe package final class CameraArrivals {
  /// The longest time stopping takes.
  private static let slice = Duration.milliseconds(200)
  /// A camera's node appears first, then its permissions, then its links: after this long without a notification, all
  /// are there.
  private static let settling = Duration.milliseconds(100)
  private static let longestSettling = Duration.seconds(1)

  private let descriptor: Int32
  private let devices: String
  /// The folders with links, by watch descriptor.
  private var folders: [Int32: String] = [:]

  /// `nil` if the kernel grants no more inotify instances (`fs.inotify.max_user_instances`); then the camera can only
  /// be retried.
  ///
  /// - Parameter devices: the folder with the device nodes; a different one in tests.
  package init?(devices: String = "/dev") {
    descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    self.devices = devices
    guard descriptor >= 0 else { return nil }
    guard watch("", for: IN_CREATE | IN_MOVED_TO | IN_ATTRIB) else {
      close(descriptor)
      return nil
    }
    watchNames()
  }

  deinit { close(descriptor) }

  /// Waits until a camera arrives or the time is up.
  ///
  /// - Parameters:
  ///   - duration: the longest time to wait.
  ///   - isStopped: checked several times a second; true ends the wait.
  /// - Returns: true if a camera, or a link to one, has arrived and its permissions and links are in place.
  package func wait(for duration: Duration, unless isStopped: () -> Bool) -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + duration
    while !isStopped() {
      let left = end - clock.now
      guard left > .zero else { return false }
      if hears(within: min(left, Self.slice)) {
        settle()
        return true
      }
    }
    return false
  }

  private func settle() {
    let clock = ContinuousClock()
    let end = clock.now + Self.longestSettling
    while clock.now < end, hears(within: Self.settling) {}
  }

  private func watch(_ folder: String, for notices: Int32) -> Bool {
    let watch = unsafe inotify_add_watch(descriptor, devices + folder, UInt32(notices))
    if watch >= 0 { folders[watch] = folder }
    return watch >= 0
  }

  /// Watches the link folders, which exist only while there is a camera.
  private func watchNames() {
    for folder in ["/v4l", "/v4l/by-id", "/v4l/by-path"] { _ = watch(folder, for: IN_CREATE | IN_MOVED_TO) }
  }

  /// True if a notification about a camera arrives in time.
  private func hears(within timeout: Duration) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&entry, 1, Int32(max(1, timeout / .milliseconds(1)))) > 0 else { return false }
    var isCamera = false
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    let count = unsafe read(descriptor, &buffer, buffer.count)
    var offset = 0
    let header = MemoryLayout<inotify_event>.size
    while offset + header <= count {
      let event = unsafe buffer.withUnsafeBytes {
        unsafe $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
      }
      let name = buffer[offset + header..<min(offset + header + Int(event.len), count)].prefix { $0 != 0 }
      offset += header + Int(event.len)
      if event.mask & UInt32(IN_IGNORED) != 0 {
        folders[event.wd] = nil
      } else if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
        // The lost notifications may have been about a camera.
        isCamera = true
      } else if let folder = folders[event.wd] {
        isCamera =
          isCamera || !folder.isEmpty || name.starts(with: "video".utf8) || name.elementsEqual("v4l".utf8)
      }
    }
    if isCamera { watchNames() }
    return isCamera
  }
}
