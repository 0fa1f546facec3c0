import Basics
import Foundation
import TestSupport
import Testing
import Video

@testable import Datasets

/// Recordings written by a test.
extension TemporaryFolder {
  /// A lossless video whose frame `i` is uniformly grey with that value; see `shownFrames`.
  @discardableResult func writeVideo(_ name: String, frames: Int) throws -> String {
    let path = try newFile(name)
    try TestMedia(container: "avi", pixelFormat: "gray", rate: 30)
      .write((0..<frames).map { [UInt8](repeating: UInt8($0), count: 32 * 24) }, to: path)
    return path
  }

  /// Like `writeVideo`, but ten seconds long: 30 frames in each of the first five, five in each of the others.
  @discardableResult func writeUnevenVideo(_ name: String) throws -> String {
    let path = try newFile(name)
    try TestMedia(pixelFormat: "gray", rate: 30).write(
      (0..<175).map { [UInt8](repeating: UInt8($0), count: 32 * 24) },
      milliseconds: (0..<175).map { $0 < 150 ? $0 * 1000 / 30 : 5000 + ($0 - 150) * 200 }, to: path)
    return path
  }

  /// A lossless video of coloured pixels, all different.
  @discardableResult func writeColorVideo(_ name: String, frames: Int, width: Int, height: Int) throws -> String {
    let path = try newFile(name)
    var random = SplitMix64(seed: 7)
    let pictures = (0..<frames).map { _ in
      (0..<width * height * 3 / 2).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
    try TestMedia(
      container: "avi", pixelFormat: "yuv420p", size: FrameSize(width: width, height: height), rate: 30
    ).write(pictures, to: path)
    return path
  }

  /// A lossless video of grey pictures.
  @discardableResult func writeGrey(_ name: String, _ pictures: [[UInt8]], width: Int, height: Int) throws -> String {
    let path = try newFile(name)
    try TestMedia(container: "avi", pixelFormat: "gray", size: FrameSize(width: width, height: height), rate: 30)
      .write(pictures, to: path)
    return path
  }

  /// A uniformly grey picture.
  @discardableResult func writePicture(_ name: String, grey: UInt8) throws -> String {
    let path = try newFile(name)
    try TestMedia(container: "image2", codec: "png", pixelFormat: "rgb24", rate: 30)
      .write([[UInt8](repeating: grey, count: 32 * 24 * 3)], to: path)
    return path
  }
}

/// Which frames of a `writeVideo` a loaded clip's pixels show; -1 if a picture is not uniformly grey.
func shownFrames(_ pixels: [UInt8], size: Int) -> [Int] {
  let count = size * size * 3
  return stride(from: 0, to: pixels.count, by: count).map { start in
    let picture = pixels[start..<start + count]
    guard let first = picture.first, picture.allSatisfy({ $0 == first }) else { return -1 }
    return Int(first)
  }
}

/// The text of an NTU `.skeleton` file: frames of bodies of 25 joints.
///
/// Coordinates are text, to allow `nan` and `-inf`.
func ntuText(_ frames: [[[[String]]]]) -> String {
  var lines = ["\(frames.count)"]
  for bodies in frames {
    lines.append("\(bodies.count)")
    for (index, joints) in bodies.enumerated() {
      lines.append("7205759403793\(7930 + index) 0 1 1 1 1 0 0.02764709 0.05745083 2")
      lines.append("\(joints.count)")
      lines += joints.map { $0.joined(separator: " ") + " 277.0 191.4 1048.2 515.5 -0.2 0.03 0.97 -0.04 2" }
    }
  }
  return lines.joined(separator: "\r\n") + "\r\n"
}

func ntuText(_ frames: [[[SIMD3<Float>]]]) -> String {
  ntuText(frames.map { $0.map { $0.map { ["\($0.x)", "\($0.y)", "\($0.z)"] } } })
}

/// A body about two metres in front of the camera, different for each seed.
func madeBody(_ seed: UInt64, joints: Int = 25) -> [SIMD3<Float>] {
  var random = SplitMix64(seed: seed)
  return (0..<joints).map { _ in
    SIMD3(
      Float.random(in: -1...1, using: &random), .random(in: -1...1, using: &random), .random(in: 2...4, using: &random))
  }
}

/// LCR-Net's 39 numbers for 13 joints, as it writes them: all x, all y, all z.
func lcrPose(_ joints: [SIMD3<Float>]) -> [Float] { joints.map(\.x) + joints.map(\.y) + joints.map(\.z) }

/// LCR-Net's JSON: detections of 13 joints by frame.
func lcrText(_ frames: [[[SIMD3<Float>]]]) -> String {
  let list = frames.map { detections in
    let entries = detections.map {
      #"{"pose2d": [1.5, 2], "pose3d": \#(lcrPose($0)), "cumscore": 3.25, "score": null}"#
    }
    return "[\(entries.joined(separator: ", "))]"
  }
  return #"{"K": 20, "njts": 13, "frames": [\#(list.joined(separator: ", "))], "video": {"fps": [30]}}"#
}

/// A hash of the lines, to compare a list with a published one without copying it.
func digest(_ lines: some Sequence<String>) -> UInt64 { SplitMix64.hash(lines.joined(separator: "\n")) }

/// Rows of a fixture, without its first line.
func fixture(_ name: String) throws -> [[String]] {
  let url = try #require(Bundle.module.url(forResource: name, withExtension: "csv", subdirectory: "Fixtures"))
  return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst().map {
    $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }
}

/// The text of the error thrown; empty if there is none.
func failure(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch {
    return "\(error)"
  }
}
