import Basics
import Capture
import Datasets
import Foundation
import Synchronization
package import Video

/// Options for a rendered data set.
package struct SyntheticOptions: Equatable, Sendable {
  /// The data set whose file names and pose format to use.
  package enum Naming: Equatable, Sendable {
    /// `SsssCcccPpppRrrrAaaa_rgb.avi` and `.skeleton`.
    case ntu
    /// `Class_pNN_rNN_vNN_cNN.mp4` and `_pose3d.json`.
    case smarthome
  }

  package var folder: String
  /// Number of recordings; every motion gives three, one per camera.
  package var clips: Int
  package var seed: UInt64
  /// 20 to 106, the number in NTU RGB+D 120.
  package var subjects = 20
  package var naming = Naming.ntu
  package var size = FrameSize(width: 320, height: 240)
  package var poseNoise: Float = 1
  /// Writes only poses and lists; the videos are those of a data set with the same seed, in this folder relative to
  /// `folder`.
  package var videos: String?
  /// Number of recordings rendered at the same time.
  package var workers = 2

  package init(folder: String, clips: Int, seed: UInt64) {
    (self.folder, self.clips, self.seed) = (folder, clips, seed)
  }
}

/// One motion of a rendered data set: who does what, and where.
struct SyntheticMotion: Equatable, Sendable {
  var index: Int
  var action: SyntheticAction
  /// Counted from 1.
  var subject: Int
  var setup: Int
  var replication: Int
}

