import Networks
package import Tensors

/// How a network is run: for its outputs, or to learn.
package struct ForwardMode {
  /// Fraction of features that dropout sets to zero; 0 disables it.
  package var dropout: Double
  /// Whether batch norms use the batch's statistics and update the running ones; otherwise the running ones are used
  /// unchanged.
  package var usesBatchStatistics: Bool
  /// Ranks whose batches count as one in batch norms; `nil` treats each rank separately.
  package var synchronizing: ProcessGroup?
  /// Weight of the batch in running statistics; `nil` uses each layer's own.
  package var momentum: Double?

  package init(dropout: Double, usesBatchStatistics: Bool, synchronizing: ProcessGroup? = nil) {
    self.dropout = dropout
    self.usesBatchStatistics = usesBatchStatistics
    self.synchronizing = synchronizing
  }

  package static var evaluation: ForwardMode { ForwardMode(dropout: 0, usesBatchStatistics: false) }

  /// The same mode, collecting statistics in which this batch has the given weight.
  func observing(share: Double) -> ForwardMode {
    var mode = ForwardMode(dropout: 0, usesBatchStatistics: usesBatchStatistics, synchronizing: synchronizing)
    mode.momentum = share
    return mode
  }
}

extension Tensor {
  /// Batch norm according to its description, optionally followed by ReLU.
  func normalized(
    _ layer: BatchNormalization, _ parameters: ParameterStore, momentum: Double, _ mode: ForwardMode,
    relu: Bool = false
  ) throws(TensorError) -> Tensor {
    let (scale, offset) = (parameters[layer.scale], parameters[layer.offset])
    let (mean, variance) = (parameters[layer.mean], parameters[layer.variance])
    let momentum = mode.momentum ?? momentum
    if mode.usesBatchStatistics, let group = mode.synchronizing {
      let normalized = try group.batchNormalized(
        self, scale: scale, offset: offset, mean: mean, variance: variance, momentum: momentum,
        epsilon: Double(layer.epsilon))
      return relu ? try normalized.reluInPlace() : normalized
    }
    return try batchNormalized(
      scale: scale, offset: offset, mean: mean, variance: variance, usingBatch: mode.usesBatchStatistics,
      momentum: momentum, epsilon: Double(layer.epsilon), relu: relu)
  }

  func linear(_ layer: LinearLayer, _ parameters: ParameterStore) throws(TensorError) -> Tensor {
    try linear(parameters[layer.weight], parameters[layer.bias])
  }
}
