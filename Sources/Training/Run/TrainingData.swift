import Basics
package import Datasets
import Foundation
import Networks
package import Settings
package import Tensors
import Video

/// A data set as a trainer's batches: shuffled, shared among the ranks, decoded ahead.
package struct TrainingData: BatchSource {
  package let dataset: Dataset
  /// Clips that train, in the order that gives a memory bank its rows.
  package let training: [Clip]
  package let validationClips: [Clip]
  /// What of the pictures the networks look at.
  package var region: ClipRegion { loader.options.region }
  private let loader: ClipLoader
  private let settings: TrainingSettings
  private let assembler: BatchAssembler
  private let rank: Int
  private let ranks: Int

  /// - Parameters:
  ///   - settings: of the run.
  ///   - content: what the system's batches hold.
  ///   - device: where tensors go.
  ///   - rank: this process.
  ///   - ranks: processes that train together.
  /// - Throws: `DatasetError`, or `TrainingError.noClips`.
  package init(_ settings: TrainingSettings, content: BatchContent, device: Device, rank: Int = 0, ranks: Int = 1)
    throws
  {
    dataset = try Dataset.open(DatasetOptions(settings.data))
    self.settings = settings
    self.rank = rank
    self.ranks = ranks
    let options = ClipOptions(settings, content, dataset)
    loader = ClipLoader(options, graph: dataset.skeletonGraph)
    training = dataset.clips(.train).filter { $0.has(options.content) }
    validationClips = dataset.clips(.validation).filter { $0.has(options.content) }
    let rows = Dictionary(uniqueKeysWithValues: training.enumerated().map { ($1.name, $0) })
    assembler = BatchAssembler(options: options, graph: dataset.skeletonGraph, rows: rows, device: device)
    guard training.count >= ranks else {
      throw TrainingError.noClips(
        partition: "training",
        reason: "\(training.count) of \(dataset.name) \(dataset.protocolName) have what this stage needs, for \(ranks) "
          + "processes; `adl-train data check` says what is missing")
    }
  }

  /// Clips of a step over all ranks; a small data set is one batch.
  private var globalBatch: Int { min(settings.run.batch * ranks, training.count / ranks * ranks) }

  package var batchesPerEpoch: Int { training.count / globalBatch }

  package func batches(epoch: Int, from first: Int) throws -> any BatchSequence {
    let seed = UInt64(settings.run.seed)
    var random = SplitMix64(seed: SplitMix64.mixed(seed, UInt64(epoch)), name: "order")
    let order = Array(training.indices).shuffled(using: &random)
    let share = globalBatch / ranks
    let batches = (min(first, batchesPerEpoch)..<batchesPerEpoch).map { index in
      let start = index * globalBatch + rank * share
      return order[start..<start + share].map { row in
        (
          clip: training[row],
          draw: ClipDraw.random(seed: SplitMix64.mixed(seed, UInt64(epoch), UInt64(row)))
        )
      }
    }
    return stream(batches, repeatsLast: ranks > 1)
  }

  package func validation() throws -> (any BatchSequence)? {
    guard !validationClips.isEmpty else { return nil }
    let own = stride(from: rank, to: validationClips.count, by: ranks).map { validationClips[$0] }
    let size = settings.run.batch
    let batches = stride(from: 0, to: own.count, by: size).map { start in
      own[start..<min(start + size, own.count)].map { (clip: $0, draw: ClipDraw.centre) }
    }
    return stream(batches, repeatsLast: false)
  }

  private func stream(_ batches: [[BatchStream.Request]], repeatsLast: Bool) -> any BatchSequence {
    DecodedBatches(
      BatchStream(loader, batches, workers: settings.data.workers, ahead: settings.data.ahead), assembler,
      repeatsLast: repeatsLast)
  }
}

extension DatasetOptions {
  package init(_ settings: DataSettings) {
    let kind: DatasetKind =
      switch settings.dataset {
      case .ntu60: .ntu60
      case .ntu120: .ntu120
      case .smarthome: .smarthome
      case .nucla: .nucla
      case .weizmann: .weizmann
      case .manifest: .manifest
      }
    self.init(
      kind: kind, videos: settings.videos, skeletons: settings.skeletons.isEmpty ? nil : settings.skeletons,
      protocolName: settings.protocolName, manifest: settings.manifest.isEmpty ? nil : settings.manifest,
      holdsOutValidation: settings.holdOutValidation)
  }
}

