import Basics
package import Tensors

/// Unit embeddings of every training clip when it was last seen, for both sides of the contrast.
///
/// Rows have no gradient. All ranks hold the same bank: each one stores the rows of all.
///
/// - Source: methods.md 5.1.
package final class MemoryBank {
  package let rows: Int
  package let dimension: Int
  /// [M, D] each.
  package let student: Tensor
  package let teacher: Tensor
  /// Share of the old row that is kept.
  package let momentum: Double
  /// Estimates of the student's and the teacher's partition function, [2]; zeros until `keep`.
  package let partitions: Tensor
  /// Whether they have been estimated; read once, because a checkpoint may contain them.
  private var knowsPartitions: Bool?

  /// - Parameters:
  ///   - rows: number of clips in the training set.
  ///   - dimension: length of the embeddings.
  ///   - momentum: share of the old row that is kept.
  ///   - seed: for the initial rows, uniform within ±1/√(D/3).
  ///   - device: where the rows are stored.
  /// - Throws: `TensorError`.
  package init(rows: Int, dimension: Int, momentum: Double = 0.5, seed: UInt64, on device: Device) throws(TensorError) {
    precondition(rows > 0 && dimension > 0)
    self.rows = rows
    self.dimension = dimension
    self.momentum = momentum
    func first(_ name: String) throws(TensorError) -> Tensor {
      var random = SplitMix64(seed: seed, name: name)
      let bound = 1 / (Float(dimension) / 3).squareRoot()
      let values = (0..<rows * dimension).map { _ in Float.random(in: -bound...bound, using: &random) }
      return try Tensor.of(values, [rows, dimension], on: device)
    }
    partitions = try Tensor.zeros([2], on: device)
    student = try first("student")
    teacher = try first("teacher")
  }

  /// Whether the partition functions have been estimated.
  package var hasPartitions: Bool {
    get throws(TensorError) {
      if let knowsPartitions { return knowsPartitions }
      let known = try partitions.doubles()[0] > 0
      knowsPartitions = known
      return known
    }
  }

  /// Stores estimates of the partition functions, [2].
  package func keep(partitions estimates: Tensor) throws(TensorError) {
    try partitions.assign(estimates)
    knowsPartitions = true
  }

  /// Rows to contrast a clip with, drawn with replacement from all rows that `allows` accepts.
  ///
  /// A draw depends only on the clip and the step, so any number of ranks draws the same.
  package func negatives(of row: Int, count: Int, seed: UInt64, step: Int, allows: (Int) -> Bool) -> [Int64] {
    var random = SplitMix64(seed: seed ^ UInt64(truncatingIfNeeded: step &* rows &+ row), name: "negatives")
    return (0..<count).map { _ in
      var drawn = Int.random(in: 0..<rows, using: &random)
      // A set with a single class has no other row to draw.
      for _ in 0..<64 where drawn == row || !allows(drawn) { drawn = Int.random(in: 0..<rows, using: &random) }
      return Int64(drawn)
    }
  }

  /// Moves a batch's rows towards its embeddings, and normalises them again.
  ///
  /// - Parameters:
  ///   - indices: rows [N], int64.
  ///   - studentRows: unit embeddings [N, D].
  ///   - teacherRows: unit embeddings [N, D].
  ///   - group: ranks whose batches are stored together.
  /// - Throws: `TensorError`.
  package func update(
    _ indices: Tensor, student studentRows: Tensor, teacher teacherRows: Tensor, over group: ProcessGroup?
  )
    throws(TensorError)
  {
    try withoutGradients { () throws(TensorError) in
      var (indices, studentRows, teacherRows) = (indices, try studentRows.to(.float32), try teacherRows.to(.float32))
      if let group {
        indices = try group.gather(indices)
        studentRows = try group.gather(studentRows)
        teacherRows = try group.gather(teacherRows)
      }
      for (bank, rows) in [(student, studentRows), (teacher, teacherRows)] {
        let moved = try (bank.rows(indices) * momentum + rows * (1 - momentum)).normalized()
        try bank.assignRows(indices, moved)
      }
    }
  }
}
