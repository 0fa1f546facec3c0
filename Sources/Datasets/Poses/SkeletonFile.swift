import Basics
import Foundation
package import Networks
import Video

/// Reads poses from the files that come with the data sets.
package enum SkeletonFile {
  /// Larger files are not skeletons: ten minutes of six bodies take 40 MB.
  private static let largestFile = 256 << 20
  /// An hour at 30 frames per second.
  static let mostFrames = 108_000

  /// - Parameters:
  ///   - path: a skeleton file.
  ///   - graph: the skeleton in the file; also determines the format.
  /// - Returns: every body of every frame, up to four slots.
  /// - Throws: `DatasetError.unreadable` that names the line or entry.
  package static func read(_ path: String, _ graph: SkeletonGraph) throws(DatasetError) -> PoseTrack {
    try contents(path, graph).poses
  }

  /// The contents of a skeleton file: the poses and, if included, the bodies' positions in the colour picture.
  struct Contents {
    var poses: PoseTrack
    /// Joints in the picture by frame and slot; `nil` if the format has none.
    var places: PictureJoints?
  }

  static func contents(_ path: String, _ graph: SkeletonGraph) throws(DatasetError) -> Contents {
    guard let kind = fileKind(path) else {
      throw .missing(path: path, purpose: "it should hold the poses of a recording")
    }
    if kind == .typeDirectory, graph == .kinect20 { return try Contents(poses: frames(in: path)) }
    guard kind == .typeRegular else { throw .unreadable(path: path, reason: "it is not a file") }
    let data = try data(path)
    do {
      return switch graph {
      case .ntu25: try NTUSkeletonText.parse(data)
      case .smarthome15: try SmarthomePoses.parse(data)
      case .kinect20: Contents(poses: try KinectPoses.parse(data))
      }
    } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
  }

  /// Reads one file per frame; a frame without a file, or whose file has no body, is empty.
  private static func frames(in folder: String) throws(DatasetError) -> PoseTrack {
    let files = try FrameFolder.skeletons(in: folder)
    guard files.count <= mostFrames else { throw .unreadable(path: folder, reason: "it has \(files.count) frames") }
    var track = PoseTrack(graph: .kinect20, slots: 1)
    for file in files {
      if let file { KinectPoses.append(frame: try data(file), to: &track) } else { track.append([], isDamaged: true) }
    }
    return track
  }

  private static func data(_ path: String) throws(DatasetError) -> Data {
    let data: Data
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }  // read-only: nothing can be lost
      data = try handle.read(upToCount: largestFile + 1) ?? Data()
    } catch {
      throw .unreadable(path: path, reason: reasonText(error))
    }
    guard data.count <= largestFile else {
      throw .unreadable(path: path, reason: "it is larger than any skeleton file")
    }
    return data
  }
}

/// A skeleton file whose contents do not match its format.
struct SkeletonError: Error {
  var reason: String

  init(_ reason: String) { self.reason = reason }
}

/// The text format of NTU RGB+D's `.skeleton` files.
///
/// - Source: methods.md 8.1.
enum NTUSkeletonText {
  private static let slots = 4

  /// The size of the colour camera's picture, in whose pixels joints are given.
  private static let colorPicture = FrameSize(width: 1920, height: 1080)

  static func parse(_ data: Data) throws(SkeletonError) -> SkeletonFile.Contents {
    var words = Words(data)
    let frames = try words.integer("the number of frames")
    guard (0...SkeletonFile.mostFrames).contains(frames) else {
      throw SkeletonError("it announces \(frames) frames")
    }
    var track = PoseTrack(graph: .ntu25, slots: slots)
    var places = PictureJoints(picture: colorPicture)
    for _ in 0..<frames {
      let bodies = try words.integer("a number of bodies")
      guard (0...64).contains(bodies) else { throw SkeletonError("line \(words.line): \(bodies) bodies in a frame") }
      var found: [[Float]] = []
      var seen: [[SIMD2<Float>]] = []
      for _ in 0..<bodies {
        // A body's ID exceeds 2⁵³ and is not needed: slots are positions, not identities.
        try words.skip(10, "a body's ten fields")
        let joints = try words.integer("a number of joints")
        guard joints == 25 else { throw SkeletonError("line \(words.line): \(joints) joints instead of 25") }
        var body: [Float] = []
        body.reserveCapacity(75)
        var pixels: [SIMD2<Float>] = []
        for _ in 0..<joints {
          for _ in 0..<3 { body.append(try words.number("a joint's x, y and z")) }
          try words.skip(2, "a joint's place in the depth picture")
          let x = try words.number("a joint's place in the colour picture")
          pixels.append(SIMD2(x, try words.number("a joint's place in the colour picture")))
          try words.skip(5, "a joint's twelve fields")
        }
        found.append(body)
        seen.append(pixels)
      }
      track.append(found)
      places.frames.append(Array(seen.prefix(slots)))
    }
    return SkeletonFile.Contents(poses: track, places: places)
  }

