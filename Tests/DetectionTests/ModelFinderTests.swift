import Basics
import Foundation
import People
import TestSupport
import Testing
import Video

@testable import Detection

private func remove(_ path: String) {
  do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record("\(error)") }
}

/// A grey picture.
func picture(_ width: Int, _ height: Int, level: UInt8 = 90) -> Frame {
  var frame = Frame()
  frame.format = .rgb24
  frame.size = FrameSize(width: width, height: height)
  frame.planes = [Frame.Plane(offset: 0, rowBytes: width * 3)]
  frame.bytes = [UInt8](repeating: level, count: width * height * 3)
  frame.byteCount = frame.bytes.count
  return frame
}

@Suite(.serialized) struct `A detector of the YOLOX family` {
  private func finder(_ network: MadeNetwork) throws -> ModelFinder {
    let folder = try TemporaryFolder()
    return try ModelFinder(path: folder.write(network.bytes, as: "made.onnx"))
  }

  private func failure(_ bytes: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(bytes, as: "made.onnx")
    do throws(DetectionError) {
      _ = try ModelFinder(path: path)
      return "none"
    } catch {
      return error.description.replacing(path, with: "FILE")
    }
  }

  @Test func `a YOLOX detector decodes cells of every stride to boxes in the picture`() throws {
    let finder = try finder(
      MadeNetwork { rows in
        // Stride 8, second row, third cell: centre (2.5, 1.25) * 8, 8 wide, 16 high.
        rows[6] = [0.5, 0.25, 0, Float(log(2.0)), 0.9, 0.5]
        // Stride 16, last cell: centre (1.5, 1.5) * 16.
        rows[19] = [0.5, 0.5, Float(log(0.5)), 0, 0.8, 1]
      })
    let found = try finder.find(in: picture(64, 32))
    // The picture is placed on the canvas at half its size, covering 32x16 pixels.
    try #require(found.count == 1, "the other one's centre lies below the picture: \(found)")
    #expect(abs(found[0].score - 0.45) < 1e-6)
    let box = found[0].box
    #expect(abs(box.x - 16.0 / 32) < 1e-6 && abs(box.width - 8.0 / 32) < 1e-6)
    #expect(abs(box.y - 2.0 / 16) < 1e-6 && abs(box.bottom - 1) < 1e-6, "clipped to the picture")
    let square = try finder.find(in: picture(32, 32))
    #expect(square.map(\.score) == [0.8, 0.45])
  }

  @Test func `a YOLOX detector drops duplicates, values that are not finite, and what is not a person`() throws {
    let finder = try finder(
      MadeNetwork { rows in
        rows[0] = [1, 1, 1, 1, 1, 0.9]
        rows[1] = [0.05, 1, 1, 1, 1, 0.8]  // the same place again
        rows[2] = [.nan, 1, 1, 1, 1, 0.9]
        rows[3] = [0, 0, .infinity, 1, 1, 0.9]
        rows[4] = [1, 1, 1, 1, .nan, 0.9]
        rows[5] = [1, 1, 1, 1, 1, 0.05]  // not confident enough
        rows[7] = [-900, 1, 1, 1, 1, 0.9]  // outside the picture
        rows[8] = [0, 0, 800, 1, 1, 0.9]  // wider than any number
      })
    #expect(try finder.find(in: picture(32, 32)).map(\.score) == [0.9])
  }

  @Test(arguments: [(1, 1), (1, 500), (500, 1), (8192, 8192)])
  func `a YOLOX detector takes pictures of any size`(width: Int, height: Int) throws {
    let finder = try finder(MadeNetwork { $0[0] = [0.1, 0.1, 3, 3, 1, 1] })
    #expect(try finder.find(in: picture(width, height)).allSatisfy { PictureBox.whole.contains($0.box) })
  }

  @Test func `a YOLOX detector refuses pictures in another format, and truncated ones`() throws {
    let finder = try finder(MadeNetwork())
    var cut = picture(32, 32)
    cut.byteCount = 100
    #expect(throws: DetectionError.self) { try finder.find(in: cut) }
    var grey = picture(32, 32)
    grey.format = .grey
    #expect(throws: DetectionError.badPicture(reason: "its format is grey instead of rgb24")) {
      try finder.find(in: grey)
    }
  }

  @Test func `a YOLOX detector keeps the best hundred of 500 boxes`() throws {
    var network = MadeNetwork()
    network.side = 160
    network.rows = (0..<525).map { [0, 0, -3, -3, 1, 0.3 + Float($0) / 1000] }
    let found = try finder(network).find(in: picture(160, 160))
    #expect(found.count == 100)
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score })
  }

  @Test func `a file that is not a YOLOX detector is refused with the reason`() throws {
    #expect(
      try failure(Array("this is no network".utf8)).hasPrefix("the person detector FILE is damaged or not an ONNX file")
    )
    #expect(try failure([]).hasPrefix("the person detector FILE is damaged or not an ONNX file"))
    var network = MadeNetwork()
    network.rows.removeLast()
    #expect(
      try failure(network.bytes) == """
        the person detector FILE is not a supported detector of the YOLOX family: the shape of its output is 1x20x6; \
        1x21x(5 + classes) is expected of an input of 1x3x32x32; name another file, or run `make detector`
        """)
    network = MadeNetwork()
    network.channels = 1
    #expect(try failure(network.bytes).contains("the shape of its input is 1x1x32x32; 1x3xHxW with fixed H and W"))
    #expect(throws: DetectionError.self) { try ModelFinder(path: "/nowhere.onnx") }
    #expect(throws: DetectionError.cannotRead(path: "/dev/zero", reason: "it is not a regular file")) {
      try ModelFinder(path: "/dev/zero")
    }
  }

  @Test func `loading a detector survives five thousand damaged files`() throws {
    let whole = MadeNetwork().bytes
    let folder = try TemporaryFolder()
    var outcomes = (refused: 0, taken: 0)
    for seed in 0..<5000 {
      var random = SplitMix64(seed: UInt64(seed))
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...9, using: &random)))
        case 2: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 8)], at: at)
        default: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
        }
        if bytes.isEmpty { break }
      }
      let path = try folder.write(bytes, as: "made.onnx")
      do throws(DetectionError) {
        _ = try ModelFinder(path: path).find(in: picture(40, 30))
        outcomes.taken += 1
      } catch {
        outcomes.refused += 1
      }
    }
    #expect(outcomes.refused > 1000 && outcomes.taken > 100, "\(outcomes)")
  }
}

