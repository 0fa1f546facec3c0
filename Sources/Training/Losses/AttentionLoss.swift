package import Networks
package import Tensors

/// Attention distillation: the student's self-attention should look where the pose says.
///
/// - Source: methods.md 2, 6.1 and 6.2.
package enum AttentionLoss {
  /// The average attention each position receives, as a distribution, [N, P].
  ///
  /// - Parameters:
  ///   - attention: [N, P, keys], rows sum to 1.
  ///   - positions: extent of the P queries.
  ///   - keys: extent of the keys; sub-sampled ones are interpolated bilinearly to the queries' extent.
  /// - Returns: rows that sum to 1.
  /// - Throws: `TensorError`.
  package static func marginal(_ attention: Tensor, positions: Extent, keys: Extent) throws(TensorError) -> Tensor {
    let received = try attention.mean([1])
    guard keys != positions else { return received }
    precondition(keys.frames == positions.frames, "keys are sub-sampled in space only")
    let rows = interpolation(from: keys.height, to: positions.height)
    let columns = interpolation(from: keys.width, to: positions.width)
    var matrix = [Double](repeating: 0, count: keys.height * keys.width * positions.height * positions.width)
    for y in 0..<positions.height {
      for x in 0..<positions.width {
        for v in 0..<keys.height {
          for u in 0..<keys.width {
            matrix[((v * keys.width + u) * positions.height + y) * positions.width + x] = rows[y][v] * columns[x][u]
          }
        }
      }
    }
    let plane = positions.height * positions.width
    let spread = try Tensor.of(matrix, [keys.height * keys.width, plane], on: attention.device)
      .to(attention.scalarType)
    let batch = attention.shape[0]
    let wide = try received.reshaped([batch * keys.frames, keys.height * keys.width]).matmul(spread)
      .reshaped([batch, positions.count])
    return try distribution(wide)
  }

  /// Weights of linear interpolation with half-pixel centres, one row per output.
  private static func interpolation(from: Int, to: Int) -> [[Double]] {
    (0..<to).map { output in
      let place = min(max((Double(output) + 0.5) * Double(from) / Double(to) - 0.5, 0), Double(from - 1))
      let low = Int(place)
      var weights = [Double](repeating: 0, count: from)
      weights[low] = 1 - (place - Double(low))
      if low + 1 < from { weights[low + 1] = place - Double(low) }
      return weights
    }
  }

  /// Rows divided by their sums, [N, P].
  package static func distribution(_ map: Tensor) throws(TensorError) -> Tensor {
    let flat = try map.reshaped([map.shape[0], -1])
    return try flat / flat.sum([1], keepingAxes: true)
  }

  /// P · mean of the squared differences of two distributions [N, P].
  ///
  /// Entries are about 1/P, so their plain mean square would vanish.
  package static func meanSquares(student: Tensor, teacher: Tensor) throws(TensorError) -> Tensor {
    try (student - teacher).squared().mean() * Double(student.shape[1])
  }

  /// KL(teacher || student) of two distributions [N, P], averaged over clips.
  package static func divergence(student: Tensor, teacher: Tensor) throws(TensorError) -> Tensor {
    // The floor avoids an infinite logarithm at positions nobody looks at.
    let logs = try (teacher + floor).log() - (student + floor).log()
    return try (teacher * logs).sum([1]).mean()
  }

  private static let floor = 1e-12

  /// As in the released code: the sum of squared differences of the raw maps [N, P].
  package static func released(student: Tensor, teacher: Tensor) throws(TensorError) -> Tensor {
    try (student - teacher.reshaped(student.shape)).squared().sum()
  }
}
