import Foundation
import Testing

@Suite struct `V4L2 cameras` {
  private static let missing: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let needed = ["qemu-system-x86_64", "busybox", "cpio", "xz", "depmod", "v4l2-ctl"]
    return needed.first { program in
      !(folders + ["/usr/sbin", "/sbin"]).contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
    }
  }()

  /// Everything that runs in the virtual machine; its output says what was checked.
  @Test(
    .enabled(
      if: missing == nil,
      "no \(missing ?? ""); apt-get install qemu-system-x86 busybox-static cpio kmod xz-utils v4l-utils"),
    .timeLimit(.minutes(20)))
  func `V4L2 cameras are captured and recognised under a real kernel with virtual cameras`() throws {
    try Programs.check(with: "Tests/CameraVM/run")
  }
}
