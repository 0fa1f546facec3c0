import Basics
import Capture
import Datasets
import Foundation
import Networks
import TestSupport
import Testing
import Video

@testable import Synthesis

extension TemporaryFolder {
  /// All files by name.
  fileprivate func files() throws -> [String: Data] {
    try Dictionary(uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: file($0)))) })
  }
}

/// A joint of the first body.
private func point(_ track: PoseTrack, _ frame: Int, _ joint: Int) -> SIMD3<Float> {
  let body = Array(track.body(frame, 0))
  return SIMD3(body[3 * joint], body[3 * joint + 1], body[3 * joint + 2])
}

@Suite struct `Rendered data sets` {
  private func options(_ folder: TemporaryFolder, clips: Int, seed: UInt64 = 5) -> SyntheticOptions {
    var options = SyntheticOptions(folder: folder.path, clips: clips, seed: seed)
    options.size = FrameSize(width: 64, height: 48)
    return options
  }

  private func write(_ options: SyntheticOptions) throws { try SyntheticDataset(options).write { _, _, _ in true } }

  @Test func `rendered data sets are byte-identical for the same seed, whatever the number of workers`() throws {
    let (one, three, other) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
    var alone = options(one, clips: 3)
    alone.workers = 1
    var together = options(three, clips: 3)
    together.workers = 3
    try write(alone)
    try write(together)
    try write(options(other, clips: 3, seed: 6))
    let (a, b, c) = (try one.files(), try three.files(), try other.files())
    #expect(a == b)
    #expect(a.count == 8)
    #expect(a.keys.filter { $0.hasSuffix(".avi") }.allSatisfy { c[$0] != a[$0] })
  }

