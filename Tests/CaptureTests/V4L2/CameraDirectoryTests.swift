import Foundation
import Testing

@testable import Capture

@Suite struct `The directory of cameras` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two nodes of one USB camera and a second camera, laid out as the kernel and udev do it.
  private func machine() throws -> CameraDirectory {
    let files = FileManager.default
    func write(_ text: String, _ path: String) throws {
      let url = URL(fileURLWithPath: folder.file(path))
      try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    for (node, usb, index) in [("video0", "1-1", 0), ("video1", "1-1", 1), ("video10", "1-2", 0)] {
      try write("\(index)\n", "class/\(node)/index")
      try write("", "usb/\(usb)/interface/x")
      try files.createSymbolicLink(
        atPath: folder.file("class/\(node)/device"), withDestinationPath: folder.file("usb/\(usb)/interface"))
      try write("", "dev/\(node)")
    }
    try write("ABC123\n", "usb/1-1/serial")
    for (link, node) in [("by-id/usb-Cam-video-index0", "video0"), ("by-path/pci-0-video-index0", "video10")] {
      try write("", "dev/v4l/\(link)-folder")
      try files.createSymbolicLink(
        atPath: folder.file("dev/v4l/\(link)"), withDestinationPath: folder.file("dev/\(node)"))
    }
    return CameraDirectory(devices: folder.file("dev"), system: folder.file("class"))
  }

  @Test func `cameras are listed in order under all their names`() throws {
    let entries = try machine().entries()
    #expect(entries.map(\.node) == ["video0", "video1", "video10"].map { folder.file("dev/\($0)") })
    #expect(entries[0].byID == [folder.file("dev/v4l/by-id/usb-Cam-video-index0")])
    #expect(entries[2].byPath == [folder.file("dev/v4l/by-path/pci-0-video-index0")])
    #expect(entries.map(\.serial) == ["ABC123", "ABC123", nil])
  }

  @Test func `a serial number leads to the node that captures`() throws {
    let machine = try machine()
    #expect(try CameraName.serial("ABC123").devicePath(machine) == folder.file("dev/video0"))
    let error = #expect(throws: CaptureError.self) { _ = try CameraName.serial("none").devicePath(machine) }
    #expect(
      error?.description
        == "serial:none is not a camera that can be used: no USB camera with this serial number is plugged in; "
        + "`adl cameras` lists what cameras[].source can name")
    #expect(error?.isTransient == true)
  }

  @Test func `a machine without cameras has none`() {
    #expect(CameraDirectory(devices: folder.file("none"), system: folder.file("none")).entries().isEmpty)
  }

  @Test func `a device that is not there is named`() {
    let path = folder.file("video9")
    let error = #expect(throws: CaptureError.self) { _ = try V4L2Camera(.path(path)) }
    #expect(error == .noCamera(device: path, reason: "No such file or directory"))
    #expect(throws: CaptureError.noCamera(device: "/dev/null", reason: "Inappropriate ioctl for device")) {
      _ = try V4L2Camera(.path("/dev/null"))
    }
  }
}
