import Foundation
import Networks
import Tensors
import Testing
import Training

/// Every loss against hand-computed values, and its gradient against central differences in float64.
struct LossTests {
  private static let tolerance = 1e-6

  private func value(_ tensor: Tensor) throws -> Double { try tensor.item() }

  private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(1, abs(b)) }

  @Test func `an error of a thousandth in a gradient is detected by central differences`() throws {
    let point = try made([3, 4], seed: 1)
    let loss = { (x: Tensor) in try (x * x).sum() }
    #expect(try gradientError(at: point, of: loss) < Self.tolerance)
    let planted = try gradientError(at: point, of: loss, claiming: { try loss($0) * 1.001 })
    #expect(planted > 100 * Self.tolerance)
  }

  // MARK: Labels

  @Test func `cross-entropy has the correct value and gradient`() throws {
    let logits = try Tensor.of([1, 2, 0.5, -1, 0, 3], [2, 3])
    let labels = try Tensor.of([1, 0] as [Int64], [2])
    let first = log(exp(1.0) + exp(2.0) + exp(0.5)) - 2
    let second = log(exp(-1.0) + 1 + exp(3.0)) + 1
    #expect(isClose(try value(logits.crossEntropy(labels)), (first + second) / 2))
    #expect(try gradientError(at: logits) { try $0.crossEntropy(labels) } < Self.tolerance)
  }

  // MARK: VPN's

  @Test func `embedding loss: pairs come close, negatives keep their distance`() throws {
    // Unit vectors after normalisation: v = (1,0), (0,1); p = (0,1), (0,1).
    let video = try Tensor.of([2, 0, 0, 5] as [Double], [2, 2])
    let pose = try Tensor.of([0, 1, 0, 3] as [Double], [2, 2])
    // d² of pairs: 2 and 0. Of negatives: v0-p1 2, v1-p0 0; the margin 1 is violated by 0 and by 1.
    #expect(
      isClose(try value(EmbeddingLoss.contrastive(video: video, pose: pose, margin: 1)), (2 + 0) / 2 + (0 + 1) / 2))
    // One clip has no negatives.
    let alone = try EmbeddingLoss.contrastive(
      video: video.narrowed(0, from: 0, count: 1), pose: pose.narrowed(0, from: 0, count: 1), margin: 1)
    #expect(isClose(try value(alone), 2))
    let (v, p) = (try made([4, 5], seed: 2), try made([4, 5], seed: 3))
    #expect(
      try gradientError(at: v) { try EmbeddingLoss.contrastive(video: $0, pose: p, margin: 3) } < Self.tolerance)
    #expect(
      try gradientError(at: p) { try EmbeddingLoss.contrastive(video: v, pose: $0, margin: 3) } < Self.tolerance)
  }

  @Test func `embedding loss: the same vector for everything is not a minimum`() throws {
    let constant = try Tensor.of([1, 1, 1, 1] as [Double], [2, 2])
    #expect(isClose(try value(EmbeddingLoss.contrastive(video: constant, pose: constant, margin: 1)), 1))
    #expect(isClose(try value(EmbeddingLoss.released(video: constant, pose: constant)), 0))
  }

  @Test func `embedding loss as released has the right value and gradient`() throws {
    let video = try Tensor.of([0, log(3.0)], [1, 2])
    let pose = try Tensor.of([log(3.0), 0], [1, 2])
    // Sigmoids 1/2 and 3/4, differences 1/4 each.
    #expect(isClose(try value(EmbeddingLoss.released(video: video, pose: pose)), 0.25))
    let (v, p) = (try made([3, 4], seed: 4), try made([3, 4], seed: 5))
    #expect(try gradientError(at: v) { try EmbeddingLoss.released(video: $0, pose: p) } < Self.tolerance)
  }

  @Test func `attention regulariser, for each clip and as released, has the right value and gradient`() throws {
    let attention = try Tensor.of([0.5, 0.25, 1, 1], [2, 2])
    // Sums 0.75 and 2.
    #expect(isClose(try value(EmbeddingLoss.regularizer(attention)), (0.25 * 0.25 + 1) / 2))
    #expect(isClose(try value(EmbeddingLoss.releasedRegularizer(attention)), 1.75 * 1.75))
    let point = try made([3, 2, 2], seed: 6)
    #expect(try gradientError(at: point) { try EmbeddingLoss.regularizer($0) } < Self.tolerance)
    #expect(try gradientError(at: point) { try EmbeddingLoss.releasedRegularizer($0) } < Self.tolerance)
  }

  // MARK: VPN-F's

  /// A bank with known rows.
  private func bank(student: [Double], teacher: [Double], rows: Int) throws -> MemoryBank {
    let bank = try MemoryBank(rows: rows, dimension: student.count / rows, seed: 1, on: .cpu)
    try bank.student.assign(Tensor.of(student, [rows, student.count / rows]))
    try bank.teacher.assign(Tensor.of(teacher, [rows, teacher.count / rows]))
    return bank
  }

  @Test func `CRD equals a value computed by hand: one clip, one negative`() throws {
    let bank = try bank(student: [1, 0, 0, 1], teacher: [1, 0, 0, 1], rows: 2)
    let embedding = try Tensor.of([1, 0] as [Double], [1, 2])
    let candidates = try Tensor.of([0, 1] as [Int64], [1, 2])
    let partitions = try ContrastiveLoss.partitions(
      student: embedding, teacher: embedding, candidates: candidates, bank: bank, temperature: 0.5)
    let loss = try ContrastiveLoss.crd(
      student: embedding, teacher: embedding, candidates: candidates, bank: bank, partitions: partitions,
      temperature: 0.5)
    // Scores e² and e⁰; Z is their mean times two rows; noise N/M = 1/2.
    let z = (exp(2.0) + 1) / 2 * 2
    let (pair, stranger) = (exp(2.0) / z, 1 / z)
    let direction = -(log(pair / (pair + 0.5 + 1e-7)) + log(0.5 / (stranger + 0.5 + 1e-7)))
    #expect(isClose(try value(loss), 2 * direction / log(2)))
    #expect(try partitions.doubles().allSatisfy { abs($0 - z) < 1e-12 })
    #expect(try !bank.hasPartitions, "computing the loss does not change the bank")
    try bank.keep(partitions: partitions)
    #expect(try bank.hasPartitions)
    #expect(try bank.partitions.floats() == [Float(z), Float(z)])
  }

  @Test func `CRD has the gradient of its value`() throws {
    let bank = try MemoryBank(rows: 6, dimension: 4, seed: 3, on: .cpu)
    let partitions = try Tensor.of([7, 5] as [Double], [2])
    let candidates = try Tensor.of([0, 3, 4, 1, 5, 2] as [Int64], [2, 3])
    let (student, teacher) = (try made([2, 4], seed: 7), try made([2, 4], seed: 8))
    func loss(_ s: Tensor, _ t: Tensor) throws -> Tensor {
      try ContrastiveLoss.crd(
        student: s, teacher: t, candidates: candidates, bank: bank, partitions: partitions, temperature: 0.3)
    }
    #expect(try gradientError(at: student) { try loss($0, teacher) } < Self.tolerance)
    #expect(try gradientError(at: teacher) { try loss(student, $0) } < Self.tolerance)
  }

  @Test func `CRD stays finite at the largest dot products, and prefers pairs`() throws {
    // Dot products of 1 and -1, the extremes for unit vectors.
    let bank = try bank(student: [1, 0, -1, 0], teacher: [1, 0, -1, 0], rows: 2)
    let far = try Tensor.of([-1, 0] as [Double], [1, 2])
    let near = try Tensor.of([1, 0] as [Double], [1, 2])
    let candidates = try Tensor.of([0, 1] as [Int64], [1, 2])
    for embedding in [near, far] {
      let loss = try ContrastiveLoss.crd(
        student: embedding, teacher: embedding, candidates: candidates, bank: bank,
        partitions: Tensor.of([1, 1] as [Double], [2]), temperature: 0.07)
      #expect(try value(loss).isFinite)
    }
    // Few negatives, many rows: h of a pair is near 1, so the loss is near 0.
    let wide = try MemoryBank(rows: 1000, dimension: 2, seed: 1, on: .cpu)
    try wide.student.assignRows(Tensor.of([0, 1] as [Int64], [2]), Tensor.of([1, 0, -1, 0] as [Float], [2, 2]))
    try wide.teacher.assignRows(Tensor.of([0, 1] as [Int64], [2]), Tensor.of([1, 0, -1, 0] as [Float], [2, 2]))
    let loss = try ContrastiveLoss.crd(
      student: near, teacher: near, candidates: candidates, bank: wide,
      partitions: Tensor.of([1000, 1000] as [Double], [2]), temperature: 0.07)
    #expect(try value(loss) < 0.01)
  }

  @Test func `InfoNCE equals a value computed by hand, with and without a bank`() throws {
    let student = try Tensor.of([1, 0, 0, 1] as [Double], [2, 2])
    let teacher = try Tensor.of([1, 0, 1, 0] as [Double], [2, 2])
    let loss = try ContrastiveLoss.infoNCE(
      student: student, teacher: teacher, candidates: nil, bank: nil, temperature: 0.5)
    // Student to teacher: rows of logits (2, 2) and (0, 0); back: (2, 0) and (2, 0), the own pair on the diagonal.
    let forward = (log(2.0) + log(2.0)) / 2
    let backward = (log(exp(2.0) + 1) - 2 + log(exp(2.0) + 1)) / 2
    #expect(isClose(try value(loss), (forward + backward) / 2))

    let bank = try bank(student: [1, 0, 0, 1, -1, 0], teacher: [1, 0, 0, 1, 0, -1], rows: 3)
    let candidates = try Tensor.of([0, 2, 1, 2] as [Int64], [2, 2])
    let banked = try ContrastiveLoss.infoNCE(
      student: student, teacher: teacher, candidates: candidates, bank: bank, temperature: 0.5)
    // The third logit: student against (0,-1): 0, -2; teacher against (-1,0): -2, -2.
    let wideForward = (log(2 * exp(2.0) + 1) - 2 + log(2 + exp(-2.0))) / 2
    let wideBackward = (log(exp(2.0) + 1 + exp(-2.0)) - 2 + log(exp(2.0) + 1 + exp(-2.0))) / 2
    #expect(isClose(try value(banked), (wideForward + wideBackward) / 2))

    let (s, t) = (try made([2, 2], seed: 9), try made([2, 2], seed: 10))
    func both(_ s: Tensor, _ t: Tensor) throws -> Tensor {
      try ContrastiveLoss.infoNCE(student: s, teacher: t, candidates: candidates, bank: bank, temperature: 0.3)
    }
    #expect(try gradientError(at: s) { try both($0, t) } < Self.tolerance)
    #expect(try gradientError(at: t) { try both(s, $0) } < Self.tolerance)
  }

  @Test func `the released contrastive loss equals a value computed by hand, and is limited where it would overflow`()
    throws
  {
    let student = try Tensor.of([1, 1] as [Double], [1, 2])
    let teacher = try Tensor.of([0.5, 0.5] as [Double], [1, 2])
    let stranger = try Tensor.of([0, 0] as [Double], [1, 2])
    // Logits e¹ and e⁰.
    let wanted = (log(1 + exp(-exp(1.0))) + log(1 + exp(1.0))) / 2
    #expect(
      isClose(try value(ContrastiveLoss.released(student: student, teacher: teacher, others: stranger)), wanted))
    let huge = try Tensor.of([100, 100] as [Double], [1, 2])
    #expect(try value(ContrastiveLoss.released(student: huge, teacher: huge, others: huge)).isFinite)
    let single = try student.to(.float32)
    #expect(try value(ContrastiveLoss.released(student: single, teacher: single, others: single)).isFinite)
    let (s, t, o) = (try made([3, 4], seed: 11), try made([3, 4], seed: 12), try made([3, 4], seed: 13))
    #expect(
      try gradientError(at: s) { try ContrastiveLoss.released(student: $0, teacher: t, others: o) } < Self.tolerance)
  }

  // MARK: VPN-A's

  @Test func `the marginal of an attention is right, also with fewer keys`() throws {
    let attention = try Tensor.of([0.25, 0.75, 0.5, 0.5], [1, 2, 2])
    let extent = Extent(1, 1, 2)
    let plain = try AttentionLoss.marginal(attention, positions: extent, keys: extent).doubles()
    #expect(plain == [0.375, 0.625])
    // Two keys of 1x2 for four positions of 1x4: bilinear with half-pixel centres.
    let rows = try Tensor.of([0.25, 0.75, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75], [1, 4, 2])
    let wide = try AttentionLoss.marginal(rows, positions: Extent(1, 1, 4), keys: Extent(1, 1, 2)).doubles()
    let spread = [0.25, 0.25 * 0.75 + 0.75 * 0.25, 0.25 * 0.25 + 0.75 * 0.75, 0.75]
    let sum = spread.reduce(0, +)
    for (a, b) in zip(wide, spread) { #expect(isClose(a, b / sum)) }
  }

  @Test func `mean squares, divergence and the released sum equal values computed by hand`() throws {
    let student = try Tensor.of([0.5, 0.5, 0.2, 0.8], [2, 2])
    let teacher = try Tensor.of([0.75, 0.25, 0.2, 0.8], [2, 2])
    // Squares 2/16 over four entries, times two positions.
    #expect(isClose(try value(AttentionLoss.meanSquares(student: student, teacher: teacher)), 0.0625))
    #expect(isClose(try value(AttentionLoss.released(student: student, teacher: teacher)), 0.125))
    let divergence = (0.75 * log(1.5) + 0.25 * log(0.5)) / 2
    #expect(abs(try value(AttentionLoss.divergence(student: student, teacher: teacher)) - divergence) < 1e-9)
    // A position nobody looks at does not give infinity.
    let blind = try Tensor.of([1, 0] as [Double], [1, 2])
    let other = try Tensor.of([0, 1] as [Double], [1, 2])
    #expect(try value(AttentionLoss.divergence(student: blind, teacher: other)).isFinite)

    let target = try AttentionLoss.distribution(made([3, 4], seed: 14, in: 0.1...1))
    let point = try made([3, 4], seed: 15, in: 0.1...1)
    #expect(
      try gradientError(at: point) { try AttentionLoss.meanSquares(student: $0, teacher: target) } < Self.tolerance)
    #expect(
      try gradientError(at: point) { try AttentionLoss.divergence(student: $0, teacher: target) } < Self.tolerance)
    #expect(try gradientError(at: point) { try AttentionLoss.released(student: $0, teacher: target) } < Self.tolerance)
    let wide = try AttentionLoss.distribution(made([2, 8], seed: 17, in: 0.1...1))
    #expect(
      try gradientError(at: made([2, 8, 2], seed: 16, in: 0.1...1)) {
        let own = try AttentionLoss.marginal($0, positions: Extent(1, 2, 4), keys: Extent(1, 1, 2))
        return try AttentionLoss.meanSquares(student: own, teacher: wide)
      } < Self.tolerance)
  }

  // MARK: Memory

  @Test func `bank rows move half way, and back to unit length`() throws {
    let bank = try bank(student: [1, 0, 0, 1], teacher: [0, 1, 1, 0], rows: 2)
    let new = try Tensor.of([0, 1] as [Float], [1, 2])
    try bank.update(Tensor.of([0] as [Int64], [1]), student: new, teacher: new, over: nil)
    let diagonal = Float(0.5).squareRoot()
    let student = try bank.student.floats()
    #expect(abs(student[0] - diagonal) < 1e-6 && abs(student[1] - diagonal) < 1e-6)
    #expect(student[2...] == [0, 1], "other clips' rows are unchanged")
    #expect(try bank.teacher.floats() == [0, 1, 1, 0], "an existing row is unchanged")
  }

  @Test func `negatives depend only on clip and step, and are never the clip itself`() throws {
    let bank = try MemoryBank(rows: 50, dimension: 2, seed: 1, on: .cpu)
    let drawn = bank.negatives(of: 7, count: 400, seed: 3, step: 5) { _ in true }
    #expect(drawn == bank.negatives(of: 7, count: 400, seed: 3, step: 5) { _ in true })
    #expect(drawn != bank.negatives(of: 7, count: 400, seed: 3, step: 6) { _ in true })
    #expect(!drawn.contains(7))
    #expect(Set(drawn).count == 49, "four hundred draws include every other row")
    let others = bank.negatives(of: 7, count: 100, seed: 3, step: 5) { $0 % 2 == 0 }
    #expect(others.allSatisfy { $0 % 2 == 0 })
  }
}
