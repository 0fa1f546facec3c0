internal import FoundationEssentials

/// Finds the cameras of this machine under all their names.
package struct CameraDirectory: Sendable {
  /// One node that captures video.
  package struct Entry: Equatable, Sendable {
    /// `/dev/videoN`, which may be a different camera after a restart.
    package var node: String
    /// Links in `/dev/v4l/by-id`; if several cameras share model and serial number, only one of them has it, and which
    /// one varies.
    package var byID: [String]
    /// Links in `/dev/v4l/by-path`: the port it is plugged into.
    package var byPath: [String]
    package var serial: String?
    /// The kernel's folder for the camera's USB device; `nil` for other cameras.
    var usbDevice: String?
    /// Vendor, model and serial number of that device, from which its link in `/dev/v4l/by-id` is named.
    var model: [String]?
  }

  private let devices: String
  private let system: String

  /// Uses `/dev` and `/sys/class/video4linux`; other folders in tests.
  package init(devices: String = "/dev", system: String = "/sys/class/video4linux") {
    self.devices = devices
    self.system = system
  }

  /// Every video node, ordered by number, including those that do not capture.
  package func entries() -> [Entry] {
    let nodes = names(in: system).filter { $0.hasPrefix("video") }
      .sorted { (Int($0.dropFirst(5)) ?? 0) < (Int($1.dropFirst(5)) ?? 0) }
    let (byID, byPath) = (links("v4l/by-id"), links("v4l/by-path"))
    return nodes.map { (name) in
      Entry(
        node: "\(devices)/\(name)", byID: byID[name] ?? [], byPath: byPath[name] ?? [], serial: serial(name),
        usbDevice: usbDevice(name), model: model(name))
    }
  }

  /// The first node of each camera with this serial number.
  func cameras(serial: String) -> [Entry] {
    var devices = Set<String?>()
    return entries().filter {
      $0.serial == serial && number("\(system)/\($0.node.split(separator: "/").last ?? "")/index") == 0
        && devices.insert($0.usbDevice).inserted
    }
  }

  private func usbDevice(_ name: String) -> String? {
    model(name) == nil ? nil : resolvedPath("\(system)/\(name)/device/..")
  }

  private func model(_ name: String) -> [String]? {
    let folder = "\(system)/\(name)/device/.."
    guard let vendor = firstLine("\(folder)/idVendor"), let product = firstLine("\(folder)/idProduct") else {
      return nil
    }
    return [vendor, product, serial(name) ?? ""]
  }

  /// Maps the names of nodes to the paths of links to them.
  private func links(_ folder: String) -> [String: [String]] {
    var links: [String: [String]] = [:]
    for name in names(in: "\(devices)/\(folder)").sorted() {
      let link = "\(devices)/\(folder)/\(name)"
      guard let node = resolvedPath(link).split(separator: "/").last else { continue }
      links[String(node), default: []].append(link)
    }
    return links
  }

  /// The serial number of the USB device that a node belongs to.
  private func serial(_ name: String) -> String? { firstLine("\(system)/\(name)/device/../serial") }

  private func number(_ path: String) -> Int? { firstLine(path).flatMap { Int($0) } }

  private func firstLine(_ path: String) -> String? {
    FileManager.default.contents(atPath: path)
      .flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n").first.map(String.init) }
  }

  private func names(in folder: String) -> [String] {
    // Without cameras the folder does not exist.
    do { return try FileManager.default.contentsOfDirectory(atPath: folder) } catch { return [] }
  }
}

extension [CameraDirectory.Entry] {
  /// Nodes of other cameras that only the port distinguishes from this one.
  func twins(of entry: CameraDirectory.Entry) -> [CameraDirectory.Entry] {
    filter { $0.model != nil && $0.model == entry.model && $0.usbDevice != entry.usbDevice }
  }
}

extension CameraDirectory.Entry {
  /// A name tied to the port, if there is one.
  var socketName: String { byPath.first ?? node }
}

extension CameraName {
  /// Why the name may mean a different camera after a restart, as far as can be seen now.
  func ambiguity(_ directory: CameraDirectory = CameraDirectory()) -> String? {
    guard case .path(let path) = self, path.contains("/by-id/") else { return nil }
    let entries = directory.entries()
    guard let entry = entries.first(where: { $0.byID.contains(path) }), !entries.twins(of: entry).isEmpty else {
      return nil
    }
    return """
      another camera of the same model and serial number is plugged in, and \(path) may be either; \
      name it \(entry.socketName) in cameras[].source
      """
  }

  /// The path to open, looked up each time because a camera may return under another node.
  func devicePath(_ directory: CameraDirectory = CameraDirectory()) throws(CaptureError) -> String {
    switch self {
    case .path(let path): return path
    case .serial(let number):
      let cameras = directory.cameras(serial: number)
      guard let camera = cameras.first else {
        throw .noCamera(device: description, reason: "no USB camera with this serial number is plugged in")
      }
      guard cameras.count == 1 else {
        let names = cameras.map(\.socketName).joined(separator: ", ")
        throw .noCamera(
          device: description, reason: "\(cameras.count) cameras have this serial number; name one of them: \(names)")
      }
      return camera.node
    }
  }
}
