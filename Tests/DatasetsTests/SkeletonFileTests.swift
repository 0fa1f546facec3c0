import Basics
import Foundation
import Networks
import TestSupport
import Testing

@testable import Datasets

@Suite struct `NTU skeleton files` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ text: String) throws -> PoseTrack {
    try SkeletonFile.read(folder.write(text, as: "S001C001P001R001A001.skeleton"), .ntu25)
  }

  @Test func `NTU skeleton files give bodies in the slots of their order in the frame`() throws {
    let bodies = (0..<6).map { madeBody(UInt64($0)) }
    let track = try read(ntuText([[bodies[0]], [], [bodies[1], bodies[2]], bodies]))
    #expect(track.graph == .ntu25 && track.slots == 4 && track.frameCount == 4)
    func flat(_ body: [SIMD3<Float>]) -> [Float] { body.flatMap { [$0.x, $0.y, $0.z] } }
    #expect(Array(track.body(0, 0)) == flat(bodies[0]))
    #expect((0..<4).map { track.isEmpty(1, $0) } == [true, true, true, true])
    #expect(Array(track.body(2, 0)) == flat(bodies[1]))
    #expect(Array(track.body(2, 1)) == flat(bodies[2]))
    #expect(
      (0..<4).map { Array(track.body(3, $0)) } == bodies.prefix(4).map(flat), "the fifth and sixth bodies have no slot")
    #expect((1..<4).allSatisfy { track.isEmpty(0, $0) })
  }

  @Test(arguments: ["nan", "-inf", "3e38", "null", "-1.#IND"])
  func `NTU skeleton files drop a body with an unusable number, and count the frame`(word: String) throws {
    let sound = madeBody(1).map { ["\($0.x)", "\($0.y)", "\($0.z)"] }
    var bad = sound
    bad[3][1] = word
    let track = try read(ntuText([[sound], [bad], [sound, bad], []]))
    #expect(track.frameCount == 4 && track.damagedFrames == 2)
    #expect((0..<4).map { track.isEmpty($0, 0) } == [false, true, false, true])
    #expect(track.isEmpty(2, 1))
  }

  @Test func `NTU skeleton files may contain NaN projections and 64-bit body numbers`() throws {
    let text = ntuText([[madeBody(1)]]).replacing("277.0 191.4", with: "-inf nan")
      .replacing("72057594037937930", with: "\(UInt64.max)")
    #expect(try read(text) == read(ntuText([[madeBody(1)]])))
  }

  @Test func `NTU bodies are ranked by their motion, so that ghosts come last`() throws {
    let (ghost, person) = (madeBody(1), madeBody(2))
    let frames = (0..<10).map { frame -> [[SIMD3<Float>]] in
      let step = SIMD3<Float>(Float(frame) * 0.3, 0, 0)
      // A chair, still and small; a person who walks; a person in a single frame.
      let bodies = [ghost.map { $0 * 0.1 }, person.map { $0 + step }]
      return frame == 4 ? bodies + [ghost.map { $0 * 0.5 }] : bodies
    }
    let track = try read(ntuText(frames))
    #expect(track.mostActive(4) == [1, 2, 0, 3])
    #expect(track.energy(3) == 0)
  }

  @Test func `truncated NTU skeleton files are refused`() throws {
    let text = ntuText([[madeBody(1)], [madeBody(2), madeBody(3)]])
    let words = text.split(whereSeparator: \.isWhitespace)
    for count in stride(from: 0, to: words.count, by: 7) {
      let cut = words.prefix(count).joined(separator: " ")
      #expect(failure { _ = try read(cut) }.contains("it ends at line 1, before "), "\(count) words")
    }
  }

  @Test func `invalid NTU skeleton files are refused with the line`() throws {
    let good = ntuText([[madeBody(1)]])
    let path = folder.path + "/S001C001P001R001A001.skeleton"
    for (text, reason) in [
      ("", "it ends at line 1, before the number of frames"),
      ("many", "line 1: 'many' instead of the number of frames"),
      ("-1", "it announces -1 frames"),
      ("999999999", "it announces 999999999 frames"),
      ("1\n65\n", "line 2: 65 bodies in a frame"),
      (good.replacing("\r\n25\r\n", with: "\r\n20\r\n"), "line 4: 20 joints instead of 25"),
      ("1\n" + String(repeating: "9", count: 70), "line 2: a word of 70 characters is too long"),
      (good.replacing("\r\n25\r\n", with: "\r\n25\r\nleft "), "line 5: 'left' instead of a joint's x, y and z"),
    ] {
      #expect(failure { _ = try read(text) } == "\(path) cannot be read: \(reason)")
    }
    #expect(
      failure { _ = try SkeletonFile.read(folder.path + "/none.skeleton", .ntu25) }
        == "\(folder.path)/none.skeleton is missing: it should hold the poses of a recording")
    #expect(
      failure { _ = try SkeletonFile.read(folder.path, .ntu25) } == "\(folder.path) cannot be read: it is not a file")
  }
}