  /// The words of the file in order, with the line number for messages.
  private struct Words {
    // An array, because Data checks every byte's access, which took longer than everything else.
    private let bytes: [UInt8]
    private var position = 0
    private(set) var line = 1

    init(_ data: Data) { bytes = [UInt8](data) }

    private mutating func next(_ what: String) throws(SkeletonError) -> Range<Int> {
      while position < bytes.count, bytes[position] <= 32 {
        if bytes[position] == 10 { line += 1 }
        position += 1
      }
      let start = position
      while position < bytes.count, bytes[position] > 32 { position += 1 }
      guard start < position else { throw SkeletonError("it ends at line \(line), before \(what)") }
      guard position - start <= 64 else {
        throw SkeletonError("line \(line): a word of \(position - start) characters is too long")
      }
      return start..<position
    }

    private mutating func word(_ what: String) throws(SkeletonError) -> Substring {
      Substring(decoding: bytes[try next(what)], as: UTF8.self)
    }

    mutating func skip(_ count: Int, _ what: String) throws(SkeletonError) {
      for _ in 0..<count { _ = try next(what) }
    }

    mutating func integer(_ what: String) throws(SkeletonError) -> Int {
      let word = try word(what)
      guard let value = Int(word) else { throw SkeletonError("line \(line): '\(word)' instead of \(what)") }
      return value
    }

    /// How programs write NaN and infinity; any other text means that words are missing.
    private static let noNumbers: Set = [
      "null", "none", "na", "n/a", "1.#qnan", "-1.#ind", "1.#ind", "1.#inf", "-1.#inf",
    ]

    /// `nan` and `-inf` occur, and count as numbers.
    mutating func number(_ what: String) throws(SkeletonError) -> Float {
      let word = try word(what)
      guard let value = Float(word) ?? (Self.noNumbers.contains(word.lowercased()) ? .nan : nil) else {
        throw SkeletonError("line \(line): '\(word)' instead of \(what)")
      }
      return value
    }
  }
}

/// LCR-Net's JSON from Toyota Smarthome: 13 joints per detection, any number of detections per frame.
///
/// - Source: methods.md 3.1 and 8.2.
enum SmarthomePoses {
  private static let slots = 2

  private struct File: Decodable {
    var frames: [Lenient<[Lenient<Detection>]>]
  }

  private struct Detection: Decodable {
    /// 13 x, 13 y, 13 z.
    var pose3d: [Float?]
    /// 13 x, 13 y in pixels; omitted in files with poses only.
    var pose2d: Lenient<[Float]>?
  }

  static func parse(_ data: Data) throws(SkeletonError) -> SkeletonFile.Contents {
    let file: File = try decode(data, "LCR-Net's JSON")
    guard file.frames.count <= SkeletonFile.mostFrames else {
      throw SkeletonError("it has \(file.frames.count) frames")
    }
    var track = PoseTrack(graph: .smarthome15, slots: slots)
    // Positions are in the video's own pixels.
    var places = PictureJoints(picture: nil)
    var problem: SkeletonError?
    for (index, frame) in file.frames.enumerated() {
      var bodies: [[Float]] = []
      var seen: [[SIMD2<Float>]] = []
      var isDamaged = frame.value == nil
      for entry in (frame.value ?? []).prefix(slots) {
        guard let detection = entry.value, detection.pose3d.count == 39 else {
          let found = entry.value.map { "pose3d has \($0.pose3d.count) numbers instead of 39" }
          problem = problem ?? SkeletonError("frame \(index): \(found ?? "a detection has no pose3d of 39 numbers")")
          isDamaged = true
          continue
        }
        bodies.append(joints(detection.pose3d.map { $0 ?? .nan }))
        // Files made for poses only may contain anything here.
        let pixels = detection.pose2d?.value.flatMap { $0.count == 26 ? $0 : nil } ?? []
        seen.append((0..<pixels.count / 2).map { SIMD2(pixels[$0], pixels[13 + $0]) })
      }
      track.append(bodies, isDamaged: isDamaged)
      places.frames.append(seen)
    }
    // One bad frame counts as empty; if all there is is bad, the file has another format.
    if let problem, track.damagedFrames == track.frameCount - track.emptyFrames { throw problem }
    return SkeletonFile.Contents(poses: track, places: places)
  }

