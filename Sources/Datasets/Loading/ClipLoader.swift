import Basics
import Foundation
package import Networks
package import Video

/// Which parts of a recording to load.
package struct ClipContent: OptionSet, Hashable, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  package static let video = ClipContent(rawValue: 1)
  /// Poses of the whole recording.
  package static let pose = ClipContent(rawValue: 2)
  /// Poses at the window's frames.
  package static let windowPose = ClipContent(rawValue: 4)
}

/// How recordings are turned into network input.
package struct ClipOptions: Hashable, Sendable {
  /// Frames per window.
  package var frames = 64
  /// Additional frames loaded before each window, and as many after it.
  package var context = 0
  /// Distance between the video frames of a window; `nil` for the papers' rule.
  package var stride: Int?
  package var preprocessing = ClipPreprocessing()
  /// The region to show; recordings without boxes are shown whole.
  package var region = ClipRegion.scene
  /// Folder of boxes files; `nil` uses the joint positions in the skeleton files.
  package var boxes: String?
  /// How random clips are varied.
  package var augmentation = ClipAugmentation()
  package var content: ClipContent = .video
  /// Number of frames in a whole recording's poses; `nil` for the published number.
  package var poseFrames: Int?
  /// Step between the frames of a whole recording's poses, for NTU.
  package var poseStride = 1
  /// Prepares poses exactly as the released code does, including its bugs.
  package var asReleased = false

  package init() {}

  /// Frames loaded per window, including the context on both sides.
  package var loadedFrames: Int { frames + 2 * context }
}

/// Which window or windows of a recording to load.
package enum ClipDraw: Hashable, Sendable {
  /// One random window, varied as the augmentation says; the same seed gives the same window.
  case random(seed: UInt64)
  case centre
  case windows(WindowScheme)
}

/// One window of a recording, ready for a network.
package struct LoadedClip: Sendable {
  package var clip: Clip
  /// The video frames of the window and its context.
  package var frameIndices: [Int]
  /// [T + 2 · context, size, size, 3] bytes of RGB; empty if no video was loaded.
  package var pixels: [UInt8]
  /// [3, T', V, M] for the whole recording; empty if not loaded.
  package var pose: [Float]
  /// [3, T, V, M] at the window's own frames; empty if not loaded.
  package var windowPose: [Float]
}