@Suite struct `Smarthome pose files` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ text: String) throws -> PoseTrack {
    try SkeletonFile.read(folder.write(text, as: "Walk_p02_r00_v01_c01_pose3d.json"), .smarthome15)
  }

  @Test func `Smarthome pose files give LCR-Net's joints from the head down, and two midpoints`() throws {
    let joints = (0..<13).map { SIMD3<Float>(Float($0), 100 + Float($0), 200 + Float($0)) }
    let track = try read(lcrText([[joints]]))
    #expect(track.graph == .smarthome15 && track.frameCount == 1 && track.slots == 2)
    let body = Array(track.body(0, 0))
    let xs: [Float] = [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 10.5, 4.5]
    for (index, x) in xs.enumerated() { #expect(Array(body[3 * index..<3 * index + 3]) == [x, 100 + x, 200 + x]) }
  }

  @Test func `Smarthome pose files keep empty frames and the first two detections`() throws {
    let bodies = (0..<3).map { madeBody(UInt64($0), joints: 13) }
    let track = try read(lcrText([[], bodies, [], [bodies[1]]]))
    #expect(track.frameCount == 4)
    #expect([0, 2].allSatisfy { track.isEmpty($0, 0) && track.isEmpty($0, 1) })
    #expect(Array(track.body(1, 1)) == Array(track.body(3, 0)))
    #expect(track.isEmpty(3, 1))
  }

  @Test func `invalid Smarthome pose files are refused with the reason`() throws {
    let path = folder.path + "/Walk_p02_r00_v01_c01_pose3d.json"
    for (text, reason) in [
      (#"{"frames": [[], [{"pose3d": [1, 2]}]]}"#, "frame 1: pose3d has 2 numbers instead of 39"),
      (
        #"{"njts": 13}"#,
        #"it is not LCR-Net's JSON: No value associated with key CodingKeys(stringValue: "frames", intValue: nil) ("frames")."#
      ),
      (#"{"frames": 3}"#, "it is not LCR-Net's JSON: frames: "),
      (#"{"frames": [[{"pose3d": ["x"]}]]}"#, "frame 0: a detection has no pose3d of 39 numbers"),
      (#"{"frames": [[{"score": 1}], null]}"#, "frame 0: a detection has no pose3d of 39 numbers"),
      (#"{"frames": [[{"pose3d": ["#, "it is not LCR-Net's JSON: "),
      ("", "it is not LCR-Net's JSON: "),
    ] {
      #expect(failure { _ = try read(text) }.hasPrefix("\(path) cannot be read: \(reason)"))
    }
  }

  @Test(arguments: [
    ("null", 1), (#"[{"score": 0.5}]"#, 1), (#"[null]"#, 1), (#"[{"pose3d": [1, 2]}]"#, 1), (#"[{"pose3d": NaN}]"#, 1),
    ("[]", 0),
  ])
  func `Smarthome pose files with one bad frame lose only that frame`(frame: String, damaged: Int) throws {
    let good = lcrPose(madeBody(1, joints: 13))
    var bad = good.map { "\($0)" }
    bad[5] = "NaN"
    let list = [
      #"[{"pose3d": \#(good)}]"#, frame, #"[{"pose3d": [\#(bad.joined(separator: ","))]}]"#, #"[{"pose3d": \#(good)}]"#,
    ]
    let track = try read(#"{"frames": [\#(list.joined(separator: ", "))]}"#)
    #expect(track.frameCount == 4 && track.damagedFrames == damaged + 1)
    #expect((0..<4).map { track.isEmpty($0, 0) } == [false, true, true, false])
    #expect(Array(track.body(0, 0)) == Array(track.body(3, 0)))
  }

  @Test func `Smarthome pose files with endless nesting are refused`() {
    let deep = #"{"frames": "# + String(repeating: "[", count: 100_000)
    #expect(failure { _ = try read(deep) }.contains("it is not LCR-Net's JSON"))
  }
}

@Suite struct `N-UCLA skeleton files` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `N-UCLA skeleton files are read as JSON and as text`() throws {
    let frames = (0..<3).map { madeBody(UInt64($0), joints: 20) }
    let json = frames.map { "[\($0.map { "[\($0.x), \($0.y), \($0.z)]" }.joined(separator: ", "))]" }
    let text = frames.enumerated().map { index, joints in
      "frame \(index)\n" + joints.map { "\($0.x),\($0.y),\($0.z),2" }.joined(separator: "\n")
    }
    let fromJSON = try SkeletonFile.read(
      folder.write(#" {"file_name": "a01", "label": 3, "skeletons": [\#(json.joined(separator: ","))]}"#, as: "a.json"),
      .kinect20)
    let fromText = try SkeletonFile.read(folder.write(text.joined(separator: "\n"), as: "a.txt"), .kinect20)
    #expect(fromJSON == fromText)
    #expect(fromJSON.frameCount == 3 && fromJSON.slots == 1)
    #expect(Array(fromJSON.body(2, 0)) == frames[2].flatMap { [$0.x, $0.y, $0.z] })
  }

  @Test func `N-UCLA skeleton files with one bad frame lose only that frame`() throws {
    let good = "[" + madeBody(1, joints: 20).map { "[\($0.x), \($0.y), \($0.z)]" }.joined(separator: ", ") + "]"
    let bad = [
      good.replacing("]]", with: "], null]"), "null", "[[1, 2, 3]]",
      good.replacing(/^\[\[[^,]*/, with: "[[null"), good.replacing(/^\[\[[^,]*/, with: "[[NaN"),
    ]
    let text = #"{"skeletons": [\#(([good] + bad + [good]).joined(separator: ", "))]}"#
    let track = try SkeletonFile.read(folder.write(text, as: "a.json"), .kinect20)
    #expect(track.frameCount == 7 && track.damagedFrames == 5)
    #expect((0..<7).map { track.isEmpty($0, 0) } == [false, true, true, true, true, true, false])
  }

  @Test func `N-UCLA skeletons with a file per frame follow the list, and a missing file is an empty frame`() throws {
    let bodies = (0..<4).map { madeBody(UInt64($0), joints: 20) }
    for (index, number) in [2, 10, 9, 1].enumerated() {
      try folder.write("", as: "view_1/a01_s01_e00/frame_\(number)_tc_77_rgb.jpg")
      if index == 1 { continue }
      let joints = (bodies[index] + madeBody(9, joints: 20)).map { "\($0.x),\($0.y),\($0.z),2" }
      try folder.write(
        "60\n" + joints.joined(separator: "\n"), as: "view_1/a01_s01_e00/frame_\(number)_tc_77_skeletons.txt")
    }
    func firsts() throws -> [Float] {
      let track = try SkeletonFile.read(folder.path + "/view_1/a01_s01_e00", .kinect20)
      return (0..<track.frameCount).map { track.body($0, 0).first ?? 0 }
    }
    #expect(try firsts() == [bodies[3][0].x, bodies[0][0].x, bodies[2][0].x, 0])
    try folder.write("2 0 77\n10 0 77\n9 0 77\n1 0 77\n", as: "view_1/a01_s01_e00/fileList.txt")
    #expect(try firsts() == [bodies[0][0].x, 0, bodies[2][0].x, bodies[3][0].x])
  }

  @Test(arguments: [
    (#"{"skeletons": [[[1, 2, 3]]]}"#, "frame 0 does not have 20 joints of x, y and z"),
    ("1,2,3\n4,5,6\n", "it has 2 joints, not 20 per frame"),
    ("", "it has 0 joints, not 20 per frame"),
  ])
  func `invalid N-UCLA skeleton files are refused with the reason`(text: String, reason: String) throws {
    let path = try folder.write(text, as: "a.json")
    #expect(failure { _ = try SkeletonFile.read(path, .kinect20) } == "\(path) cannot be read: \(reason)")
  }
}

private let python = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":").map { "\($0)/python3" }
  .first { FileManager.default.isExecutableFile(atPath: $0) }

/// The output of `scripts/poses-from-video`; Python alone suffices for its built-in example.
@Suite(.enabled(if: python != nil, "needs python3")) struct `Skeleton files of poses-from-video` {
  private static let script =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path + "/scripts/poses-from-video"

  @Test func `skeletons from poses-from-video match NTU's for somebody facing the camera`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/facing.skeleton"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(python))
    process.arguments = [Self.script, "--selftest", path]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    let contents = try SkeletonFile.contents(path, .ntu25)
    #expect(contents.poses.frameCount == 2)
    #expect(contents.poses.isEmpty(0, 0) && !contents.poses.isEmpty(1, 0))
    let body = Array(contents.poses.body(1, 0))
    let places = try #require(contents.places?.frames[1].first)
    // In NTU RGB+D the left shoulder (joint 5) of somebody who faces the Kinect is at smaller x, and further left in the
    // picture, than the right one (joint 9); y points up.
    #expect(body[3 * 4] < body[3 * 8] && places[4].x < places[8].x)
    #expect(body[3 * 3 + 1] > body[3 * 20 + 1] && places[3].y < places[20].y)
    #expect(body[2] > 2.9 && body[2] < 3.1)
  }
}

@Suite struct `Damaged skeleton files` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A valid file of each kind.
  private func sound(_ graph: SkeletonGraph) -> String {
    switch graph {
    case .ntu25: ntuText([[madeBody(1)], [], [madeBody(2), madeBody(3)]])
    case .smarthome15: lcrText([[madeBody(1, joints: 13)], [], [madeBody(2, joints: 13), madeBody(3, joints: 13)]])
    case .kinect20:
      #"{"skeletons": [["# + madeBody(1, joints: 20).map { "[\($0.x),\($0.y),\($0.z)]" }.joined(separator: ",")
        + "]]}"
    }
  }

  @Test(arguments: SkeletonGraph.allCases)
  func `damaged skeleton files are read or refused, and never give numbers that are not finite`(graph: SkeletonGraph)
    throws
  {
    let sound = [UInt8](sound(graph).utf8)
    let alphabet = [UInt8]("0123456789.-+eE \n,[]{}\"naif\u{0}\u{ff}".utf8)
    var refused = 0
    for seed in 0..<UInt64(300) {
      var random = SplitMix64(seed: seed)
      var bytes = sound
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = alphabet.randomElement(using: &random) ?? 0
        case 1: bytes.insert(contentsOf: (0..<4).map { _ in alphabet.randomElement(using: &random) ?? 0 }, at: at)
        case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &random)))
        default: bytes[at] = UInt8.random(in: 0...255, using: &random)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      let path = try folder.write(bytes, as: "damaged")
      do throws(DatasetError) {
        let track = try SkeletonFile.read(path, graph)
        #expect(track.values.count == track.frameCount * track.slots * graph.jointCount * 3, "seed \(seed)")
        let prepared = PosePreparation(frames: 20, asReleased: false).prepare(track, jitter: 0)
        #expect(prepared.whole.allSatisfy(\.isFinite) && prepared.window([0, 1, 9]).allSatisfy(\.isFinite), "\(seed)")
      } catch {
        guard case .unreadable = error else {
          Issue.record("seed \(seed): \(error)")
          continue
        }
        refused += 1
      }
    }
    #expect((30..<300).contains(refused), "some changes make the file invalid, others do not")
  }
}
