import Foundation
import TestSupport
import Video

/// A small data set in NTU RGB+D's formats on disk: a person made of two bars who waves high or low, with the joints.
///
/// Removed with the value.
final class RecordedDataset {
  private let files: TemporaryFolder
  let clips: Int

  /// - Parameters:
  ///   - clips: number of recordings; activities 1 and 2 alternate.
  ///   - validation: additional recordings of a validation subject.
  ///   - frames: frames per recording.
  /// - Throws: if a file cannot be written.
  init(clips: Int = 8, validation: Int = 0, frames: Int = 20) throws {
    files = try TemporaryFolder()
    self.clips = clips
    for index in 0..<clips + validation {
      // Subject 1 trains in every protocol, subject 8 validates.
      let subject = index < clips ? 1 : 8
      let name = String(format: "S%03dC002P%03dR001A%03d", index / 2 + 1, subject, index % 2 + 1)
      try writeVideo(files.file("\(name)_rgb.avi"), activity: index % 2, variant: index / 2, frames: frames)
      try files.write(
        skeleton(activity: index % 2, variant: index / 2, frames: frames), as: "\(name).skeleton")
    }
  }

  var folder: String { files.path }

  private static let width = 128
  private static let height = 112

  /// The position of the hand, 0 to 1 across, and its height.
  private func hand(_ activity: Int, _ variant: Int, _ frame: Int) -> (x: Double, y: Double) {
    let phase = Double(frame) * 0.5 + Double(variant)
    return (0.5 + 0.3 * sin(phase), activity == 0 ? 0.25 : 0.75)
  }

  private func writeVideo(_ path: String, activity: Int, variant: Int, frames: Int) throws {
    let (width, height) = (Self.width, Self.height)
    let pictures = (0..<frames).map { frame in
      var picture = [UInt8](repeating: UInt8(60 + 10 * variant), count: width * height)
      let hand = hand(activity, variant, frame)
      for y in max(0, Int(hand.y * Double(height)) - 10)..<min(height, Int(hand.y * Double(height)) + 10) {
        for x in max(0, Int(hand.x * Double(width)) - 10)..<min(width, Int(hand.x * Double(width)) + 10) {
          picture[y * width + x] = 230
        }
      }
      return picture + [UInt8](repeating: 128, count: width * height / 2)
    }
    try TestMedia(
      container: "avi", codec: "mjpeg", pixelFormat: "yuvj420p", size: FrameSize(width: width, height: height), rate: 30
    ).write(pictures, to: path)
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
