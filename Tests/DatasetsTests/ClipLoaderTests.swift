import Capture
import Foundation
import Networks
import TestSupport
import Testing
import Video

@testable import Datasets

private func loader(frames: Int = 8, _ content: ClipContent = .video, poseFrames: Int = 20) -> ClipLoader {
  var options = ClipOptions()
  options.frames = frames
  options.preprocessing = ClipPreprocessing(size: 4)
  options.content = content
  options.poseFrames = poseFrames
  return ClipLoader(options, graph: .ntu25)
}

/// A nodding body: its head's position identifies the frame.
private func noddingBody(_ frame: Int) -> [SIMD3<Float>] {
  var body = madeBody(1)
  body[3] += SIMD3(0, 0, Float(frame + 1) * 0.01)
  return body
}

@Suite struct `Windows of videos` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func clip(_ video: String) -> Clip { Clip(name: "made", label: 0, video: video) }

  @Test(arguments: [1, 5, 8, 16, 17, 60]) func `video windows show the frames they name`(count: Int) throws {
    let clip = clip(try folder.writeVideo("v.avi", frames: count))
    for seed in 0..<UInt64(5) {
      let loaded = try #require(try loader().load(clip, .random(seed: seed)).first)
      #expect(loaded.frameIndices.count == 8 && loaded.clip == clip)
      #expect(shownFrames(loaded.pixels, size: 4) == loaded.frameIndices)
      #expect(loaded.pose.isEmpty && loaded.windowPose.isEmpty)
    }
    let centre = try loader().load(clip, .centre)
    #expect(centre.map(\.frameIndices) == [ClipSampling(frames: 8).indices(count: count, draw: 0.5)])
    for scheme in WindowScheme.allCases {
      let windows = try loader().load(clip, .windows(scheme))
      #expect(windows.map(\.frameIndices) == ClipSampling(frames: 8).windows(count: count, scheme))
      #expect(windows.allSatisfy { shownFrames($0.pixels, size: 4) == $0.frameIndices })
    }
  }

  @Test func `video windows of a part show what happens in it`() throws {
    var part = clip(try folder.writeVideo("v.avi", frames: 120))
    // Thirty frames per second.
    part.part = 2..<3
    for seed in 0..<UInt64(20) {
      let loaded = try #require(try loader().load(part, .random(seed: seed)).first)
      #expect(shownFrames(loaded.pixels, size: 4) == loaded.frameIndices)
      #expect((60..<90).contains(loaded.frameIndices[4] - 1), "\(loaded.frameIndices)")
    }
    let windows = try loader().load(part, .windows(.paper)).map(\.frameIndices)
    #expect(windows == ClipSampling(frames: 8).windows(around: 60..<90, count: 120, .paper))
    part.part = 4..<5
    #expect(
      failure { _ = try loader().load(part, .centre) }
        == "\(part.video ?? "") cannot be read: made begins at 4.0 s, but the recording is only 4.00 s long")
  }

  @Test func `video windows of a part require evenly spaced frames`() throws {
    var clip = clip(try folder.writeUnevenVideo("v.mkv"))
    #expect(try loader().load(clip, .centre).count == 1)
    clip.part = 7..<8
    let reason = failure { _ = try loader().load(clip, .centre) }
    #expect(reason.contains("its frames are not evenly spaced: number "), "\(reason)")
    #expect(reason.hasSuffix("convert it: ffmpeg -i IN -vf fps=30 OUT"))
  }

  @Test func `video windows are the same for the same seed, and differ for others`() throws {
    let clip = clip(try folder.writeVideo("v.avi", frames: 90))
    let draws = try (0..<UInt64(40)).map { try loader().load(clip, .random(seed: $0))[0].frameIndices[0] }
    #expect(try draws == (0..<UInt64(40)).map { try loader().load(clip, .random(seed: $0))[0].frameIndices[0] })
    #expect(Set(draws).count > 20 && draws.allSatisfy { (0...74).contains($0) })
  }

  @Test func `video windows are prepared as the daemon prepares a camera's`() throws {
    var options = ClipOptions()
    options.frames = 4
    options.preprocessing = ClipPreprocessing(size: 6, crop: .centerSquare)
    let path = try folder.writeVideo("v.avi", frames: 4)
    let loaded = try ClipLoader(options, graph: .ntu25).load(clip(path), .centre)[0]
    var frame = Frame()
    frame.layOut(.grey, FrameSize(width: 32, height: 24), color: ColorDescription(matrix: .bt601, range: .full))
    var preprocessor = FramePreprocessor(options.preprocessing)
    var expected: [UInt8] = []
    for index in 0..<4 {
      frame.bytes = [UInt8](repeating: UInt8(index), count: 32 * 24)
      var pixels = [UInt8](repeating: 0, count: options.preprocessing.byteCount)
      try preprocessor.process(&frame, into: &pixels)
      expected += pixels
    }
    #expect(loaded.pixels == expected)
  }

  @Test func `video windows of a truncated file use the frames that exist`() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder.writeVideo("v.avi", frames: 60)))
    let path = try folder.write([UInt8](whole.prefix(whole.count * 4 / 5)), as: "cut.avi")
    let frames = try RecordedVideo(path).countFrames()
    #expect((5..<55).contains(frames))
    let windows = try loader().load(clip(path), .windows(.paper))
    #expect(windows.map(\.frameIndices) == ClipSampling(frames: 8).windows(count: frames, .paper))
    #expect(windows.allSatisfy { shownFrames($0.pixels, size: 4) == $0.frameIndices })
  }

  @Test func `video windows can come from a folder of pictures`() throws {
    for index in 0..<12 { try folder.writePicture("p/frame_\(index)_rgb.png", grey: UInt8(20 * index)) }
    try folder.writePicture("p/frame_0_depth.png", grey: 255)
    try folder.write("resource fork", as: "p/._frame_0_rgb.png")
    let loaded = try loader().load(clip(folder.path + "/p"), .windows(.code))
    #expect(loaded.map(\.frameIndices) == [[2, 3, 4, 5, 6, 7, 8, 9]])
    let greys = stride(from: 0, to: loaded[0].pixels.count, by: 48).map { Int(loaded[0].pixels[$0]) }
    #expect(greys == (2..<10).map { 20 * $0 }, "frame_10 comes after frame_9")
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: folder.path + "/p")
    #expect(try loader().load(clip(folder.path + "/link"), .windows(.code))[0].pixels == loaded[0].pixels)
  }

  @Test func `video windows that cannot be loaded are named with the reason`() throws {
    func message(_ video: String?) -> String {
      failure { _ = try loader().load(Clip(name: "made", label: 0, video: video), .centre) }
    }
    #expect(message(nil) == "recording made has no video; add one, or remove the recording")
    #expect(message("/no/such.avi") == "/no/such.avi is missing: it should be the video of a recording")
    let text = try folder.write("no video", as: "text.avi")
    #expect(message(text).hasPrefix("\(text) cannot be read: "))
    let empty = try folder.newFile("empty/file").replacing("/file", with: "")
    #expect(message(empty) == "\(empty) cannot be read: the folder contains no .jpg, .jpeg or .png pictures")
    try folder.write("no picture", as: "bad/0.png")
    #expect(message(folder.path + "/bad").hasPrefix("\(folder.path)/bad/0.png cannot be read: "))
  }
}

