import Foundation
import Networks

/// Northwestern-UCLA Multiview Action 3D, cross-view: one camera is the test set.
///
/// There is no published validation set; subject 10's clips from the training cameras are used.
///
/// - Source: methods.md 8.3.
struct NUCLA: PublishedDataset {
  let options: DatasetOptions
  private let testCamera: Int

  var name: String { "N-UCLA" }
  var graph: SkeletonGraph { .kinect20 }
  var validationMayTrain: Bool { true }

  /// Action numbers in file names, in logit order.
  private static let actions = [1, 2, 3, 4, 5, 6, 8, 9, 11, 12]
  private static let validationSubject = 10
  /// Clips missing from the published lists, by test camera.
  private static let leftOut: [Int: Set<String>] = [
    1: ["a05_s07_e00_c01"], 3: ["a02_s09_e04_c02", "a02_s09_e04_c03", "a05_s07_e00_c01"],
  ]

  let labels = [
    "pick up with one hand", "pick up with two hands", "drop trash", "walk around", "sit down", "stand up", "donning",
    "doffing", "throw", "carry",
  ]

  init(_ options: DatasetOptions) throws(DatasetError) {
    self.options = options
    switch options.protocolName {
    case "cross1": testCamera = 1
    case "cross2": testCamera = 2
    case "cross3": testCamera = 3
    default: throw options.refusedProtocol("cross1, cross2 or cross3")
    }
  }

  /// The camera's name comes from a folder in the published layouts: `view_1/a01_s01_e00/` with a picture for each
  /// frame, and `a01/v01_s01_e00.avi`.
  static func recording(at url: URL) -> String? {
    let (name, folder) = (url.lastPathComponent, url.deletingLastPathComponent().lastPathComponent)
    var view = NameReader(folder.lowercased())
    if view.skip("view_"), let camera = view.number(), view.isAtEnd {
      var reader = NameReader(name)
      guard reader.skip("a"), reader.number() != nil, reader.skip("_s") else { return nil }
      return "\(name)_c\(camera < 10 ? "0" : "")\(camera)"
    }
    var action = NameReader(folder)
    var reader = NameReader(name)
    guard action.skip("a"), action.number() != nil, action.isAtEnd, reader.skip("v"), let camera = reader.number(),
      reader.skip("_s"), let start = name.firstIndex(of: "_")
    else { return nil }
    return "\(folder)\(name[start...])_c\(camera < 10 ? "0" : "")\(camera)"
  }

  func clip(named name: String) -> (clip: Clip, partition: Partition?)? {
    var reader = NameReader(name)
    guard reader.skip("a"), let action = reader.number(), reader.skip("_s"), let subject = reader.number(),
      reader.skip("_e"), reader.number() != nil, reader.skip("_c") || reader.skip("_v"),
      let camera = reader.number(), reader.isAtEnd, (1...3).contains(camera),
      let label = Self.actions.firstIndex(of: action)
    else { return nil }
    let clip = Clip(name: name, label: label, subject: subject, camera: camera)
    if Self.leftOut[testCamera]?.contains(name.replacing("_v", with: "_c")) == true { return (clip, nil) }
    if camera == testCamera { return (clip, .test) }
    return (clip, subject == Self.validationSubject ? .validation : .train)
  }
}
