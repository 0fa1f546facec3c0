package import Networks
package import Tensors

/// Pose-driven attention on a pose network's features.
///
/// - Source: methods.md 6.1, and 4.1 for the hidden layers.
package struct AttentionModule {
  /// The attention, and what it was computed from.
  package struct Output {
    /// A_S · A_T, [N, T/8, H/32, W/32]; sigmoid over space, softmax over time.
    package var map: Tensor
    /// A_S [N, H·W/1024].
    package var spatial: Tensor
    /// A_T [N, T/8].
    package var temporal: Tensor
    /// z1 [N, 256], if there are hidden layers.
    package var hidden: Tensor?
  }

  package let attention: PoseAttention
  /// The pose network's tensors, including the heads'.
  private let parameters: ParameterStore

  package init(_ attention: PoseAttention, in parameters: ParameterStore) {
    self.attention = attention
    self.parameters = parameters
  }

  /// `pose` [N, inputs] → attention.
  package func callAsFunction(_ pose: Tensor) throws(TensorError) -> Output {
    let hidden: Tensor? =
      if let layer = attention.hiddenSpatial { try pose.linear(layer, parameters).tanh() } else { nil }
    let temporalInput: Tensor =
      if let layer = attention.hiddenTemporal { try pose.linear(layer, parameters).tanh() } else { pose }
    let spatial = try (hidden ?? pose).linear(attention.spatial, parameters).sigmoid()
    let temporal = try temporalInput.linear(attention.temporal, parameters).softmax(1)
    let map =
      try spatial.reshaped([-1, 1, attention.height, attention.width])
      * temporal.reshaped([-1, attention.frames, 1, 1])
    return Output(map: map, spatial: spatial, temporal: temporal, hidden: hidden)
  }
}
