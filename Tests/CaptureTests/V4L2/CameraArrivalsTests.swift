import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Capture

/// Waiting for a camera ends when one arrives, and for no other reason.
@Suite struct `Cameras being plugged in` {
  let folder: TemporaryFolder
  private let files = FileManager.default

  init() throws { folder = try TemporaryFolder() }

  private func make(_ name: String) { #expect(files.createFile(atPath: folder.file(name), contents: nil)) }

  private func giveRights(_ name: String) {
    try? files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.file(name))
  }

  private func link(_ name: String) {
    try? files.createSymbolicLink(atPath: folder.file(name), withDestinationPath: "../../video0")
  }

  /// Whether a wait of this length ends early when `change` is made meanwhile.
  private func wakes(_ arrivals: CameraArrivals, within time: Duration, _ change: @escaping @Sendable () -> Void)
    -> Bool
  {
    let waiting = Thread { change() }
    waiting.start()
    return arrivals.wait(for: time) { false }
  }

  @Test func `a plugged-in camera is noticed by its node`() throws {
    let arrivals = try #require(CameraArrivals(devices: folder.path))
    #expect(wakes(arrivals, within: .seconds(20)) { make("video3") })
    // Permissions granted later also make it usable.
    #expect(wakes(arrivals, within: .seconds(20)) { giveRights("video3") })
  }

  @Test func `a new camera is noticed by a link from udev, even in a new folder`() throws {
    let arrivals = try #require(CameraArrivals(devices: folder.path))
    #expect(
      wakes(arrivals, within: .seconds(20)) {
        try? files.createDirectory(atPath: folder.file("v4l/by-path"), withIntermediateDirectories: true)
      })
    let name = "v4l/by-path/usb-1-video-index0"
    #expect(wakes(arrivals, within: .seconds(20)) { link(name) })
    try files.removeItem(atPath: folder.file("v4l"))
    try files.createDirectory(atPath: folder.file("v4l/by-path"), withIntermediateDirectories: true)
    #expect(arrivals.wait(for: .seconds(20)) { false })
    #expect(wakes(arrivals, within: .seconds(20)) { link(name) })
  }

  @Test func `other devices, and cameras that leave, are not reported as arrivals`() throws {
    make("video0")
    let arrivals = try #require(CameraArrivals(devices: folder.path))
    make("ttyUSB0")
    try files.removeItem(atPath: folder.file("video0"))
    #expect(!arrivals.wait(for: .milliseconds(300)) { false })
  }

  @Test func `waiting for cameras ends once the daemon stops`() throws {
    let arrivals = try #require(CameraArrivals(devices: folder.path))
    let stops = Mutex(false)
    Thread { stops.withLock { $0 = true } }.start()
    #expect(!arrivals.wait(for: .seconds(600)) { stops.withLock { $0 } })
  }
}