  @Test func `rendered data sets open as data sets whose protocols separate people and cameras`() throws {
    let folder = try TemporaryFolder()
    try write(options(folder, clips: 12))
    for split in SyntheticDataset.Split.allCases {
      let asked = DatasetOptions(
        kind: .manifest, videos: "", manifest: "\(folder.path)/\(split.rawValue).csv")
      let dataset = try Dataset.open(asked)
      #expect(dataset.skeletonGraph == .ntu25)
      #expect(Partition.allCases.map { dataset.clips($0).count }.reduce(0, +) == 12)
      let report = DatasetCheck.run(dataset, workers: 1) { _, _ in }
      #expect(report.broken.isEmpty)
    }
    // The lists of a whole set do not require the files.
    let whole = SyntheticDataset(SyntheticOptions(folder: folder.path, clips: 1200, seed: 1))
    func people(_ split: SyntheticDataset.Split, _ partition: String) -> (subjects: Set<String>, cameras: Set<String>) {
      let rows = whole.list(split).split(separator: "\n").dropFirst().map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      let chosen = rows.filter { $0[5] == partition }
      return (Set(chosen.map { $0[3] }), Set(chosen.map { $0[4] }))
    }
    #expect(people(.subjects, "train").subjects.isDisjoint(with: people(.subjects, "test").subjects))
    #expect(people(.subjects, "train").subjects.count == 11 && people(.subjects, "test").subjects.count == 7)
    #expect(people(.views, "train").cameras == ["2", "3"] && people(.views, "test").cameras == ["1"])
    #expect(people(.views, "validation").subjects.isDisjoint(with: people(.views, "train").subjects))
    let labels = whole.list(.subjects).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false)[2]
    }
    #expect(Set(labels.map { label in labels.count { $0 == label } }) == [60])
    #expect(Set(whole.motions.map { whole.name($0, camera: 1) }).count == 400)
  }

  @Test func `rendered poses without noise are the body's, in the camera's space`() throws {
    let folder = try TemporaryFolder()
    var asked = options(folder, clips: 3)
    asked.poseNoise = 0
    try write(asked)
    let dataset = SyntheticDataset(asked)
    let motion = dataset.motions[0]
    let take = dataset.take(motion)
    for camera in 0..<3 {
      let track = try SkeletonFile.read("\(folder.path)/\(dataset.name(motion, camera: camera + 1)).skeleton", .ntu25)
      #expect(track.frameCount == take.frameCount)
      let view = dataset.rig(motion).views[camera]
      for frame in [0, take.frameCount / 2, take.frameCount - 1] {
        let body = take.people[0].performance.skeleton(at: Float(frame) / Float(Take.rate))
        let truth = body.joints.map { view.seen($0) }
        for (joint, place) in truth.enumerated() {
          let read = point(track, frame, joint)
          // A tracker's x increases to the camera's left; the file has four digits.
          #expect((read - SIMD3(-place.x, place.y, place.z)).length < 2e-4)
        }
      }
    }
  }

  @Test func `rendered names and poses in Smarthome's format are read as Smarthome's`() throws {
    let folder = try TemporaryFolder()
    var asked = options(folder, clips: 6)
    asked.naming = .smarthome
    asked.poseNoise = 0
    try write(asked)
    let dataset = SyntheticDataset(asked)
    let names = try folder.files().keys
    #expect(names.contains("Drink.Fromcup_p03_r01_v06_c01.mp4"))
    let motion = dataset.motions[0]
    let track = try SkeletonFile.read("\(folder.path)/\(dataset.name(motion, camera: 2))_pose3d.json", .smarthome15)
    let view = dataset.rig(motion).views[1]
    let truth = dataset.take(motion).people[0].performance.skeleton(at: 0)
    // The head is the first joint of Smarthome's graph, the left wrist the sixth; y increases downwards.
    for (joint, place) in [(0, truth[.head]), (5, truth[.leftWrist])] {
      let seen = view.seen(place)
      #expect((point(track, 0, joint) - SIMD3(-seen.x, -seen.y, seen.z)).length < 2e-4)
    }
  }

  @Test func `rendered data sets show the person where the skeleton says`() throws {
    let dataset = SyntheticDataset(SyntheticOptions(folder: "", clips: 60, seed: 9))
    let size = FrameSize(width: 160, height: 120)
    for motion in [0, 4, 9, 15].map({ dataset.motions[$0] }) {
      let take = dataset.take(motion)
      let rig = dataset.rig(motion)
      for camera in 0..<3 {
        let view = rig.views[camera]
        var canvas = Canvas(width: size.width, height: size.height, view: view, lighting: take.room.lighting)
        let empty = canvas
        let skeleton = take.people[0].performance.skeleton(at: 0.5)
        Figure.draw(skeleton, take.people[0].performance.manner.body, take.people[0].looks, on: &canvas)
        for joint in skeleton.joints {
          let seen = view.seen(joint)
          let x = Int(80 + view.focal * 120 * seen.x / seen.z)
          let y = Int(60 - view.focal * 120 * seen.y / seen.z)
          guard (0..<size.width).contains(x), (0..<size.height).contains(y) else { continue }
          let pixel = y * size.width + x
          #expect(canvas.depths[pixel] < empty.depths[pixel])
          // The surface is in front of the joint, but by no more than a body's width.
          #expect(canvas.depths[pixel] < seen.z + 0.06 && canvas.depths[pixel] > seen.z - 1)
        }
      }
    }
  }

  @Test func `a rendered stream tells what is done when, and everything is done`() {
    let dataset = SyntheticDataset(SyntheticOptions(folder: "", clips: 3, seed: 1))
    let stream = SyntheticStream(seconds: 600, dataset: dataset, subjects: [21], seed: 4)
    let truths = stream.truths
    #expect(stream.frameCount >= 600 * Take.rate)
    #expect(Set(truths.map(\.action)) == Set(SyntheticAction.allCases))
    #expect(truths.allSatisfy { $0.end - $0.begin > 0.5 && $0.end - $0.begin < 20 })
    #expect(zip(truths, truths.dropFirst()).allSatisfy { $0.end <= $1.begin + 1e-3 })
  }

  @Test func `a rendered stream contains the requested activities and what leads to them, at any rate`() {
    let dataset = SyntheticDataset(SyntheticOptions(folder: "", clips: 3, seed: 1))
    func stream(_ rate: Int) -> SyntheticStream {
      SyntheticStream(seconds: 120, of: [.drink, .fall], dataset: dataset, subjects: [1001], rate: rate, seed: 4)
    }
    let (slow, fast) = (stream(10), stream(60))
    #expect(slow.truths == fast.truths)
    #expect((fast.frameCount - 5...fast.frameCount).contains(slow.frameCount * 6))
    let counts = Dictionary(grouping: slow.truths, by: \.action).mapValues(\.count)
    #expect((counts[.drink] ?? 0) > 3 && (counts[.fall] ?? 0) > 3)
    #expect(Set(counts.keys).isSubset(of: [.drink, .fall, .idle, .getUp, .sitDown, .standUp, .walk]))
  }

  @Test(arguments: [20, 25, 41, 50, 60, 100, 106])
  func `rendered data sets include everyone in turn, in enough rooms`(people: Int) {
    var options = SyntheticOptions(folder: "", clips: people * SyntheticAction.allCases.count * 3, seed: 1)
    options.subjects = people
    let motions = SyntheticDataset(options).motions
    for of in Dictionary(grouping: motions, by: \.action).values {
      #expect(of.map(\.subject).sorted() == Array(1...people))
    }
    for of in Dictionary(grouping: motions, by: \.subject).values { #expect(Set(of.map(\.setup)).count == 1) }
    #expect(Set(motions.map(\.setup)) == Set(1...people * 3 / 5))
  }

  @Test(arguments: [60, 75, 80, 106])
  func `rendered data sets test at least twenty people, and have every activity in each partition`(people: Int) {
    var options = SyntheticOptions(folder: "", clips: 3000, seed: 1)
    options.subjects = people
    let rows = SyntheticDataset(options).list(.subjects).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let parts = Dictionary(grouping: rows) { $0[5] }
    #expect(Set(parts["test"]?.map { $0[3] } ?? []).count >= 20)
    #expect(Set(parts["train"]?.map { $0[3] } ?? []).count >= 20)
    for part in ["train", "validation", "test"] {
      #expect(Set(parts[part]?.map { $0[2] } ?? []).count == SyntheticAction.allCases.count, "\(part)")
    }
  }

  @Test func `every rendered person has an individual body, clothes and manner`() {
    var options = SyntheticOptions(folder: "", clips: 106 * 60, seed: 1)
    options.subjects = 106
    let dataset = SyntheticDataset(options)
    let people = Dictionary(grouping: dataset.motions, by: \.subject).values.compactMap(\.first).map { motion in
      dataset.take(motion).people[0]
    }
    #expect(people.count == 106)
    #expect(Set(people.map { "\($0.performance.manner)" }).count == 106)
    #expect(Set(people.map { "\($0.looks)" }).count == 106)
    let rooms = Set(
      (1...63).map { setup in
        dataset.motions.first { $0.setup == setup }.map { "\(dataset.take($0).room)" } ?? ""
      })
    #expect(rooms.count == 63)
  }

  @Test func `the error for a data set's folder that cannot be written names it`() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("")
    var options = options(folder, clips: 3)
    options.folder = file
    let error = #expect(throws: CaptureError.self) {
      try SyntheticDataset(options).write { _, _, _ in true }
    }
    #expect(error?.description.hasPrefix("cannot write \(file): ") == true)
  }
}

