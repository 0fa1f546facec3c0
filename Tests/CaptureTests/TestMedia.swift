import Basics
import CTestMedia
import Foundation
import Testing
import Video

/// A folder that is deleted with the value.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("adl-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record(error) }
  }

  func file(_ name: String) -> String { path + "/" + name }
}

/// `count` random bytes.
func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var random = SplitMix64(seed: seed)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}

/// A picture of smooth waves, as `count` bytes that lossy codecs keep well.
func smoothBytes(_ count: Int, width: Int, phase: Int) -> [UInt8] {
  (0..<count).map { UInt8(128 + Int(60 * sin(Double($0 % width + 3 * phase) / 9) + 40 * cos(Double($0 / width) / 7))) }
}

/// A media file to be written by a test.
struct TestMedia {
  var container = "matroska"
  var codec = "ffv1"
  var pixelFormat: String?
  var size = FrameSize(width: 32, height: 24)
  var rate = 25
  var matrix = 0
  var fullRange = -1
  var rotation = 0
  var isMirrored = false
  /// Whether H.264's key pictures declare that they are mirrored.
  var notesMirroring = false

  /// Writes pictures (planes one after another, no padding) with their times.
  func write(_ pictures: [[UInt8]], milliseconds: [Int]? = nil, to path: String) throws {
    struct WriteError: Error { var code: CInt }
    func check(_ code: CInt) throws { if code < 0 { throw WriteError(code: code) } }
    var writer: OpaquePointer?
    try unsafe container.withCString { (container) in
      try unsafe codec.withCString { (codec) in
        try unsafe (pixelFormat ?? "").withCString { (pixelFormat) in
          var description = unsafe ctestmedia_description(
            container: container, codec: codec, pixel_format: self.pixelFormat == nil ? nil : pixelFormat,
            width: Int32(size.width), height: Int32(size.height), rate: Int32(rate), matrix: Int32(matrix),
            full_range: Int32(fullRange), rotation: Int32(rotation),
            mirrored: isMirrored ? 1 : 0, key_pictures_mirrored: notesMirroring ? 1 : 0)
          try check(unsafe ctestmedia_open(path, &description, &writer))
        }
      }
    }
    for (index, picture) in pictures.enumerated() {
      let time = milliseconds?[index] ?? index * 1000 / rate
      try check(unsafe ctestmedia_write(writer, picture, picture.count, Int64(time)))
    }
    try check(unsafe ctestmedia_close(writer))
  }
}