/// Loads windows of recordings: decodes, samples and prepares them exactly as the daemon does with camera frames.
package struct ClipLoader: Sendable {
  package let options: ClipOptions
  package let graph: SkeletonGraph
  private let preparation: PosePreparation
  private let cache: RecordingCache?

  /// - Parameters:
  ///   - options: how recordings are turned into input.
  ///   - graph: the skeleton files' joints.
  ///   - cache: keeps the recordings it planned for; `nil` reads files every time.
  package init(_ options: ClipOptions, graph: SkeletonGraph, cache: RecordingCache? = nil) {
    self.options = options
    self.cache = cache
    self.graph = graph
    preparation = PosePreparation(
      frames: options.poseFrames ?? PosePreparation.publishedFrames(graph), asReleased: options.asReleased,
      stride: options.poseStride)
  }

  /// - Parameters:
  ///   - clip: a recording.
  ///   - draw: which windows to load.
  /// - Returns: one clip per window.
  /// - Throws: `DatasetError` that names the file and its problem.
  package func load(_ clip: Clip, _ draw: ClipDraw) throws(DatasetError) -> [LoadedClip] {
    let variation: ClipVariation? =
      if case .random(let seed) = draw, options.augmentation != ClipAugmentation() {
        ClipVariation(options.augmentation, seed: seed)
      } else {
        nil
      }
    let skeleton = try skeleton(of: clip)
    let poses = try prepared(clip, skeleton?.poses, draw, variation)
    guard options.content.contains(.video) else {
      let count = max(poses?.frameCount ?? 1, 1)
      let part = try clip.frames(of: count, rate: poseRate(of: clip))
      return layout(count, part, draw, variation).map { loaded(clip, $0, [], poses) }
    }
    guard let path = clip.video else { throw .incomplete(clip: clip.name, lacks: "video") }
    func windows(_ count: Int, _ rate: Double) throws(DatasetError) -> WindowCutter {
      let part = try clip.frames(of: count, rate: rate)
      let boxes: WindowCutter.Boxes? =
        options.region == .scene
        ? nil
        : { picture throws(DatasetError) in try track(of: clip, skeleton, picture: picture, rate: rate, part: part) }
      return WindowCutter(layout(count, part, draw, variation), options.preprocessing, variation, boxes: boxes)
    }
    let video = try RecordedVideo(path, isTimed: clip.part != nil)
    let kept = try cache?.video(clip) { () throws(DatasetError) in
      try video.decoded(asWorkingPictures: options.region == .person)
    }
    let cutter = if let kept { try video.read(kept, windows) } else { try video.read(windows) }
    return cutter.windows.indices.map { loaded(clip, cutter.windows[$0], cutter.pixels(of: $0), poses) }
  }

  /// The skeleton file, if poses are wanted or the person is located by it.
  private func skeleton(of clip: Clip) throws(DatasetError) -> SkeletonFile.Contents? {
    let needsPoses = !options.content.isDisjoint(with: [.pose, .windowPose])
    let givesBoxes = options.region == .person && options.boxes == nil && options.content.contains(.video)
    guard needsPoses || (givesBoxes && clip.skeleton != nil) else { return nil }
    guard let path = clip.skeleton else {
      throw .incomplete(clip: clip.name, lacks: "skeleton file")
    }
    func parse() throws(DatasetError) -> SkeletonFile.Contents { try SkeletonFile.contents(path, graph) }
    return if let cache { try cache.skeleton(clip, parse: parse) } else { try parse() }
  }

  /// Where the person in a recording is; `nil` if nobody was found.
  private func track(
    of clip: Clip, _ skeleton: SkeletonFile.Contents?, picture: FrameSize, rate: Double, part: Range<Int>?
  ) throws(DatasetError) -> BoxTrack? {
    guard let folder = options.boxes else {
      return skeleton.flatMap { BoxTrack($0, video: picture, framesPerSecond: rate, part: part) }
    }
    let file = try BoxesFile(path: BoxesFile.path(folder: folder, name: clip.recording))
    return file.track(framesPerSecond: rate, part: part)
  }

  private func loaded(_ clip: Clip, _ window: [Int], _ pixels: [UInt8], _ poses: PosePreparation.Prepared?)
    -> LoadedClip
  {
    let own = Array(window.dropFirst(options.context).dropLast(options.context))
    return LoadedClip(
      clip: clip, frameIndices: window, pixels: pixels,
      pose: options.content.contains(.pose) ? poses?.whole ?? [] : [],
      windowPose: options.content.contains(.windowPose) ? poses?.window(own) ?? [] : [])
  }

  private func layout(_ count: Int, _ part: Range<Int>?, _ draw: ClipDraw, _ variation: ClipVariation?) -> [[Int]] {
    let sampling = ClipSampling(frames: options.frames, stride: options.stride)
    let windows = layout(sampling, count, part, draw, variation)
    return options.context == 0 ? windows : windows.map { sampling.surrounded($0, by: options.context, count: count) }
  }

  private func layout(
    _ sampling: ClipSampling, _ count: Int, _ part: Range<Int>?, _ draw: ClipDraw, _ variation: ClipVariation?
  ) -> [[Int]] {
    func one(_ draw: Double, speed: Double = 1) -> [[Int]] {
      guard let part else { return [sampling.indices(count: count, draw: draw, speed: speed)] }
      return [sampling.indices(around: part, count: count, draw: draw, speed: speed)]
    }
    switch draw {
    case .random(let seed):
      var random = SplitMix64(seed: seed)
      // 53 bits, so that the result is always below 1.
      return one(Double(random.next() >> 11) * 0x1p-53, speed: variation?.speed ?? 1)
    case .centre: return one(0.5)
    case .windows(let scheme):
      guard let part else { return sampling.windows(count: count, scheme) }
      return sampling.windows(around: part, count: count, scheme)
    }
  }

  /// Frames per second of a recording's poses: the video's, because there is one pose per video frame.
  private func poseRate(of clip: Clip) throws(DatasetError) -> Double {
    guard clip.part != nil, let video = clip.video else { return RecordedVideo.usualRate }
    return try RecordedVideo(video).information().rate
  }

  private func prepared(_ clip: Clip, _ track: PoseTrack?, _ draw: ClipDraw, _ variation: ClipVariation?)
    throws(DatasetError) -> PosePreparation.Prepared?
  {
    guard !options.content.isDisjoint(with: [.pose, .windowPose]), let track else { return nil }
    let part = try clip.frames(of: track.frameCount, rate: poseRate(of: clip), in: clip.skeleton)
    try (part.map(track.frames) ?? track).requireSomebody(path: clip.skeleton ?? clip.name)
    guard case .random(let seed) = draw else { return preparation.prepare(track, part: part, jitter: 0) }
    var random = SplitMix64(seed: ~seed)
    let jitter = Int(random.next() % 11)
    let poses = variation.map { variation in
      PoseVariation(
        options.augmentation.pose, joints: graph.jointCount, isMirrored: variation.isMirrored, speed: variation.speed,
        seed: seed)
    }
    return preparation.prepare(track, part: part, jitter: jitter, variation: poses)
  }
}
