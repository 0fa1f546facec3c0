internal import FoundationEssentials

/// The cameras of this machine under all their names.
package struct CameraDirectory: Sendable {
  /// One node that captures video.
  package struct Entry: Equatable, Sendable {
    /// `/dev/videoN`, which may be another camera's after a restart.
    package var node: String
    /// Names in `/dev/v4l/by-id`; two cameras of one model without serial numbers share theirs.
    package var byID: [String]
    /// Names in `/dev/v4l/by-path`: the socket it is plugged into.
    package var byPath: [String]
    package var serial: String?
  }

  private let devices: String
  private let system: String

  /// The directory below `/dev` and `/sys/class/video4linux`, or below others in tests.
  package init(devices: String = "/dev", system: String = "/sys/class/video4linux") {
    self.devices = devices
    self.system = system
  }

  /// Every video node, in the order of their numbers; also those that do not capture.
  package func entries() -> [Entry] {
    let nodes = names(in: system).filter { $0.hasPrefix("video") }
      .sorted { (Int($0.dropFirst(5)) ?? 0) < (Int($1.dropFirst(5)) ?? 0) }
    let (byID, byPath) = (links("v4l/by-id"), links("v4l/by-path"))
    return nodes.map { (name) in
      Entry(
        node: "\(devices)/\(name)", byID: byID[name] ?? [], byPath: byPath[name] ?? [], serial: serial(name))
    }
  }

  /// The first node of the camera with a serial number.
  func node(serial: String) -> String? {
    entries().first {
      $0.serial == serial && number("\(system)/\($0.node.split(separator: "/").last ?? "")/index") == 0
    }?
    .node
  }

  /// Name of the node → paths of the links to it.
  private func links(_ folder: String) -> [String: [String]] {
    var links: [String: [String]] = [:]
    for name in names(in: "\(devices)/\(folder)").sorted() {
      let link = "\(devices)/\(folder)/\(name)"
      guard let node = resolvedPath(link).split(separator: "/").last else { continue }
      links[String(node), default: []].append(link)
    }
    return links
  }

  /// The serial number of the USB device that a node's interface belongs to.
  private func serial(_ name: String) -> String? { firstLine("\(system)/\(name)/device/../serial") }

  private func number(_ path: String) -> Int? { firstLine(path).flatMap { Int($0) } }

  private func firstLine(_ path: String) -> String? {
    FileManager.default.contents(atPath: path)
      .flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n").first.map(String.init) }
  }

  private func names(in folder: String) -> [String] {
    // Without cameras the folder is not there.
    do { return try FileManager.default.contentsOfDirectory(atPath: folder) } catch { return [] }
  }
}

extension CameraName {
  /// The path to open, found anew each time since a camera may come back under another node.
  func devicePath(_ directory: CameraDirectory = CameraDirectory()) throws(CaptureError) -> String {
    switch self {
    case .path(let path): return path
    case .serial(let number):
      guard let node = directory.node(serial: number) else {
        throw .noCamera(device: description, reason: "no USB camera with this serial number is plugged in")
      }
      return node
    }
  }
}