extension ClipOptions {
  /// - Parameters:
  ///   - settings: of the run.
  ///   - content: what batches hold.
  ///   - dataset: tells whether boxes are known, where the settings leave it open.
  package init(_ settings: TrainingSettings, _ content: BatchContent, _ dataset: Dataset) {
    self.init()
    region =
      switch settings.clip.region {
      case .person: .person
      case .scene: .scene
      case .auto: dataset.hasBoxes || !settings.data.boxes.isEmpty ? .person : .scene
      }
    boxes = settings.data.boxes.isEmpty ? nil : settings.data.boxes
    augmentation = ClipAugmentation(settings.augmentation)
    frames = settings.clip.frames
    stride = settings.clip.stride == 0 ? nil : settings.clip.stride
    preprocessing = ClipPreprocessing(
      size: settings.clip.size, crop: settings.clip.crop == .full ? .full : .centerSquare)
    self.content = ClipContent(content)
    poseFrames = settings.pose.frames > 0 ? settings.pose.frames : nil
    poseStride = settings.pose.stride
    asReleased = settings.pose.asReleased
  }
}

extension ClipAugmentation {
  init(_ settings: AugmentationSettings) {
    let preset: Preset =
      switch settings.preset {
      case .none: .none
      case .light: .light
      case .strong: .strong
      }
    self.init(preset)
    scale = (settings.smallest ?? scale.lowerBound)...(settings.largest ?? scale.upperBound)
    place = settings.place ?? place
    flip = settings.flip ?? flip
    brightness = settings.brightness ?? brightness
    contrast = settings.contrast ?? contrast
    color = settings.color ?? color
    grey = settings.grey ?? grey
    blur = settings.blur ?? blur
    speed = settings.speed ?? speed
    pose.turn = settings.turn ?? pose.turn
    pose.tilt = settings.tilt ?? pose.tilt
    pose.scale = settings.bodyScale ?? pose.scale
    pose.noise = settings.jointNoise ?? pose.noise
    pose.dropout = settings.jointDropout ?? pose.dropout
    pose.crop = settings.crop ?? pose.crop
  }
}

extension ClipContent {
  fileprivate init(_ content: BatchContent) {
    self = []
    if content.contains(.clips) { insert(.video) }
    if content.contains(.poses) { insert(.pose) }
    if content.contains(.windowPoses) { insert(.windowPose) }
  }
}

extension Clip {
  func has(_ content: ClipContent) -> Bool {
    (!content.contains(.video) || video != nil) && (content.isDisjoint(with: [.pose, .windowPose]) || skeleton != nil)
  }
}

/// Puts loaded clips together as tensors.
struct BatchAssembler {
  let options: ClipOptions
  let graph: SkeletonGraph
  /// Places in the training list by name.
  let rows: [String: Int]
  let device: Device

  func batch(_ loaded: [LoadedClip]) throws(TensorError) -> Batch {
    var batch = Batch(
      names: loaded.map(\.clip.name), rows: loaded.map { rows[$0.clip.name] ?? 0 }, labels: loaded.map(\.clip.label))
    guard !loaded.isEmpty else { return batch }
    if options.content.contains(.video) {
      let size = options.preprocessing.size
      // Bytes travel, floats are made where they are needed; the axes are in channels-last order already.
      let clips = try loaded.map { clip throws(TensorError) in
        try Tensor.of(clip.pixels, [1, options.frames, size, size, 3], on: device)
      }
      batch.clips = try Tensor.concatenated(clips, 0).to(.float32).affine(1 / 127.5, -1).permuted([0, 4, 1, 2, 3])
    }
    if options.content.contains(.pose) { batch.poses = try poses(loaded.map(\.pose)) }
    if options.content.contains(.windowPose) { batch.windowPoses = try poses(loaded.map(\.windowPose)) }
    return batch
  }

  private func poses(_ clips: [[Float]]) throws(TensorError) -> Tensor {
    let cells = graph.jointCount * graph.bodies
    let tensors = try clips.map { values throws(TensorError) in
      try Tensor.of(values, [1, 3, values.count / (3 * cells), graph.jointCount, graph.bodies], on: device)
    }
    return try Tensor.concatenated(tensors, 0)
  }
}

/// A stream of loaded clips as batches.
final class DecodedBatches: BatchSequence {
  private let stream: BatchStream
  private let assembler: BatchAssembler
  private let repeatsLast: Bool
  private var last: Batch?

  /// `repeatsLast` stands in for a batch of which no clip could be read: a rank that left a step out would keep the others
  /// waiting.
  init(_ stream: BatchStream, _ assembler: BatchAssembler, repeatsLast: Bool) {
    self.stream = stream
    self.assembler = assembler
    self.repeatsLast = repeatsLast
  }

  deinit { stream.cancel() }

  func next() throws -> Batch? {
    guard let loaded = try stream.next() else { return nil }
    let batch = try assembler.batch(loaded)
    if batch.count == 0, repeatsLast, let last { return last }
    if repeatsLast { last = batch }
    return batch
  }

  var waited: Duration { stream.waited }
  var skipped: [(name: String, reason: String)] { stream.skipped }
}
