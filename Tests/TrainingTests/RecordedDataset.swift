import CTestMedia
import Foundation

/// A small data set in NTU RGB+D's formats on disk: a person made of two bars who waves high or low, with the joints.
///
/// Folders are deleted with the value.
final class RecordedDataset {
  let folder: String
  let clips: Int

  /// - Parameters:
  ///   - clips: number of recordings; activities 1 and 2 alternate.
  ///   - validation: additional recordings of a validation subject.
  ///   - frames: frames per recording.
  /// - Throws: if a file cannot be written.
  init(clips: Int = 8, validation: Int = 0, frames: Int = 20) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("adl-recordings-\(UUID())").path
    self.clips = clips
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for index in 0..<clips + validation {
      // Subject 1 trains in every protocol, subject 8 validates.
      let subject = index < clips ? 1 : 8
      let name = String(format: "S%03dC002P%03dR001A%03d", index / 2 + 1, subject, index % 2 + 1)
      try writeVideo(folder + "/\(name)_rgb.avi", activity: index % 2, variant: index / 2, frames: frames)
      try Data(skeleton(activity: index % 2, variant: index / 2, frames: frames).utf8)
        .write(to: URL(fileURLWithPath: folder + "/\(name).skeleton"))
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static let width = 128
  private static let height = 112

  /// The position of the hand, 0 to 1 across, and its height.
  private func hand(_ activity: Int, _ variant: Int, _ frame: Int) -> (x: Double, y: Double) {
    let phase = Double(frame) * 0.5 + Double(variant)
    return (0.5 + 0.3 * sin(phase), activity == 0 ? 0.25 : 0.75)
  }

  private func writeVideo(_ path: String, activity: Int, variant: Int, frames: Int) throws {
    var writer: OpaquePointer?
    try unsafe "avi".withCString { container in
      try unsafe "mjpeg".withCString { codec in
        try unsafe "yuvj420p".withCString { format in
          var description = unsafe ctestmedia_description(
            container: container, codec: codec, pixel_format: format, width: Int32(Self.width),
            height: Int32(Self.height), rate: 30, matrix: 0, full_range: -1, rotation: 0, mirrored: 0,
            key_pictures_mirrored: 0)
          let code = unsafe ctestmedia_open(path, &description, &writer)
          guard code == 0 else { throw CocoaError(.fileWriteUnknown) }
        }
      }
    }
    let (width, height) = (Self.width, Self.height)
    for frame in 0..<frames {
      var picture = [UInt8](repeating: UInt8(60 + 10 * variant), count: width * height)
      let hand = hand(activity, variant, frame)
      for y in max(0, Int(hand.y * Double(height)) - 10)..<min(height, Int(hand.y * Double(height)) + 10) {
        for x in max(0, Int(hand.x * Double(width)) - 10)..<min(width, Int(hand.x * Double(width)) + 10) {
          picture[y * width + x] = 230
        }
      }
      picture += [UInt8](repeating: 128, count: width * height / 2)
      guard unsafe ctestmedia_write(writer, picture, picture.count, Int64(frame) * 1000 / 30) == 0 else {
        throw CocoaError(.fileWriteUnknown)
      }
    }
    guard unsafe ctestmedia_close(writer) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  /// The text of a `.skeleton` file: an upright body whose right hand is where the video shows it.
  private func skeleton(activity: Int, variant: Int, frames: Int) -> String {
    var lines = ["\(frames)"]
    for frame in 0..<frames {
      let hand = hand(activity, variant, frame)
      lines += ["1", "72057594037931691 0 1 1 1 1 0 0.1 -0.2 2", "25"]
      for joint in 0..<25 {
        var (x, y) = (0.1 * Double(joint % 5 - 2), 0.1 * Double(joint % 7))
        switch joint {
        case 0: (x, y) = (0, 0)
        case 1: (x, y) = (0, 0.3)
        case 4: (x, y) = (-0.2, 0.5)
        case 8: (x, y) = (0.2, 0.5)
        case 9, 10, 11, 23, 24: (x, y) = (hand.x - 0.5, 1 - hand.y)
        default: break
        }
        lines.append("\(x) \(y) 3.0 200 100 nan -inf 0 0 0 0 2")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
