import Foundation
import Synchronization
import Video

/// Reads a whole data set once, before training spends hours on it.
package struct DatasetCheck: Sendable {
  /// What the check found.
  package struct Report: Sendable, CustomStringConvertible {
    package var dataset: Dataset
    /// Number of clips read.
    package var clips: Int
    /// Clips that cannot be read, each with its reason.
    package var broken: [(name: String, reason: String)]
    /// Clips whose videos and poses differ in length by more than two frames.
    package var unequal: [(name: String, videoFrames: Int, poseFrames: Int)]
    /// Clips with frames in which a body was left out because its numbers were unusable.
    package var damaged: [(name: String, frames: Int, of: Int)]
    /// Videos with fewer frames than their headers declare.
    package var shorter: [(name: String, frames: Int, of: Int)]

    /// How many names to list for each kind of problem.
    private static let shown = 20

    package var description: String {
      let inventory = dataset.inventory
      var lines = ["\(dataset.name), \(dataset.protocolName): \(clips) clips"]
      let width = dataset.labels.map(\.count).max() ?? 0
      lines.append("class".padding(toLength: width, withPad: " ", startingAt: 0) + "   train  validation  test")
      for (index, label) in dataset.labels.enumerated() {
        let counts = Partition.allCases.map { inventory.counts[$0]?[index] ?? 0 }
        lines.append(
          label.padding(toLength: width, withPad: " ", startingAt: 0)
            + zip(counts, [8, 12, 6]).map { column(String($0), $1) }.joined())
      }
      let totals = Partition.allCases.map { inventory.counts[$0]?.reduce(0, +) ?? 0 }
      lines.append(
        "all".padding(toLength: width, withPad: " ", startingAt: 0)
          + zip(totals, [8, 12, 6]).map { column(String($0), $1) }.joined())
      func list(_ title: String, _ names: [String]) {
        guard !names.isEmpty else { return }
        lines.append("\(title): \(names.count)")
        lines += names.prefix(Self.shown).map { "  " + $0 }
        if names.count > Self.shown { lines.append("  and \(names.count - Self.shown) more") }
      }
      list("clips without poses", inventory.withoutPoses)
      list("clips without video", inventory.withoutVideo)
      list("clips excluded by the data set's authors", inventory.dropped)
      list("files that match no clip", inventory.foreign)
      list(
        "clips whose video and poses differ in length",
        unequal.map { "\($0.name): \($0.videoFrames) and \($0.poseFrames) frames" })
      list(
        "clips with bodies left out because of unusable numbers",
        damaged.map { "\($0.name): \($0.frames) of \($0.of) frames" })
      list(
        "videos shorter than their headers say, perhaps cut off",
        shorter.map { "\($0.name): \($0.frames) of \($0.of) frames" })
      list("clips that cannot be read", broken.map { "\($0.name): \($0.reason)" })
      if broken.isEmpty { lines.append("every file can be read") }
      return lines.joined(separator: "\n")
    }

    private func column(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
  }

  /// - Parameters:
  ///   - dataset: the data set to read.
  ///   - workers: number of threads.
  ///   - progress: called after each recording with the number done, from any thread.
  /// - Returns: what was found.
  package static func run(_ dataset: Dataset, workers: Int, progress: @Sendable (Int, Int) -> Void = { _, _ in })
    -> Report
  {
    let clips = Partition.allCases.flatMap(dataset.clips)
    let recordings = clips.onePerRecording
    let parts = Dictionary(grouping: clips, by: \.recording)
    struct Found {
      var next = 0
      var done = 0
      var broken: [(name: String, reason: String)] = []
      var unequal: [(name: String, videoFrames: Int, poseFrames: Int)] = []
      var damaged: [(name: String, frames: Int, of: Int)] = []
      var shorter: [(name: String, frames: Int, of: Int)] = []
    }
    let found = Mutex(Found())
    DispatchQueue.concurrentPerform(iterations: max(1, workers)) { _ in
      while true {
        let index = found.withLock { state in
          state.next += 1
          return state.next - 1
        }
        guard index < recordings.count else { return }
        let clip = recordings[index]
        var reasons: [(name: String, reason: String)] = []
        var promise: (Int, Int)?
        var lengths: (Int, Int)?
        var damage: (Int, Int)?
        do throws(DatasetError) {
          let poses = try clip.skeleton.map { path throws(DatasetError) in
            try SkeletonFile.read(path, dataset.skeletonGraph)
          }
          let clips = parts[clip.recording] ?? []
          let isTimed = clips.contains { $0.part != nil }
          let video = try clip.video.map { path throws(DatasetError) in try RecordedVideo(path, isTimed: isTimed) }
          let frames = try video?.countFrames()
          let header = try video?.information()
          if let frames, let announced = header?.count, announced - frames > max(5, announced / 20) {
            promise = (frames, announced)
          }
          for part in clips {
            do throws(DatasetError) {
              try part.check(frames ?? poses?.frameCount ?? 0, rate: header?.rate ?? RecordedVideo.usualRate, poses)
            } catch {
              reasons.append((part.name, "\(error)"))
            }
          }
          if let poses, poses.damagedFrames > 0 { damage = (poses.damagedFrames, poses.frameCount) }
          if let poses, let frames, abs(poses.frameCount - frames) > 2 { lengths = (frames, poses.frameCount) }
        } catch {
          reasons.append((clip.recording, "\(error)"))
        }
        let done = found.withLock { state in
          state.broken += reasons
          if let promise { state.shorter.append((clip.recording, promise.0, promise.1)) }
          if let damage { state.damaged.append((clip.recording, damage.0, damage.1)) }
          if let lengths { state.unequal.append((clip.recording, lengths.0, lengths.1)) }
          state.done += 1
          return state.done
        }
        progress(done, recordings.count)
      }
    }
    return found.withLock { state in
      Report(
        dataset: dataset, clips: clips.count, broken: state.broken.sorted { $0.name < $1.name },
        unequal: state.unequal.sorted { $0.name < $1.name }, damaged: state.damaged.sorted { $0.name < $1.name },
        shorter: state.shorter.sorted { $0.name < $1.name })
    }
  }
}

extension Clip {
  /// Throws if training would skip this clip.
  ///
  /// - Parameters:
  ///   - count: number of frames of the recording.
  ///   - rate: frames per second.
  ///   - poses: the recording's poses.
  /// - Throws: `DatasetError` that names the file.
  fileprivate func check(_ count: Int, rate: Double, _ poses: PoseTrack?) throws(DatasetError) {
    _ = try frames(of: count, rate: rate)
    let length = Double(count) / rate
    // The times may have been rounded when they were written down.
    if let end = part?.upperBound, end > length + 1 {
      throw .unreadable(
        path: video ?? skeleton ?? name,
        reason: "\(name) ends at \(end) s, and the recording is \(String(format: "%.2f", length)) s long")
    }
    guard let poses, let skeleton else { return }
    let range = try frames(of: poses.frameCount, rate: rate, in: skeleton)
    try (range.map(poses.frames) ?? poses).requireSomebody(path: skeleton)
  }
}