@Suite struct `Windows of poses` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func clip(video: Int?, poses: Int) throws -> Clip {
    Clip(
      name: "made", label: 0, video: try video.map { try folder.writeVideo("v.avi", frames: $0) },
      skeleton: try folder.write(ntuText((0..<poses).map { [noddingBody($0)] }), as: "v.skeleton"))
  }

  /// The frame shown at each time step of [3, T, 25, 2]; `nil` if nobody is there.
  private func shownPoses(_ pose: [Float], like whole: [Float]) -> [Int?] {
    func heads(_ values: [Float]) -> [[Float]] {
      let frames = values.count / 150
      return (0..<frames).map { time in (0..<3).map { values[(($0 * frames + time) * 25 + 3) * 2] } }
    }
    let known = heads(whole)
    return heads(pose).map { head in
      known.firstIndex { zip($0, head).allSatisfy { abs($0 - $1) < 1e-4 } }
    }
  }

  @Test func `pose windows follow the video's frames`() throws {
    let clip = try clip(video: 40, poses: 40)
    for draw in [ClipDraw.random(seed: 3), .random(seed: 4), .centre, .windows(.paper)] {
      for loaded in try loader([.video, .pose, .windowPose], poseFrames: 40).load(clip, draw) {
        #expect(loaded.pose.count == 3 * 40 * 25 * 2 && loaded.windowPose.count == 3 * 8 * 25 * 2)
        #expect(shownPoses(loaded.pose, like: loaded.pose) == Array(0..<40))
        #expect(shownPoses(loaded.windowPose, like: loaded.pose) == loaded.frameIndices)
        #expect(shownFrames(loaded.pixels, size: 4) == loaded.frameIndices)
      }
    }
  }

  @Test(arguments: [40, nil]) func `poses of a part are limited to it, and their windows extend beyond it`(video: Int?)
    throws
  {
    var clip = try clip(video: video, poses: 40)
    let content: ClipContent = video == nil ? [.pose, .windowPose] : [.video, .pose, .windowPose]
    let all = try loader(content, poseFrames: 40).load(clip, .centre)[0].pose
    // Ten frames, like the poses at thirty per second.
    clip.part = 20.0 / 30..<30.0 / 30
    for seed in 0..<UInt64(10) {
      let loaded = try loader(content, poseFrames: 10).load(clip, .random(seed: seed))[0]
      #expect(shownPoses(loaded.pose, like: all) == Array(20..<30))
      #expect(shownPoses(loaded.windowPose, like: all) == loaded.frameIndices)
      #expect((20..<30).contains(loaded.frameIndices[3]))
    }
  }

  @Test func `pose windows are empty where the video continues without poses`() throws {
    let loaded = try loader([.video, .windowPose]).load(clip(video: 16, poses: 10), .windows(.code))[0]
    #expect(loaded.frameIndices == Array(4..<12) && loaded.pose.isEmpty)
    let values = loaded.windowPose
    let there = (0..<8).map { time in (0..<25).contains { values[(time * 25 + $0) * 2] != 0 } }
    #expect(there == [true, true, true, true, true, true, false, false])
  }

  @Test func `pose windows need no video`() throws {
    let loaded = try loader([.pose, .windowPose], poseFrames: 30).load(clip(video: nil, poses: 30), .centre)[0]
    #expect(loaded.pixels.isEmpty)
    #expect(loaded.frameIndices == ClipSampling(frames: 8).indices(count: 30, draw: 0.5))
    #expect(shownPoses(loaded.windowPose, like: loaded.pose) == loaded.frameIndices)
  }

  @Test func `pose windows that cannot be loaded are named with the reason`() throws {
    let path = try folder.write(ntuText([[[SIMD3<Float>]]]([[], [], []])), as: "nobody.skeleton")
    func message(_ skeleton: String?) -> String {
      failure { _ = try loader(.pose).load(Clip(name: "made", label: 0, skeleton: skeleton), .centre) }
    }
    #expect(message(path) == "\(path) cannot be read: nobody is in any of its 3 frames")
    #expect(message(nil) == "recording made has no skeleton file; add one, or remove the recording")
    #expect(
      try loader().load(clip(video: 8, poses: 1), .centre).count == 1, "poses that are not requested are not read")
  }
}