  /// The 13 joints in reverse order, then the midpoints of the shoulders and hips.
  private static func joints(_ pose: [Float]) -> [Float] {
    func joint(_ index: Int) -> [Float] { [pose[index], pose[13 + index], pose[26 + index]] }
    func middle(_ a: Int, _ b: Int) -> [Float] { zip(joint(a), joint(b)).map { ($0 + $1) / 2 } }
    return (0..<13).reversed().flatMap(joint) + middle(10, 11) + middle(4, 5)
  }
}

/// Kinect v1 poses of N-UCLA: JSON with `skeletons` [T][20][3], or text with 20 lines `x,y,z…` per frame.
///
/// - Source: methods.md 8.3.
enum KinectPoses {
  private struct File: Decodable {
    var skeletons: [Lenient<[Lenient<[Float?]>]>]
  }

  static func parse(_ data: Data) throws(SkeletonError) -> PoseTrack {
    let frames: [[[Float]]]
    if data.first(where: { $0 > 32 }) == UInt8(ascii: "{") {
      let file: File = try decode(data, "N-UCLA's JSON")
      frames = file.skeletons.map { frame in
        (frame.value ?? []).map { joint in (joint.value ?? []).map { $0 ?? .nan } }
      }
    } else {
      frames = try text(data)
    }
    guard frames.count <= SkeletonFile.mostFrames else { throw SkeletonError("it has \(frames.count) frames") }
    var track = PoseTrack(graph: .kinect20, slots: 1)
    var problem: SkeletonError?
    for (index, joints) in frames.enumerated() {
      guard joints.count == 20, joints.allSatisfy({ $0.count == 3 }) else {
        problem = problem ?? SkeletonError("frame \(index) does not have 20 joints of x, y and z")
        track.append([], isDamaged: true)
        continue
      }
      track.append([Array(joints.joined())])
    }
    if let problem, track.damagedFrames == track.frameCount { throw problem }
    return track
  }

  /// Adds the frame stored in a separate file: the first body in it.
  static func append(frame data: Data, to track: inout PoseTrack) {
    let joints = joints(data).prefix(20)
    if joints.count == 20 {
      track.append([Array(joints.joined())])
    } else {
      track.append([], isDamaged: !joints.isEmpty)
    }
  }

  /// Lines of numbers that start with a joint's x, y and z; other lines name the frame.
  private static func joints(_ data: Data) -> [[Float]] {
    var joints: [[Float]] = []
    for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let numbers = line.split { $0 == "," || $0.isWhitespace }.prefix(4).map { Float($0) }
      guard numbers.count >= 3, let x = numbers[0], let y = numbers[1], let z = numbers[2] else { continue }
      joints.append([x, y, z])
    }
    return joints
  }

  private static func text(_ data: Data) throws(SkeletonError) -> [[[Float]]] {
    let joints = joints(data)
    guard !joints.isEmpty, joints.count % 20 == 0 else {
      throw SkeletonError("it has \(joints.count) joints, not 20 per frame")
    }
    return stride(from: 0, to: joints.count, by: 20).map { Array(joints[$0..<$0 + 20]) }
  }
}

/// Decodes JSON as Python writes it, with `NaN` and `Infinity`.
private func decode<Value: Decodable>(_ data: Data, _ what: String) throws(SkeletonError) -> Value {
  do {
    return try JSONDecoder().decode(Value.self, from: withoutNaN(data))
  } catch let error as DecodingError {
    throw SkeletonError("it is not \(what): \(brief(error))")
  } catch {
    throw SkeletonError("it is not JSON")
  }
}

/// The location and reason of a decoding error, on one line.
private func brief(_ error: DecodingError) -> String {
  switch error {
  case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context),
    .valueNotFound(_, let context):
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    return (path.isEmpty ? "" : path + ": ") + context.debugDescription
  @unknown default: return "\(error)"
  }
}
