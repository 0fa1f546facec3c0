import Foundation
import Networks
import Video

@testable import Datasets
@testable import Evaluation

extension FuzzTarget {
  /// Skeletons, boxes and lists, from data sets and from `adl-train`.
  static var skeletonReaders: [Reader] {
    [
      { try prepare(NTUSkeletonText.parse(Data($0))) },
      { try prepare(SmarthomePoses.parse(Data($0))) },
      { try prepare(SkeletonFile.Contents(poses: KinectPoses.parse(Data($0)))) },
      // One file per frame.
      { bytes in
        var track = PoseTrack(graph: .kinect20, slots: 1)
        KinectPoses.append(frame: Data(bytes), to: &track)
        guard track.damagedFrames == 0 else { throw Refused() }
        prepare(SkeletonFile.Contents(poses: track))
      },
      { bytes in
        try InputFile.with(bytes) { path in
          let boxes = try BoxesFile(path: path)
          let picture = FrameSize(width: 640, height: 480)
          _ = boxes.track(framesPerSecond: 30).square(upTo: 30, in: picture)
          _ = boxes.track(framesPerSecond: 30, part: 0..<10).square(upTo: 10, in: picture)
        }
      },
      { bytes in
        try InputFile.with(bytes, suffix: ".csv") { path in
          _ = try ManifestSubset().list(of: path)
          _ = try Manifest.open(DatasetOptions(kind: .manifest, videos: "", manifest: path))
        }
      },
      { try InputFile.with($0) { _ = try ScoreFile.read($0) } },
      { try InputFile.with($0) { _ = try CSVTable.read($0) } },
      { bytes in
        let truth = try StreamTruth(csv: String(decoding: bytes, as: UTF8.self), path: "truth.csv")
        _ = (truth.known, truth.quiet, truth.label(during: 1...2))
      },
    ]
  }

  /// What is computed from a skeleton file as soon as it is read.
  private static func prepare(_ contents: SkeletonFile.Contents) {
    let video = FrameSize(width: 640, height: 480)
    if let boxes = BoxTrack(contents, video: video, framesPerSecond: 30) { _ = boxes.square(upTo: 20, in: video) }
    for asReleased in [false, true] {
      _ = PosePreparation(frames: 4, asReleased: asReleased).prepare(contents.poses, jitter: 1).window([0, 1])
    }
    _ = PosePreparation(frames: 4, asReleased: false).prepare(contents.poses.mirrored(), jitter: 0)
  }
}
