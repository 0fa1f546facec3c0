import Networks
package import Tensors

/// How a network is run: for its outputs, or to learn.
package struct ForwardMode {
  /// Share of features that dropout sets to zero; 0 switches it off.
  package var dropout: Double
  /// Batch norms use and update the batch's statistics; otherwise the running ones hold still.
  package var usesBatchStatistics: Bool
  /// Ranks whose batches count as one in batch norms; `nil` keeps each rank's own.
  package var synchronizing: ProcessGroup?
  /// Share of the batch in running statistics; `nil` takes each layer's own.
  package var momentum: Double?

  package init(dropout: Double, usesBatchStatistics: Bool, synchronizing: ProcessGroup? = nil) {
    self.dropout = dropout
    self.usesBatchStatistics = usesBatchStatistics
    self.synchronizing = synchronizing
  }

  package static var evaluation: ForwardMode { ForwardMode(dropout: 0, usesBatchStatistics: false) }

  /// The same to collect statistics, of which this batch is to be a share.
  func observing(share: Double) -> ForwardMode {
    var mode = ForwardMode(dropout: 0, usesBatchStatistics: usesBatchStatistics, synchronizing: synchronizing)
    mode.momentum = share
    return mode
  }
}

extension Tensor {
  /// Batch norm by its description, with the ReLU that may follow it.
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
