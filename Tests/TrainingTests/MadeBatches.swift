import Basics
import Networks
import Settings
import Synchronization
import Tensors
import Training

/// Batches of generated clips and poses in which the class is visible, to test the trainer itself.
final class MadeBatches: BatchSource {
  let classes: Int
  let frames: Int
  let size: Int
  let clips: Int
  let batch: Int
  let rank: Int
  let ranks: Int
  let graph: SkeletonGraph
  let hasValidation: Bool

  init(
    clips: Int = 8, classes: Int = 2, frames: Int = 16, size: Int = 112, batch: Int = 4, rank: Int = 0, ranks: Int = 1,
    graph: SkeletonGraph = .smarthome15, hasValidation: Bool = true
  ) {
    self.clips = clips
    self.classes = classes
    self.frames = frames
    self.size = size
    self.batch = batch
    self.rank = rank
    self.ranks = ranks
    self.graph = graph
    self.hasValidation = hasValidation
  }

  var batchesPerEpoch: Int { clips / (batch * ranks) }

  func batches(epoch: Int, from first: Int) throws -> any BatchSequence {
    var random = SplitMix64(seed: UInt64(epoch), name: "order")
    let order = Array(0..<clips).shuffled(using: &random)
    let rows = (first..<batchesPerEpoch).map { index in
      Array(order[(index * ranks + rank) * batch..<(index * ranks + rank + 1) * batch])
    }
    return Sequence(self, rows)
  }

  func validation() throws -> (any BatchSequence)? {
    guard hasValidation else { return nil }
    let own = stride(from: rank, to: clips, by: ranks).map { $0 }
    return Sequence(self, [own])
  }

  func make(_ rows: [Int]) throws -> Batch {
    var pictures: [Tensor] = []
    var poses: [Float] = []
    for row in rows {
      var random = SplitMix64(seed: UInt64(row), name: "clip")
      let level: Float = row % classes == 0 ? -0.5 : 0.5
      func noise(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -0.3...0.3, using: &random) } }
      let halves = (0..<size).map { $0 < size / 2 ? level : -level }
      pictures.append(
        try Tensor.of(halves, [1, 1, 1, size, 1]) + Tensor.of(noise(frames), [1, 1, frames, 1, 1])
          + Tensor.of(noise(3 * size), [1, 3, 1, 1, size]))
      poses += noise(3 * frames * graph.jointCount).enumerated().map { $1 + level * Float($0 % 3) }
    }
    let poseTensor = try Tensor.of(poses, [rows.count, 3, frames, graph.jointCount, 1])
    return Batch(
      names: rows.map { "clip\($0)" }, rows: rows, labels: rows.map { $0 % classes },
      clips: try Tensor.concatenated(pictures, 0).channelsLast(), poses: poseTensor, windowPoses: poseTensor)
  }

  final class Sequence: BatchSequence {
    private let source: MadeBatches
    private var rows: ArraySlice<[Int]>

    init(_ source: MadeBatches, _ rows: [[Int]]) {
      self.source = source
      self.rows = rows[...]
    }

    func next() throws -> Batch? { try rows.popFirst().map(source.make) }
    var waited: Duration { .zero }
    var skipped: [(name: String, reason: String)] { [] }
  }
}

/// Settings for a tiny run.
///
/// Without dropout, whose random numbers all tests of a process share; `RunProcessTests` use it.
func tinySettings(_ overrides: [String] = []) throws -> TrainingSettings {
  try TrainingSettings.parse(
    """
    clip: {frames: 16, size: 112}
    network: {width: 0.0625, poseWidth: 0.125, normMomentum: 0.1, dropout: 0}
    optimizer: {learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-4}
    run: {epochs: 3, batch: 4, seed: 7, batchNorm: batch}
    """, path: "tiny", overrides: overrides)
}