@Suite(.serialized) struct `A finder of motion` {
  /// A noisy wall with a block in front of it.
  private func scene(_ seed: Int, block: PictureBox? = nil, level: Int = 90) -> Frame {
    var frame = picture(160, 120)
    var random = SplitMix64(seed: UInt64(seed))
    for index in frame.bytes.indices {
      frame.bytes[index] = UInt8(clamping: level + Int.random(in: -3...3, using: &random))
    }
    guard let block else { return frame }
    for y in Int(block.y * 120)..<Int(block.bottom * 120) {
      for x in Int(block.x * 160)..<Int(block.right * 160) {
        for channel in 0..<3 { frame.bytes[(y * 160 + x) * 3 + channel] = 220 }
      }
    }
    return frame
  }

  @Test func `a motion finder finds a moving object where it is`() throws {
    let finder = try MotionFinder()
    for seed in 0..<20 { _ = try finder.find(in: scene(seed)) }
    for step in 0..<20 {
      let block = PictureBox(x: 0.1 + Double(step) * 0.03, y: 0.3, width: 0.2, height: 0.6)
      let found = try finder.find(in: scene(100 + step, block: block))
      #expect(found.count == 1)
      #expect((found.first?.box.overlap(block) ?? 0) > 0.5, "\(step): \(found)")
    }
  }

  @Test func `a motion finder finds nobody in front of a still wall, nor when the light is switched`() throws {
    let finder = try MotionFinder()
    for seed in 0..<200 { #expect(try finder.find(in: scene(seed)).isEmpty) }
    for seed in 0..<20 { #expect(try finder.find(in: scene(seed, level: 170)).isEmpty) }
  }

  @Test func `the hole that somebody leaves in the background scores too little to become a person`() throws {
    let finder = try MotionFinder()
    let hole = PictureBox(x: 0.1, y: 0.3, width: 0.15, height: 0.6)
    // There from the first picture, then away, one step per picture.
    for seed in 0..<20 { _ = try finder.find(in: scene(seed, block: hole)) }
    var seen = (moving: 0, holes: 0)
    for step in 0..<40 {
      var block = hole
      block.x = min(0.7, hole.x + Double(step) * 0.04)
      for found in try finder.find(in: scene(100 + step, block: block)) {
        let isHole = found.box.overlap(hole) > 0.5 && step > 5
        #expect(!isHole || found.score < TrackerOptions().strongScore, "picture \(step): \(found)")
        if isHole { seen.holes += 1 }
        if found.box.overlap(block) > 0.5, found.score >= TrackerOptions().strongScore { seen.moving += 1 }
      }
    }
    #expect(seen.holes > 20 && seen.moving >= 10, "\(seen)")
  }

  @Test func `a motion finder sees somebody who stands still for a minute`() throws {
    let finder = try MotionFinder()
    for seed in 0..<20 { _ = try finder.find(in: scene(seed)) }
    let block = PictureBox(x: 0.4, y: 0.3, width: 0.2, height: 0.6)
    for seed in 0..<180 { #expect(try finder.find(in: scene(100 + seed, block: block)).count == 1, "picture \(seed)") }
  }

  @Test(arguments: [(1, 1), (1, 300), (8192, 8192)]) func `a motion finder takes pictures of any size`(
    width: Int, height: Int
  ) throws {
    let finder = try MotionFinder()
    for _ in 0..<7 { #expect(try finder.find(in: picture(width, height)).isEmpty) }
  }
}

@Suite struct `A finder that asks only about new pictures` {
  /// Counts how often it is asked.
  private final class Counting: PersonFinder {
    private(set) var count = 0

    func find(in picture: Frame) throws(DetectionError) -> [ScoredBox] {
      count += 1
      return [ScoredBox(box: .whole, score: Float(count) / 100)]
    }
  }

  @Test func `a steady finder repeats its answer while only noise changes, and asks again after a while`() throws {
    let counting = Counting()
    let finder = SteadyFinder(counting, picturesPerSecond: 3)
    var random = SplitMix64(seed: 1)
    for _ in 0..<30 {
      var frame = picture(100, 70)
      for index in frame.bytes.indices { frame.bytes[index] = UInt8(90 + Int.random(in: -10...10, using: &random)) }
      #expect(try finder.find(in: frame).count == 1)
    }
    #expect(counting.count == 3)
  }

  @Test func `a steady finder asks when a hand moves or the picture's size changes`() throws {
    let counting = Counting()
    let finder = SteadyFinder(counting, picturesPerSecond: 3)
    _ = try finder.find(in: picture(100, 70))
    var frame = picture(100, 70)
    for y in 20..<32 { for x in 40..<52 { for channel in 0..<3 { frame.bytes[(y * 100 + x) * 3 + channel] = 160 } } }
    _ = try finder.find(in: frame)
    #expect(counting.count == 2)
    _ = try finder.find(in: picture(101, 70))
    #expect(counting.count == 3)
  }
}
