import Capture
import Foundation
package import Networks
package import Video

/// What of a recording is to be loaded.
package struct ClipContent: OptionSet, Hashable, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  package static let video = ClipContent(rawValue: 1)
  /// Poses of the whole recording.
  package static let pose = ClipContent(rawValue: 2)
  /// Poses at the window's frames.
  package static let windowPose = ClipContent(rawValue: 4)
}

/// How recordings become a network's input.
package struct ClipOptions: Hashable, Sendable {
  /// Frames of a window.
  package var frames = 64
  /// Video frames from one frame of a window to the next; `nil` for the papers' rule.
  package var stride: Int?
  package var preprocessing = ClipPreprocessing()
  package var content: ClipContent = .video
  /// Frames of a whole recording's poses; `nil` for the published number.
  package var poseFrames: Int?
  /// Frames of a Kinect recording from one of the whole recording's poses to the next.
  package var poseStride = 1
  /// Pose pre-processing with its released faults.
  package var asReleased = false

  package init() {}
}

/// Which window, or windows, of a recording.
package enum ClipDraw: Hashable, Sendable {
  /// One by chance; the same seed gives the same.
  case random(seed: UInt64)
  case centre
  case windows(WindowScheme)
}

/// One window of a recording, ready for a network.
package struct LoadedClip: Sendable {
  package var clip: Clip
  /// Video frames the window shows.
  package var frameIndices: [Int]
  /// [T, size, size, 3] bytes of RGB; empty without video.
  package var pixels: [UInt8]
  /// [3, T', V, M] of the whole recording; empty without.
  package var pose: [Float]
  /// [3, T, V, M] at `frameIndices`; empty without.
  package var windowPose: [Float]
}

/// Loads windows of recordings: decodes, samples, prepares, exactly as the daemon does its cameras.
package struct ClipLoader: Sendable {
  package let options: ClipOptions
  package let graph: SkeletonGraph
  private let preparation: PosePreparation

  package init(_ options: ClipOptions, graph: SkeletonGraph) {
    self.options = options
    self.graph = graph
    preparation = PosePreparation(
      frames: options.poseFrames ?? PosePreparation.publishedFrames(graph), asReleased: options.asReleased,
      stride: options.poseStride)
  }

  /// - Parameters:
  ///   - clip: a recording.
  ///   - draw: which windows.
  /// - Returns: one clip a window.
  /// - Throws: `DatasetError` naming the file and what is wrong with it.
  package func load(_ clip: Clip, _ draw: ClipDraw) throws(DatasetError) -> [LoadedClip] {
    let poses = try prepared(clip, draw)
    guard options.content.contains(.video) else {
      let count = poses?.frameCount ?? 1
      return layout(max(count, 1), draw).map { loaded(clip, $0, [], poses) }
    }
    guard let path = clip.video else { throw .missing(path: clip.name, purpose: "the recording has no video") }
    let video = try RecordedVideo(path, options.preprocessing)
    let (windows, pictures) = try video.read { layout($0, draw) }
    return windows.map { window in
      var pixels: [UInt8] = []
      pixels.reserveCapacity(window.count * options.preprocessing.byteCount)
      for index in window { pixels += pictures[index] ?? [] }
      return loaded(clip, window, pixels, poses)
    }
  }

  private func loaded(_ clip: Clip, _ window: [Int], _ pixels: [UInt8], _ poses: PosePreparation.Prepared?)
    -> LoadedClip
  {
    LoadedClip(
      clip: clip, frameIndices: window, pixels: pixels,
      pose: options.content.contains(.pose) ? poses?.whole ?? [] : [],
      windowPose: options.content.contains(.windowPose) ? poses?.window(window) ?? [] : [])
  }

  private func layout(_ count: Int, _ draw: ClipDraw) -> [[Int]] {
    let sampling = ClipSampling(frames: options.frames, stride: options.stride)
    return switch draw {
    case .random(let seed):
      // 53 bits make every double below 1.
      [sampling.indices(count: count, draw: Double(mixed(seed) >> 11) * 0x1p-53)]
    case .centre: [sampling.indices(count: count, draw: 0.5)]
    case .windows(let scheme): sampling.windows(count: count, scheme)
    }
  }

  private func prepared(_ clip: Clip, _ draw: ClipDraw) throws(DatasetError) -> PosePreparation.Prepared? {
    guard !options.content.isDisjoint(with: [.pose, .windowPose]) else { return nil }
    guard let path = clip.skeleton else {
      throw .missing(path: clip.name, purpose: "the recording has no skeleton file")
    }
    let track = try SkeletonFile.read(path, graph)
    guard (0..<track.frameCount).contains(where: { frame in (0..<track.slots).contains { !track.isEmpty(frame, $0) } })
    else { throw .unreadable(path: path, reason: "nobody is in any of its \(track.frameCount) frames") }
    let jitter = if case .random(let seed) = draw { Int(mixed(~seed) % 11) } else { 0 }
    return preparation.prepare(track, jitter: jitter)
  }

  /// SplitMix64's finaliser.
  private func mixed(_ seed: UInt64) -> UInt64 {
    var z = seed &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
