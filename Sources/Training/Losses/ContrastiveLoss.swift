import Foundation
package import Tensors

/// Feature distillation: which pose belongs to which clip.
///
/// `student` and `teacher` are embeddings [N, D] of the same N clips.
///
/// - Source: methods.md 5.
package enum ContrastiveLoss {
  /// CRD: a critic distinguishes a clip's own row from N drawn ones, in both directions.
  ///
  /// h = s / (s + N/M + 1e-7), s = exp(dot/τ)/Z; loss = -(log h(pair) + Σ log(1 - h(negatives))), averaged over clips,
  /// summed over the two directions, divided by log(1 + N).
  ///
  /// - Parameters:
  ///   - student: unit embeddings.
  ///   - teacher: unit embeddings.
  ///   - candidates: rows of the bank, [N, 1 + negatives] int64, the clip's own first.
  ///   - bank: the rows of all clips.
  ///   - partitions: Z for the student's and the teacher's direction, [2].
  ///   - temperature: τ.
  /// - Returns: a single value.
  /// - Throws: `TensorError`.
  package static func crd(
    student: Tensor, teacher: Tensor, candidates: Tensor, bank: MemoryBank, partitions: Tensor, temperature: Double
  ) throws(TensorError) -> Tensor {
    let negatives = candidates.shape[1] - 1
    func direction(_ anchors: Tensor, _ rows: Tensor, _ index: Int) throws(TensorError) -> Tensor {
      let partition = try partitions.narrowed(0, from: index, count: 1).to(anchors.scalarType)
      return try discrimination(
        scores(anchors, rows, candidates, temperature) / partition, negatives, bank.rows)
    }
    return try (direction(student, bank.teacher, 0) + direction(teacher, bank.student, 1))
      * (1 / log(1 + Double(negatives)))
  }

  /// CRD's Z, estimated from a batch: the mean score times the number of rows of the bank, for both directions.
  ///
  /// - Parameters:
  ///   - student: unit embeddings.
  ///   - teacher: unit embeddings.
  ///   - candidates: rows of the bank, as in `crd`.
  ///   - bank: the rows of all clips.
  ///   - temperature: τ.
  /// - Returns: [2], without gradient.
  /// - Throws: `TensorError`.
  package static func partitions(
    student: Tensor, teacher: Tensor, candidates: Tensor, bank: MemoryBank, temperature: Double
  ) throws(TensorError) -> Tensor {
    try withoutGradients { () throws(TensorError) in
      let means = [
        try scores(student, bank.teacher, candidates, temperature).mean().reshaped([1]),
        try scores(teacher, bank.student, candidates, temperature).mean().reshaped([1]),
      ]
      return try Tensor.concatenated(means, 0) * Double(bank.rows)
    }
  }

  /// exp(anchor · rows / τ), [N, 1 + negatives].
  private static func scores(_ anchors: Tensor, _ rows: Tensor, _ candidates: Tensor, _ temperature: Double)
    throws(TensorError) -> Tensor
  {
    let (count, width) = (candidates.shape[0], candidates.shape[1])
    let chosen = try rows.rows(candidates.reshaped([count * width])).reshaped([count, width, -1])
      .to(anchors.scalarType)
    let dots = try chosen.matmul(anchors.reshaped([count, -1, 1])).reshaped([count, width])
    return try (dots * (1 / temperature)).exp()
  }

  /// The critic's negative log-likelihood; the first column is the pair, the others are negatives.
  private static func discrimination(_ scores: Tensor, _ negatives: Int, _ rows: Int) throws(TensorError) -> Tensor {
    let noise = Double(negatives) / Double(rows)
    let count = scores.shape[0]
    let pair = try scores.narrowed(1, from: 0, count: 1)
    let others = try scores.narrowed(1, from: 1, count: negatives)
    let isPair = try (pair / (pair + (noise + 1e-7))).log().sum()
    let isNot = try (others + (noise + 1e-7)).log().affine(-1, log(noise)).sum()
    return try (isPair + isNot) * (-1 / Double(count))
  }

  /// InfoNCE: softmax over a clip's own pose, the other poses of the batch and rows of the bank, in both directions.
  ///
  /// - Parameters:
  ///   - student: unit embeddings.
  ///   - teacher: unit embeddings.
  ///   - candidates: rows of the bank, as in `crd`, without using the first column; `nil` uses only the batch.
  ///   - bank: the rows of all clips, if there are candidates.
  ///   - temperature: τ.
  /// - Returns: a single value.
  /// - Throws: `TensorError`.
  package static func infoNCE(
    student: Tensor, teacher: Tensor, candidates: Tensor?, bank: MemoryBank?, temperature: Double
  ) throws(TensorError) -> Tensor {
    let count = student.shape[0]
    let own = try Tensor.of((0..<count).map(Int64.init), [count], on: student.device)
    func direction(_ anchors: Tensor, _ others: Tensor, _ rows: Tensor?) throws(TensorError) -> Tensor {
      var logits = try anchors.matmul(others.transposed(0, 1))
      if let candidates, let rows {
        let width = candidates.shape[1] - 1
        let indices = try candidates.narrowed(1, from: 1, count: width).reshaped([count * width])
        let chosen = try rows.rows(indices).reshaped([count, width, -1]).to(anchors.scalarType)
        let far = try chosen.matmul(anchors.reshaped([count, -1, 1])).reshaped([count, width])
        logits = try Tensor.concatenated([logits, far], 1)
      }
      return try (logits * (1 / temperature)).crossEntropy(own)
    }
    let forward = try direction(student, teacher, bank?.teacher)
    let backward = try direction(teacher, student, bank?.student)
    return try (forward + backward) * 0.5
  }

  /// As in the released code: binary cross-entropy of exp(dot), with one random pose per clip as the negative.
  ///
  /// The exponent is limited to 20; the released code overflows there.
  ///
  /// - Parameters:
  ///   - student: raw embeddings [N, D].
  ///   - teacher: raw embeddings [N, D] of the same clips.
  ///   - others: raw embeddings [N, D] of other poses.
  /// - Returns: a single value.
  /// - Throws: `TensorError`.
  package static func released(student: Tensor, teacher: Tensor, others: Tensor) throws(TensorError) -> Tensor {
    let count = student.shape[0]
    let twice = try Tensor.concatenated([student, student], 0)
    let poses = try Tensor.concatenated([teacher, others], 0)
    let logits = try (twice * poses).sum([1]).clamped(-.infinity, 20).exp()
    let truth = Array(repeating: 1.0, count: count) + Array(repeating: 0.0, count: count)
    return try logits.binaryCrossEntropy(Tensor.of(truth, [2 * count], on: student.device).to(student.scalarType))
  }
}
