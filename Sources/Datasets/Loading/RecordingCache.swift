import Foundation
import Networks
import Synchronization
import Video

/// Keeps decoded recordings in memory, within a budget, for all epochs, partitions and threads.
///
/// It keeps what does not depend on random draws: a recording's frames as decoded or as the working pictures from which
/// people are cut, whichever is smaller, and its parsed skeleton file. Which recordings to keep is decided before the
/// first is read, and a kept recording is never evicted, because every epoch uses every recording once.
package final class RecordingCache: Sendable {
  /// What will be kept, estimated from the files' headers.
  package struct Plan: Equatable, Sendable {
    package var kept: Int
    package var recordings: Int
    package var bytes: Int
    package var budget: Int
  }

  private struct State {
    var bytes = 0
    var videos: [String: DecodedRecording] = [:]
    var skeletons: [String: SkeletonFile.Contents] = [:]
  }

  package let plan: Plan
  private let names: Set<String>
  private let state = Mutex(State())

  /// Plans recordings in order, until the budget is used up.
  ///
  /// - Parameters:
  ///   - clips: the recordings, most important first.
  ///   - options: what is loaded from them.
  ///   - budget: size in bytes.
  package init(_ clips: [Clip], _ options: ClipOptions, budget: Int) {
    var plan = Plan(kept: 0, recordings: Set(clips.map(\.recording)).count, bytes: 0, budget: budget)
    var names: Set<String> = []
    for clip in clips where !names.contains(clip.recording) {
      let bytes = Self.estimate(clip, options)
      // Files beyond the budget are not even opened.
      guard plan.bytes + bytes <= budget else { break }
      plan.bytes += bytes
      plan.kept += 1
      names.insert(clip.recording)
    }
    self.plan = plan
    self.names = names
  }

  /// Bytes used by recordings so far.
  package var bytes: Int { state.withLock { $0.bytes } }

  /// What a recording will take, judging by its files; the minimum if they do not say.
  private static func estimate(_ clip: Clip, _ options: ClipOptions) -> Int {
    var bytes = 0
    if options.content.contains(.video), let path = clip.video,
      // An unreadable file takes nothing, and is reported when it is loaded.
      let recorded = try? RecordedVideo(path), let header = try? recorded.information(), let size = header.size
    {
      bytes += (header.count ?? 0) * DecodedRecording.bytesOfFrame(size, region: options.region)
    }
    return bytes
  }

  /// The decoded recording of a clip if the plan includes it; decoded on first use.
  ///
  /// - Parameters:
  ///   - clip: a recording.
  ///   - decode: called if the recording is not cached yet.
  /// - Returns: `nil` for a recording that is decoded each time.
  /// - Throws: what `decode` throws.
  func video(_ clip: Clip, decode: () throws(DatasetError) -> DecodedRecording) throws(DatasetError)
    -> DecodedRecording?
  {
    guard names.contains(clip.recording) else { return nil }
    return try kept(clip, in: \.videos, bytes: \.bytes, make: decode)
  }

  /// The parsed skeleton file of a clip; kept while there is room, even if the clip's video is decoded each time,
  /// because it is small.
  func skeleton(_ clip: Clip, parse: () throws(DatasetError) -> SkeletonFile.Contents) throws(DatasetError)
    -> SkeletonFile.Contents
  {
    try kept(clip, in: \.skeletons, bytes: \.bytes, make: parse)
  }

  /// The stored value of a clip, or the result of `make`, which is stored if the budget allows.
  private func kept<Value: Sendable>(
    _ clip: Clip, in store: any WritableKeyPath<State, [String: Value]> & Sendable, bytes: (Value) -> Int,
    make: () throws(DatasetError) -> Value
  ) throws(DatasetError) -> Value {
    if let kept = state.withLock({ $0[keyPath: store][clip.recording] }) { return kept }
    let made = try make()
    let size = bytes(made)
    state.withLock { state in
      guard state[keyPath: store][clip.recording] == nil, state.bytes + size <= plan.budget else { return }
      state[keyPath: store][clip.recording] = made
      state.bytes += size
    }
    return made
  }
}

extension SkeletonFile.Contents {
  fileprivate var bytes: Int {
    let places = places?.frames.joined().reduce(0) { $0 + $1.count } ?? 0
    return poses.values.count * MemoryLayout<Float>.stride + places * MemoryLayout<SIMD2<Float>>.stride
  }
}

/// A recording's frames as decoded, or as working pictures.
struct DecodedRecording: Sendable {
  /// Frames per second.
  var rate: Double
  /// Number of frames the file's header declares; there may be fewer.
  var announced: Int?
  var frames: [Frame] = []
  /// Size of the pictures before they were reduced to working pictures; `nil` for frames as decoded.
  var pictureSize: FrameSize?

  var bytes: Int { frames.reduce(0) { $0 + $1.bytes.count } }

  /// Expected bytes of one frame: usual formats use three bytes per two pixels.
  static func bytesOfFrame(_ size: FrameSize, region: ClipRegion) -> Int {
    let decoded = size.width * size.height * 3 / 2
    guard region == .person else { return decoded }
    let working = WorkingPicture().size(of: size)
    return min(decoded, working.width * working.height * 3)
  }
}
