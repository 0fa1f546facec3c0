import Foundation
import Networks
import TestSupport
import Testing
import Video

@testable import Datasets

@Suite struct `Recordings kept in memory` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func options(_ region: ClipRegion) -> ClipOptions {
    var options = ClipOptions()
    options.frames = 8
    options.preprocessing = ClipPreprocessing(size: 12)
    options.region = region
    options.augmentation = ClipAugmentation(.strong)
    options.boxes = region == .person ? folder.path : nil
    return options
  }

  private func clip(_ name: String, frames: Int, width: Int = 96, height: Int = 64) throws -> Clip {
    let path = try folder.writeColorVideo("\(name).avi", frames: frames, width: width, height: height)
    let boxes = (0..<4).map { index in
      BoxesFile.Row(
        frame: 5 * index, person: 1, box: PictureBox(x: 0.1 + 0.1 * Double(index), y: 0.2, width: 0.3, height: 0.6))
    }
    try BoxesFile(boxes).write(to: BoxesFile.path(folder: folder.path, name: name))
    return Clip(name: name, label: 0, video: path)
  }

  private let draws: [ClipDraw] = (0..<3).map { .random(seed: $0) } + [.centre, .windows(.paper), .windows(.code)]

  /// Every draw through both loaders, twice through the cache.
  private func expectEqual(_ clip: Clip, _ plain: ClipLoader, _ cached: ClipLoader) throws {
    for draw in draws {
      let expected = try plain.load(clip, draw)
      for _ in 0..<2 {
        let found = try cached.load(clip, draw)
        #expect(found.map(\.frameIndices) == expected.map(\.frameIndices))
        #expect(found.map(\.pixels) == expected.map(\.pixels), "\(draw)")
        #expect(found.map(\.pose) == expected.map(\.pose))
        #expect(found.map(\.windowPose) == expected.map(\.windowPose))
      }
    }
  }

  @Test(arguments: ClipRegion.allCases) func `cached recordings give the same pixels as files`(region: ClipRegion)
    throws
  {
    let clip = try clip("made", frames: 40)
    let options = options(region)
    let cache = RecordingCache([clip], options, budget: 1 << 20)
    #expect(cache.plan.kept == 1 && cache.bytes == 0)
    try expectEqual(
      clip, ClipLoader(options, graph: .ntu25), ClipLoader(options, graph: .ntu25, cache: cache))
    #expect(cache.bytes == 40 * 96 * 64 * 3 / 2, "decoded frames are smaller than working pictures of their size")
    #expect(cache.plan.bytes == cache.bytes)
  }

  @Test func `cached recordings of people are working pictures if those are smaller`() throws {
    let clip = try clip("wide", frames: 12, width: 1300, height: 40)
    let options = options(.person)
    let cache = RecordingCache([clip], options, budget: 10 << 20)
    try expectEqual(
      clip, ClipLoader(options, graph: .ntu25), ClipLoader(options, graph: .ntu25, cache: cache))
    #expect(cache.bytes == 12 * 640 * 20 * 3)
  }

  @Test func `skeletons are cached too`() throws {
    var clip = try clip("made", frames: 30)
    clip.skeleton = try folder.write(ntuText((0..<30).map { [madeBody(UInt64($0))] }), as: "made.skeleton")
    var options = options(.scene)
    options.content = [.video, .pose, .windowPose]
    options.poseFrames = 16
    let cache = RecordingCache([clip], options, budget: 1 << 20)
    let cached = ClipLoader(options, graph: .ntu25, cache: cache)
    try expectEqual(clip, ClipLoader(options, graph: .ntu25), cached)
    let expected = try cached.load(clip, .random(seed: 3))[0]
    try FileManager.default.removeItem(atPath: clip.skeleton ?? "")
    #expect(try cached.load(clip, .random(seed: 3))[0].windowPose == expected.windowPose, "the file is not read again")
  }

  @Test func `cached recordings whose headers declare too much give the frames that exist`() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder.writeVideo("v.avi", frames: 60)))
    let path = try folder.write([UInt8](whole.prefix(whole.count * 4 / 5)), as: "cut.avi")
    let clip = Clip(name: "cut", label: 0, video: path)
    let options = options(.scene)
    let cache = RecordingCache([clip], options, budget: 1 << 20)
    try expectEqual(
      clip, ClipLoader(options, graph: .ntu25), ClipLoader(options, graph: .ntu25, cache: cache))
    #expect(cache.bytes > 0)
  }

  @Test func `recordings beyond the cache's budget are read from their files`() throws {
    let clips = try (0..<3).map { try clip("made\($0)", frames: 20) }
    let options = options(.scene)
    let one = 20 * 96 * 64 * 3 / 2
    let cache = RecordingCache(clips, options, budget: 2 * one + one / 2)
    #expect(cache.plan == RecordingCache.Plan(kept: 2, recordings: 3, bytes: 2 * one, budget: 2 * one + one / 2))
    let (plain, cached) = (ClipLoader(options, graph: .ntu25), ClipLoader(options, graph: .ntu25, cache: cache))
    for clip in clips { try expectEqual(clip, plain, cached) }
    #expect(cache.bytes == 2 * one)
  }

  @Test func `unreadable recordings are reported as without a cache`() throws {
    let clip = Clip(name: "none", label: 0, video: folder.path + "/none.avi")
    let options = options(.scene)
    let cached = ClipLoader(options, graph: .ntu25, cache: RecordingCache([clip], options, budget: 1 << 20))
    let message = failure { _ = try cached.load(clip, .centre) }
    #expect(message == failure { _ = try ClipLoader(options, graph: .ntu25).load(clip, .centre) } && !message.isEmpty)
  }
}