/// Rendered recordings of people doing daily activities, in the file formats of the real data sets.
///
/// Everything follows from the seed: the same options give the same bytes, whatever the number of workers.
package struct SyntheticDataset: Sendable {
  /// As in NTU RGB+D: 45°, front, side.
  package static let cameras = 3
  /// NTU training subjects used here to choose checkpoints and temperatures.
  static let validationSubjects: Set = [18, 19, 38, 58, 82, 97]
  /// MPEG-4's quantiser: blocks are visible, faces are not.
  package static let quantiser = 7

  package let options: SyntheticOptions
  let motions: [SyntheticMotion]

  package init(_ options: SyntheticOptions) {
    self.options = options
    let actions = SyntheticAction.allCases.filter { options.naming == .ntu || $0.smarthomeName != nil }
    let people = options.subjects
    let rounds = (options.clips + Self.cameras - 1) / Self.cameras / actions.count
    let step = Self.step(people: people, rounds: rounds, actions: actions.count)
    // Rooms with their cameras.
    let setups = people * 3 / 5
    let roomStep = Self.roomStep(setups)
    motions = (0..<(options.clips + Self.cameras - 1) / Self.cameras).map { index in
      let (round, action) = (index / actions.count, index % actions.count)
      // Every subject does everything once before any does it again.
      let subject = Self.subject(of: action, round: round, step: step, people: people)
      let repetition = round / people
      return SyntheticMotion(
        index: index, action: actions[action], subject: subject,
        // As in NTU RGB+D, a person does everything in one room and in the same clothes, and again on another day:
        // neither may reveal the activity.
        setup: (subject * roomStep + repetition / 2 * 7) % max(setups, repetition / 2 + 1) + 1,
        replication: repetition % 2 + 1)
    }
  }

  private static func subject(of action: Int, round: Int, step: Int, people: Int) -> Int {
    (round * step + action * 3) % people + 1
  }

  /// The step between subjects who do the same thing: it reaches everyone and covers nearly half of them, so that even
  /// a small set has training, validation and test subjects for every activity, if it is large enough for that.
  private static func step(people: Int, rounds: Int, actions: Int) -> Int {
    let steps = (1...max(1, people * 19 / 40)).reversed().filter { divisor($0, people) == 1 }
    return steps.first { step in
      (0..<actions).allSatisfy { action in
        let shown = Set(
          (0..<min(rounds, people)).map { round in
            part(subject(of: action, round: round, step: step, people: people))
          })
        return shown.count == 3
      }
    } ?? steps.first ?? 1
  }

  /// A subject's partition in the cross-subject list.
  private static func part(_ subject: Int) -> String {
    validationSubjects.contains(subject) ? "validation" : NTUSubjects.training.contains(subject) ? "train" : "test"
  }

  /// The step between the rooms of consecutive people; it reaches every room.
  private static func roomStep(_ setups: Int) -> Int {
    (5...).first { divisor($0, setups) == 1 } ?? 1
  }

  private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }

  /// A file's name without its extension.
  func name(_ motion: SyntheticMotion, camera: Int) -> String {
    switch options.naming {
    case .ntu:
      String(
        format: "S%03dC%03dP%03dR%03dA%03d", motion.setup, camera, motion.subject, motion.replication,
        motion.action.number)
    case .smarthome:
      String(
        format: "%@_p%02d_r%02d_v%02d_c%02d", motion.action.smarthomeName ?? motion.action.label,
        Self.smarthomeSubjects[motion.subject - 1], motion.replication, motion.setup, camera)
    }
  }

  /// Smarthome's numbers, so that its protocols split the same people in the same way.
  private static let smarthomeSubjects = [
    3, 4, 2, 6, 7, 10, 11, 9, 12, 14, 16, 18, 13, 15, 17, 21, 22, 19, 25, 20,
  ]

  func take(_ motion: SyntheticMotion) -> Take {
    let seed = options.seed
    var subject = PlaceRandom(seed: seed, stream: 10_000 + motion.subject)
    let manner = Manner(&subject)
    var clothes = PlaceRandom(seed: seed, stream: 100_000 + motion.subject * 1000 + motion.setup)
    let room = Room(seed: roomSeed(motion.setup))
    var random = PlaceRandom(seed: seed, stream: 1_000_000 + motion.index)
    let situations = Choreography.situations(motion.action)
    let situation = situations[Int(random.next() % UInt64(situations.count))]
    var choreography = Choreography(
      stage: room.stage, manner: manner, random: PlaceRandom(seed: seed, stream: 3_000_000 + motion.index),
      situation: situation, first: motion.action)
    choreography.pause(random.uniform(0.2...0.7))
    choreography.perform(motion.action, seconds: random.uniform(1.8...3.4))
    // Recordings start before and end after the action, as a camera's windows do.
    if random.uniform(0...1) < 0.6 { choreography.settle() }
    choreography.pause(random.uniform(0.3...0.8))
    return Take(
      room: room,
      people: [
        Take.Person(performance: choreography.finished(), looks: Looks(subject: &subject, clothes: &clothes))
      ], seed: seed &+ UInt64(motion.index))
  }

  func rig(_ motion: SyntheticMotion) -> CameraRig {
    CameraRig(seed: roomSeed(motion.setup), turned: motion.replication == 2)
  }

  private func roomSeed(_ setup: Int) -> UInt64 {
    var random = PlaceRandom(seed: options.seed, stream: 30_000 + setup)
    return random.next()
  }

  // MARK: Writing

  /// Writes all recordings, then the lists.
  ///
  /// - Parameter progress: called after every recording with the number done, the total, and the recording's number of
  ///   frames; returns false to stop.
  /// - Throws: `CaptureError.unwritable`; files already written are kept.
  package func write(progress: @escaping @Sendable (_ done: Int, _ total: Int, _ frames: Int) -> Bool) throws {
    try PlainFile.makeFolder(options.folder)
    let total = options.clips
    let next = Atomic(0)
    let done = Atomic(0)
    let failure = Mutex<(any Error)?>(nil)
    let stopped = Atomic(false)
    DispatchQueue.concurrentPerform(iterations: max(1, options.workers)) { _ in
      while !stopped.load(ordering: .relaxed) {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < total else { return }
        do {
          let frames = try writeClip(index)
          let count = done.wrappingAdd(1, ordering: .relaxed).newValue
          if !progress(count, total, frames) { stopped.store(true, ordering: .relaxed) }
        } catch {
          failure.withLock { $0 = $0 ?? error }
          stopped.store(true, ordering: .relaxed)
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    guard !stopped.load(ordering: .relaxed) else { return }
    for split in Split.allCases {
      try PlainFile.write(list(split), to: "\(options.folder)/\(split.rawValue).csv")
    }
  }

  private func writeClip(_ index: Int) throws -> Int {
    let (motion, camera) = (motions[index / Self.cameras], index % Self.cameras)
    let (take, rig) = (take(motion), rig(motion))
    let base = "\(options.folder)/\(name(motion, camera: camera + 1))"
    let view = rig.views[camera]
    var noise = PoseNoise(
      factor: options.poseNoise, random: PlaceRandom(seed: options.seed, stream: 2_000_000 + index))
    var poses: [[[PoseNoise.Joint]]] = []
    if options.videos != nil {
      for frame in 0..<take.frameCount {
        poses.append(noise.observe(take.skeletons(frame)[0], view, take.room.stage))
      }
    } else {
      let path = base + (options.naming == .ntu ? "_rgb.avi" : ".mp4")
      var writer = try MediaWriter(
        path: path, format: options.naming == .ntu ? .avi(quantiser: Self.quantiser) : .mp4(quantiser: Self.quantiser),
        size: options.size, rate: Take.rate)
      var shooting = Take.Camera(take, view, rig.films[camera], size: options.size)
      var pixels: [UInt8] = []
      for frame in 0..<take.frameCount {
        let skeletons = shooting.shoot(frame, into: &pixels)
        try writer.add(pixels)
        poses.append(noise.observe(skeletons[0], view, take.room.stage))
      }
      try writer.finish()
    }
    // A tracker that detects nobody writes no file, as in NTU RGB+D's list of missing skeletons.
    guard take.hasPerson else { return take.frameCount }
    switch options.naming {
    case .ntu:
      let aspect = Float(options.size.width) / Float(options.size.height)
      try PlainFile.write(PoseText.ntu(poses, focal: view.focal, aspect: aspect), to: base + ".skeleton")
    case .smarthome:
      let text = PoseText.smarthome(
        poses, focal: view.focal * Float(options.size.height), width: options.size.width, height: options.size.height)
      try PlainFile.write(text, to: base + "_pose3d.json")
    }
    return take.frameCount
  }

  // MARK: Lists

  /// What differs between test and training.
  package enum Split: String, CaseIterable, Sendable {
    /// Other people.
    case subjects = "CS"
    /// Another camera.
    case views = "CV"
  }

  /// A list for `data.dataset: manifest`.
  func list(_ split: Split) -> String {
    var lines = ["video,skeleton,label,subject,camera,split"]
    let videos = options.videos.map { $0 + "/" } ?? ""
    let (film, text) = options.naming == .ntu ? ("_rgb.avi", ".skeleton") : (".mp4", "_pose3d.json")
    for motion in motions {
      let hasPerson = take(motion).hasPerson
      for camera in 1...Self.cameras where motion.index * Self.cameras + camera <= options.clips {
        let name = name(motion, camera: camera)
        let (label, subject) = (motion.action.label, motion.subject)
        let partition = partition(motion, camera: camera, split)
        lines.append(
          "\(videos)\(name)\(film),\(hasPerson ? name + text : ""),\(label),\(subject),\(camera),\(partition)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func partition(_ motion: SyntheticMotion, camera: Int, _ split: Split) -> String {
    let part = Self.part(motion.subject)
    switch split {
    case .subjects: return part
    // NTU trains on the front and side cameras, and tests on the one in between.
    case .views: return camera == 1 ? "test" : part == "validation" ? part : "train"
    }
  }
}

/// Writes texts and creates folders, with the reason if that fails.
enum PlainFile {
  static func makeFolder(_ path: String) throws(CaptureError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: path, reason: reasonText(error))
    }
  }

  /// An existing file is replaced atomically.
  static func write(_ text: String, to path: String) throws(CaptureError) {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .unwritable(path: path, reason: reasonText(error))
    }
  }
}
