import Foundation
import Glibc
import TestSupport
import Testing

@testable import Capture

@Suite struct `The directory of cameras` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two nodes of one USB camera and a second camera, laid out as by the kernel and udev.
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

  /// Two cameras that only the port distinguishes; udev's single link leads to the last of them.
  private func twins(serial: String?) throws -> CameraDirectory {
    let files = FileManager.default
    func write(_ text: String, _ path: String) throws {
      let url = URL(fileURLWithPath: folder.file(path))
      try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    for (node, usb, index) in [("video0", "1-1", 0), ("video1", "1-1", 1), ("video2", "1-2", 0), ("video3", "1-2", 1)] {
      try write("\(index)\n", "class/\(node)/index")
      try write("", "usb/\(usb)/interface/x")
      try write("05a3\n", "usb/\(usb)/idVendor")
      try write("9230\n", "usb/\(usb)/idProduct")
      if let serial { try write("\(serial)\n", "usb/\(usb)/serial") }
      try files.createSymbolicLink(
        atPath: folder.file("class/\(node)/device"), withDestinationPath: folder.file("usb/\(usb)/interface"))
      try write("", "dev/\(node)")
    }
    try write("", "dev/v4l/by-id/folder")
    try write("", "dev/v4l/by-path/folder")
    for (link, node) in [
      ("by-id/usb-Cam-video-index0", "video2"), ("by-path/pci-1-video-index0", "video0"),
      ("by-path/pci-2-video-index0", "video2"),
    ] {
      try files.createSymbolicLink(
        atPath: folder.file("dev/v4l/\(link)"), withDestinationPath: folder.file("dev/\(node)"))
    }
    return CameraDirectory(devices: folder.file("dev"), system: folder.file("class"))
  }

  @Test(arguments: ["01.00.00", nil]) func `of two identical cameras, the name of the port is recommended`(
    serial: String?
  )
    throws
  {
    let directory = try twins(serial: serial)
    let entries = directory.entries()
    let described = entries.map { CameraDescription($0, amongst: entries) }
    #expect(described[0].source == folder.file("dev/v4l/by-path/pci-1-video-index0"))
    #expect(described[2].source == folder.file("dev/v4l/by-path/pci-2-video-index0"))
    #expect(
      described[2].note
        == "another camera has the same model and serial number, so by-id and serial may mean either; "
        + "only the socket it is plugged into tells it apart")
    let name = CameraName.path(folder.file("dev/v4l/by-id/usb-Cam-video-index0"))
    #expect(
      name.ambiguity(directory)
        == "another camera of the same model and serial number is plugged in, and \(name) may be either; "
        + "name it \(folder.file("dev/v4l/by-path/pci-2-video-index0")) in cameras[].source")
    #expect(CameraName.path(folder.file("dev/v4l/by-path/pci-2-video-index0")).ambiguity(directory) == nil)
  }

  @Test func `a serial number shared by two cameras is refused with both`() throws {
    let directory = try twins(serial: "01.00.00")
    let error = #expect(throws: CaptureError.self) { _ = try CameraName.serial("01.00.00").devicePath(directory) }
    let sockets = ["pci-1", "pci-2"].map { folder.file("dev/v4l/by-path/\($0)-video-index0") }
    #expect(
      error?.description
        == "serial:01.00.00 is not a camera that can be used: 2 cameras have this serial number; name one of them: "
        + "\(sockets.joined(separator: ", ")); `adl cameras` lists what cameras[].source can name")
  }

  @Test func `a camera whose name is unique has no note`() throws {
    let directory = try machine()
    let entries = directory.entries()
    let described = CameraDescription(entries[0], amongst: entries)
    #expect(described.source == folder.file("dev/v4l/by-id/usb-Cam-video-index0") && described.note == nil)
  }

  @Test func `a machine without cameras lists none`() {
    #expect(CameraDirectory(devices: folder.file("none"), system: folder.file("none")).entries().isEmpty)
  }

  @Test func `a device forbidden by the service manager says how to allow it`() {
    let error = CaptureError(KernelRefusal(request: "open", errno: EPERM), device: "/dev/video0")
    #expect(
      error.description
        == "/dev/video0 is not a camera that can be used: Operation not permitted; the devices of this service or "
        + "container are restricted: allow it video4linux, in a systemd unit with DeviceAllow=char-81 rw; "
        + "`adl cameras` lists what cameras[].source can name")
    #expect(error.isTransient)
  }

  @Test func `the error for a missing camera names it`() {
    let path = folder.file("video9")
    let error = #expect(throws: CaptureError.self) { _ = try V4L2Camera(.path(path)) }
    #expect(error == .noCamera(device: path, reason: "No such file or directory"))
    #expect(throws: CaptureError.noCamera(device: "/dev/null", reason: "Inappropriate ioctl for device")) {
      _ = try V4L2Camera(.path("/dev/null"))
    }
  }
}
