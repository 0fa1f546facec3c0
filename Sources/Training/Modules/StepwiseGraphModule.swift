package import Networks
package import Tensors

/// The released VPN's pose backbone as a trainable network.
///
/// Poses [N, 3, 16, V, 1] → [N, 128].
///
/// - Source: methods.md 4.1.
package struct StepwiseGraphModule {
  package let network: StepwiseGraphNetwork
  package let parameters: ParameterStore
  private let adjacency: Tensor

  /// Keras' momentum 0.99, in PyTorch's convention.
  private static let momentum = 0.01
  private static let graphDropout = 0.3
  private static let featureDropout = 0.5

  package init(
    _ network: StepwiseGraphNetwork, heads: [ParameterDescription], from source: some ParameterSource, on device: Device
  ) throws {
    self.network = network
    parameters = try ParameterStore(network.parameters + heads, from: source, on: device)
    let joints = network.graph.jointCount
    adjacency = try Tensor.of(network.graph.weightedAdjacency, [joints, joints], on: device)
  }

  package func callAsFunction(_ poses: Tensor, _ mode: ForwardMode) throws(TensorError) -> Tensor {
    let shape = poses.shape
    let (batch, joints) = (shape[0], shape[3])
    precondition(shape[2] == StepwiseGraphNetwork.steps, "the network reads \(StepwiseGraphNetwork.steps) poses")
    func dropped(_ x: Tensor, _ probability: Double) throws(TensorError) -> Tensor {
      mode.dropout > 0 ? try x.dropout(probability) : x
    }
    // The first body only: [N, T, V, 3].
    let body = try poses.narrowed(4, from: 0, count: 1).reshaped([batch, 3, StepwiseGraphNetwork.steps, joints])
      .permuted([0, 2, 3, 1])
    var steps: [Tensor] = []
    for step in 0..<StepwiseGraphNetwork.steps {
      let x = try body.narrowed(1, from: step, count: 1).reshaped([batch, joints, 3])
      let both = try Tensor.concatenated([x, adjacency.matmul(x)], 2)
      let h = try dropped(both.linear(network.graphLayer(step), parameters).elu(), Self.graphDropout)
      steps.append(try Tensor.concatenated([h, x], 2).reshaped([batch, 1, joints, -1]))
    }
    var x = try Tensor.concatenated(steps, 1).permuted([0, 3, 1, 2])
    for (index, layer) in network.convolutions.enumerated() {
      x = try x.normalized(layer.normalization, parameters, momentum: Self.momentum, mode)
        .convolved(parameters[layer.weight], bias: parameters[layer.bias], stride: [1, 1], padding: [1, 1]).relu()
      if index > 0 { x = try x.maxPooled([2, 2], stride: [2, 2], padding: [0, 0], overhanging: false) }
    }
    x = try dropped(
      x.normalized(network.lastNormalization, parameters, momentum: Self.momentum, mode), Self.featureDropout)
    // Time, joints, channels: the order expected by the published dense layer.
    let flat = try x.permuted([0, 2, 3, 1]).reshaped([batch, -1])
    let first = try flat.linear(network.first, parameters).relu()
    return try dropped(first.linear(network.second, parameters).relu(), Self.graphDropout)
  }
}
