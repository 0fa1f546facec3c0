import CTorch

extension Tensor {
  /// Convolution over the 2 or 3 axes after [N, C].
  ///
  /// - Parameters:
  ///   - weight: [out, in, kernel…].
  ///   - bias: [out], if any.
  ///   - stride: one number per axis.
  ///   - padding: zeros before, one number per axis.
  ///   - paddingBehind: zeros after, as many as before if `nil`.
  /// - Returns: [N, out, …].
  /// - Throws: `TensorError` if shapes do not fit.
  package func convolved(
    _ weight: Tensor, bias: Tensor?, stride: [Int], padding: [Int], paddingBehind: [Int]? = nil
  ) throws(TensorError) -> Tensor {
    try unsafe Tensor(
      "convolution",
      withExtendedLifetime(bias) {
        unsafe ctorch_convolution(
          handle, weight.handle, bias?.handle, dimensions(stride), dimensions(padding),
          dimensions(paddingBehind ?? padding), CInt(stride.count))
      })
  }

  /// `self · weightᵀ + bias`, weight [out, in].
  package func linear(_ weight: Tensor, _ bias: Tensor?) throws(TensorError) -> Tensor {
    try unsafe Tensor(
      "linear", withExtendedLifetime(bias) { unsafe ctorch_linear(handle, weight.handle, bias?.handle) })
  }

  /// Maximum over windows of 2 or 3 axes.
  ///
  /// - Parameters:
  ///   - kernel: the window, one number per axis.
  ///   - stride: one number per axis.
  ///   - padding: minus infinity on both sides, at most half a kernel.
  ///   - overhanging: lets the last window extend over the edge.
  /// - Returns: the pooled tensor.
  /// - Throws: `TensorError` if shapes do not fit.
  package func maxPooled(_ kernel: [Int], stride: [Int], padding: [Int], overhanging: Bool) throws(TensorError)
    -> Tensor
  {
    try unsafe Tensor(
      "max_pool",
      ctorch_max_pool(
        handle, dimensions(kernel), dimensions(stride), dimensions(padding), CInt(kernel.count), overhanging))
  }

  /// Mean over windows of 3 axes, stride 1.
  package func averagePooled(_ kernel: [Int]) throws(TensorError) -> Tensor {
    try unsafe Tensor("avg_pool3d", ctorch_average_pool3d(handle, dimensions(kernel)))
  }

  /// Batch normalisation over all axes but the second.
  ///
  /// - Parameters:
  ///   - scale: gamma [C].
  ///   - offset: beta [C].
  ///   - mean: running mean [C]; updated in place if `usingBatch`.
  ///   - variance: running variance [C]; updated in place if `usingBatch`.
  ///   - usingBatch: normalises with the batch's own statistics.
  ///   - momentum: weight of the batch in the running statistics.
  ///   - epsilon: added to the variance.
  ///   - relu: replaces negative values with zero.
  /// - Returns: the normalised tensor.
  /// - Throws: `TensorError` if shapes do not fit.
  package func batchNormalized(
    scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor, usingBatch: Bool, momentum: Double, epsilon: Double,
    relu: Bool = false
  ) throws(TensorError) -> Tensor {
    try unsafe Tensor(
      "batch_norm",
      ctorch_batch_norm(
        handle, scale.handle, offset.handle, mean.handle, variance.handle, usingBatch, momentum, epsilon, relu))
  }

  /// Sets values to zero with `probability` and scales up the others, using libtorch's own random numbers.
  package func dropout(_ probability: Double) throws(TensorError) -> Tensor {
    try unsafe Tensor("dropout", ctorch_dropout(handle, probability))
  }

  /// Mean of -log softmax(self)[class] over rows.
  ///
  /// - Parameters:
  ///   - classes: [N], int64.
  ///   - smoothing: share of the target that is spread over all classes.
  /// - Returns: a scalar.
  /// - Throws: `TensorError` if shapes do not fit.
  package func crossEntropy(_ classes: Tensor, smoothing: Double = 0) throws(TensorError) -> Tensor {
    try unsafe Tensor("cross_entropy", ctorch_cross_entropy(handle, classes.handle, smoothing))
  }

  /// Mean binary cross-entropy between logits and targets in [0, 1].
  package func binaryCrossEntropy(_ targets: Tensor) throws(TensorError) -> Tensor {
    try unsafe Tensor("binary_cross_entropy", ctorch_binary_cross_entropy(handle, targets.handle))
  }
}