@Suite struct `Picture noise` {
  /// Noise repeated with an offset would be a motion that every network sees.
  @Test func `rendered pictures never repeat their noise`() {
    var random = PlaceRandom(seed: 1, stream: 0)
    let (a, b) = (Film(&random), Film(&random))
    let view = Viewpoint(place: SIMD3(0, 1, 3), target: .zero, tilt: 0, focal: 1)
    let lighting = Lighting(lamp: SIMD3(0, 2, 0), lampColor: .one, ambient: .one)
    let canvas = Canvas(width: 64, height: 48, view: view, lighting: lighting)
    func grain(_ film: Film, _ frame: Int) -> [UInt8] {
      var pixels: [UInt8] = []
      film.expose(canvas, exposure: 1, frame: frame, into: &pixels)
      return pixels
    }
    let first = grain(a, 0)
    for other in [grain(a, 1), grain(a, 2), grain(b, 0)] {
      for shift in -2...2 {
        let pairs = (6..<first.count - 6).map { (first[$0], other[$0 + 3 * shift]) }
        #expect(pairs.count { $0 == $1 } < pairs.count / 3, "moved by \(shift)")
      }
    }
  }
}

@Suite struct `Pose noise` {
  private let skeleton: Skeleton
  private let view = Viewpoint(place: SIMD3(0, 1.6, 3.2), target: SIMD3(0, 0.8, 0), tilt: 0, focal: 1.2)
  private let stage: Stage

  init() {
    var random = PlaceRandom(seed: 3, stream: 1)
    stage = Stage(&random)
    let choreography = Choreography(
      stage: stage, manner: Manner(&random), random: random, situation: .standing, first: .idle)
    skeleton = choreography.finished().skeleton(at: 0)
  }

  /// Mean distance of visible joints from the truth, and the fraction of frames without a body.
  private func observe(_ factor: Float) -> (error: Float, lost: Float) {
    var (sum, count, lost): (Float, Float, Float) = (0, 0, 0)
    for seed in UInt64(0)..<20 {
      var noise = PoseNoise(factor: factor, random: PlaceRandom(seed: seed, stream: 0))
      for _ in 0..<200 {
        guard let body = noise.observe(skeleton, view, stage).first, body.count == 25, body[3].tracking == 2 else {
          lost += 1
          continue
        }
        let truth = view.seen(skeleton[.head])
        sum += (body[3].place - SIMD3(-truth.x, truth.y, truth.z)).length
        count += 1
      }
    }
    return (sum / count, lost / 4000)
  }

  @Test func `pose noise is zero at 0, a centimetre or two at 1, and grows with its factor`() {
    let (none, one, four) = (observe(0), observe(1), observe(4))
    #expect(none.error < 1e-6 && none.lost == 0)
    #expect((0.01...0.03).contains(one.error))
    #expect(abs(four.error / one.error - 4) < 1)
    #expect(one.lost > 0 && one.lost < 0.1 && four.lost > one.lost)
  }

  @Test func `a rendered recording of an empty room has no body`() {
    var noise = PoseNoise(factor: 0, random: PlaceRandom(seed: 1, stream: 0))
    #expect(noise.observe(nil, view, stage).isEmpty)
  }
}
