/// A camera with all its names and capabilities, as shown by `adl cameras`.
package struct CameraDescription: Codable, Equatable, Sendable {
  /// A picture format, with the sizes in which the camera offers it.
  package struct Format: Codable, Equatable, Sendable {
    package var fourCC: String
    /// The value of `cameras[].format` that selects it; `nil` if only libv4l2 can convert it.
    package var setting: String?
    package var sizes: [Size]
  }

  /// A size, or a range of sizes, as WIDTHxHEIGHT.
  package struct Size: Codable, Equatable, Sendable {
    package var smallest: String
    package var largest: String
    /// Frames per second at the largest size.
    package var rates: [Double]
  }

  /// A control that `cameras[].controls` may set.
  package struct Control: Codable, Equatable, Sendable {
    package var name: String
    package var minimum: Int
    package var maximum: Int
    package var defaultValue: Int
    package var value: Int?
  }

  /// The name to use in `cameras[].source`: the most stable one.
  package var source: String
  /// Why this name was chosen, if it is not obvious.
  package var note: String?
  package var node: String
  package var byID: [String]
  package var byPath: [String]
  package var serial: String?
  package var card = ""
  package var driver = ""
  package var bus = ""
  package var formats: [Format] = []
  package var controls: [Control] = []
  /// Why the camera's capabilities could not be read.
  package var problem: String?

  /// Every camera of this machine, including those that cannot be opened.
  package static func all(_ directory: CameraDirectory = CameraDirectory()) -> [CameraDescription] {
    let entries = directory.entries()
    return entries.compactMap { (entry) in
      var camera = CameraDescription(entry, amongst: entries)
      do throws(KernelRefusal) {
        let device = try KernelDevice(path: entry.node)
        guard device.capability.captures else { return nil }
        try camera.describe(device)
      } catch {
        camera.problem = CaptureError(error, device: entry.node).description
      }
      return camera
    }
  }

  /// A camera's names only; the device itself is not queried.
  ///
  /// - Parameters:
  ///   - entry: the node.
  ///   - entries: all nodes of this machine.
  init(_ entry: CameraDirectory.Entry, amongst entries: [CameraDirectory.Entry]) {
    (node, byID, byPath, serial) = (entry.node, entry.byID, entry.byPath, entry.serial)
    let hasTwin = !entries.twins(of: entry).isEmpty
    source = (hasTwin ? nil : byID.first) ?? entry.socketName
    guard hasTwin else { return }
    note = """
      another camera has the same model and serial number, so by-id and serial may mean either; \
      only the socket it is plugged into tells it apart
      """
  }

  private mutating func describe(_ device: any V4L2Device) throws(KernelRefusal) {
    (card, driver, bus) = (device.capability.card, device.capability.driver, device.capability.bus)
    formats = try device.formats().map { (format) in
      Format(
        fourCC: "\(format)", setting: V4L2Options.Format(format)?.setting,
        sizes: device.sizes(format).map { (range) in
          Size(
            smallest: "\(range.minimum)", largest: "\(range.maximum)",
            rates: device.rates(format, range.maximum).sorted())
        })
    }
    controls = device.controls().map {
      Control(
        name: $0.name, minimum: $0.range.lowerBound, maximum: $0.range.upperBound, defaultValue: $0.defaultValue,
        value: $0.value)
    }
  }
}
