import Basics
package import Datasets
import Foundation
import Networks
package import Settings
package import Tensors
import Video

/// A data set as a trainer's batches: shuffled, divided among the ranks, decoded in advance.
package struct TrainingData: BatchSource {
  package let dataset: Dataset
  /// Training clips, in the order of a memory bank's rows.
  package let training: [Clip]
  package let validationClips: [Clip]
  /// The part of the pictures that the networks see.
  package var region: ClipRegion { loader.options.region }
  private let cache: RecordingCache?
  private let loader: ClipLoader
  private let settings: TrainingSettings
  private let assembler: BatchAssembler
  private let rank: Int
  private let ranks: Int

  /// - Parameters:
  ///   - settings: the run's settings.
  ///   - content: what the stage's clips contain.
  ///   - device: where tensors are stored.
  ///   - rank: this process's rank.
  ///   - ranks: number of processes that train together.
  /// - Throws: `DatasetError`, or `TrainingError.noClips`.
  package init(_ settings: TrainingSettings, content: ClipContent, device: Device, rank: Int = 0, ranks: Int = 1)
    throws
  {
    dataset = try Dataset.open(DatasetOptions(settings.data))
    self.settings = settings
    self.rank = rank
    self.ranks = ranks
    let options = ClipOptions(settings, content, dataset)
    training = dataset.clips(.train).filter { $0.has(options.content) }
    validationClips = dataset.clips(.validation).filter { $0.has(options.content) }
    cache =
      settings.data.cache == .memory
      ? RecordingCache(training + validationClips, options, budget: Self.cacheBudget(settings.data, ranks: ranks)) : nil
    loader = ClipLoader(options, graph: dataset.skeletonGraph, cache: cache)
    let rows = Dictionary(uniqueKeysWithValues: training.enumerated().map { ($1.name, $0) })
    assembler = BatchAssembler(options: options, graph: dataset.skeletonGraph, rows: rows, device: device)
    guard training.count >= ranks else {
      throw TrainingError.noClips(
        partition: "training",
        reason: "\(training.count) of \(dataset.name) \(dataset.protocolName) have what this stage needs, for \(ranks) "
          + "processes; `adl-train data check` says what is missing")
    }
  }

  private static func cacheBudget(_ settings: DataSettings, ranks: Int) -> Int {
    settings.cacheBytes > 0 ? Int(settings.cacheBytes) : ProcessMemory.availableBytes / 5 * 2 / ranks
  }

  /// What the cache will contain, for people; `nil` without a cache.
  package var cacheRemark: String? {
    (cache?.plan).map { plan in
      String(
        format: "%d of %d recordings stay decoded in memory, about %.1f of %.1f GiB", plan.kept, plan.recordings,
        Double(plan.bytes) / 0x1p30, Double(plan.budget) / 0x1p30)
        + (plan.kept < plan.recordings ? "; the others are decoded every time (data.cacheBytes)" : "")
    }
  }

  /// Clips per step over all ranks; a small data set is a single batch.
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

extension Clip {
  func has(_ content: ClipContent) -> Bool {
    (!content.contains(.video) || video != nil) && (content.isDisjoint(with: [.pose, .windowPose]) || skeleton != nil)
  }
}
