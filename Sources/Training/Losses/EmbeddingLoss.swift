package import Tensors

/// VPN's spatial embedding loss and attention regulariser.
///
/// - Source: methods.md 4.1.
package enum EmbeddingLoss {
  /// L_e with unit vectors: a pair's squared distance, and for negatives the amount by which they are closer than the
  /// margin.
  ///
  /// mean_n d²(v_n, p_n) + mean_{n≠m} max(0, margin - d²(v_n, p_m)), d² in [0, 4]. Without the second term, the same
  /// constant vector for everything would be a minimum.
  ///
  /// - Parameters:
  ///   - video: [N, D], of any length.
  ///   - pose: [N, D] of the same clips.
  ///   - margin: minimum squared distance of negatives.
  /// - Returns: a single value.
  /// - Throws: `TensorError`.
  package static func contrastive(video: Tensor, pose: Tensor, margin: Double) throws(TensorError) -> Tensor {
    let count = video.shape[0]
    let similarity = try video.normalized().matmul(pose.normalized().transposed(0, 1))
    let distances = try similarity.affine(-2, 2)
    let same = try Tensor.identity(count, like: video)
    let pairs = try (distances * same).sum() * (1 / Double(count))
    guard count > 1 else { return pairs }
    let near = try distances.affine(-1, margin).relu()
    let negatives = try (near * same.affine(-1, 1)).sum() * (1 / Double(count * (count - 1)))
    return try pairs + negatives
  }

  /// L_e as in the released code: the squared sum of absolute differences of sigmoids, positive pairs only.
  package static func released(video: Tensor, pose: Tensor) throws(TensorError) -> Tensor {
    try (video.sigmoid() - pose.sigmoid()).abs().sum([1]).squared().mean()
  }

  /// L_a: how far the sum of each clip's attention is from 1, mean_n (1 - Σ A[n])².
  package static func regularizer(_ attention: Tensor) throws(TensorError) -> Tensor {
    try attention.reshaped([attention.shape[0], -1]).sum([1]).affine(-1, 1).squared().mean()
  }

  /// L_a as in the released code: (1 - Σ A)² over the whole batch.
  package static func releasedRegularizer(_ attention: Tensor) throws(TensorError) -> Tensor {
    try attention.sum().affine(-1, 1).squared()
  }
}

extension Tensor {
  /// The identity matrix [n, n] with the type and device of another tensor.
  static func identity(_ n: Int, like other: Tensor) throws(TensorError) -> Tensor {
    var values = [Double](repeating: 0, count: n * n)
    for index in 0..<n { values[index * n + index] = 1 }
    return try Tensor.of(values, [n, n], on: other.device).to(other.scalarType)
  }
}
