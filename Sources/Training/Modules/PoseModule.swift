package import Networks
package import Tensors

/// AGCN as a trainable network.
///
/// Poses [N, 3, T, V, M] → [N, features].
///
/// - Source: methods.md 3.3 and 3.4.
package struct PoseModule {
  package let network: PoseNetwork
  package let parameters: ParameterStore
  /// The fixed adjacency [3, V, V].
  private let adjacency: Tensor

  private static let momentum = 0.1

  /// - Parameters:
  ///   - network: the network to build.
  ///   - heads: additional tensors stored with it: a classifier, an attention.
  ///   - source: initial values.
  ///   - device: where the tensors are stored.
  /// - Throws: what `source` throws, or `TensorError`.
  package init(
    _ network: PoseNetwork, heads: [ParameterDescription], from source: some ParameterSource, on device: Device
  ) throws {
    self.network = network
    parameters = try ParameterStore(network.parameters + heads, from: source, on: device)
    let joints = network.graph.jointCount
    adjacency = try Tensor.of(network.graph.adjacency, [GraphBlock.subsets, joints, joints], on: device)
  }

  /// - Parameters:
  ///   - poses: [N, 3, T, V, M].
  ///   - mode: evaluation or training.
  /// - Returns: pooled features [N, C], and the last block's output [N·M, C, T', V].
  /// - Throws: `TensorError`.
  package func callAsFunction(_ poses: Tensor, _ mode: ForwardMode) throws(TensorError) -> (
    features: Tensor, lastBlock: Tensor
  ) {
    let shape = poses.shape
    let (batch, frames, joints, bodies) = (shape[0], shape[2], shape[3], shape[4])
    precondition(joints == network.graph.jointCount && bodies == network.bodies, "the poses have another skeleton")
    // Channel (body · V + joint) · 3 + coordinate.
    let flat = try poses.permuted([0, 4, 3, 1, 2]).reshaped([batch, bodies * joints * 3, frames])
    let data = try flat.normalized(network.dataNormalization, parameters, momentum: Self.momentum, mode)
    var x = try data.reshaped([batch, bodies, joints, 3, frames]).permuted([0, 1, 3, 4, 2])
      .reshaped([batch * bodies, 3, frames, joints])
    for block in network.blocks { x = try run(block, x, mode) }
    let channels = x.shape[1]
    let features = try x.reshaped([batch, bodies, channels, -1]).mean([1, 3])
    return (features, x)
  }

  private func run(_ block: GraphBlock, _ x: Tensor, _ mode: ForwardMode) throws(TensorError) -> Tensor {
    let graph = try convolveGraph(block, x, mode)
    let (convolution, normalization) = block.temporal
    var y = try convolve(convolution, graph, stride: block.stride)
      .normalized(normalization, parameters, momentum: Self.momentum, mode)
    if let (convolution, normalization) = block.residual {
      y =
        try y
        + convolve(convolution, x, stride: block.stride)
        .normalized(normalization, parameters, momentum: Self.momentum, mode)
    } else if block.hasResidual {
      y = try y + x
    }
    return try y.relu()
  }

  /// The adaptive graph convolution: the sum of fixed, learned and data-dependent adjacency.
  private func convolveGraph(_ block: GraphBlock, _ x: Tensor, _ mode: ForwardMode) throws(TensorError) -> Tensor {
    let shape = x.shape
    let (batch, channels, frames, joints) = (shape[0], shape[1], shape[2], shape[3])
    var sum: Tensor?
    let flat = try x.reshaped([batch, channels * frames, joints])
    let learned = parameters[block.adjacency]
    for subset in 0..<GraphBlock.subsets {
      let fixed = try (adjacency + learned).narrowed(0, from: subset, count: 1)
      let received = try flat.matmul(similarity(block, subset, x) + fixed)
        .reshaped([batch, channels, frames, joints])
      let z = try convolve(block.projection(subset), received)
      sum = if let sum { try sum + z } else { z }
    }
    guard let sum else { preconditionFailure("a graph convolution has subsets") }
    let normalized = try sum.normalized(block.graphNormalization, parameters, momentum: Self.momentum, mode)
    guard let (convolution, normalization) = block.down else { return try (normalized + x).relu() }
    let down = try convolve(convolution, x).normalized(normalization, parameters, momentum: Self.momentum, mode)
    return try (normalized + down).relu()
  }

  /// C_k, how similar each joint is to the others in this clip, [N·M, V, V]; columns sum to 1.
  func similarity(_ block: GraphBlock, _ subset: Int, _ x: Tensor) throws(TensorError) -> Tensor {
    let (batch, frames, joints) = (x.shape[0], x.shape[2], x.shape[3])
    let size = block.embedding * frames
    let p = try convolve(block.embeddingA(subset), x).permuted([0, 3, 1, 2]).reshaped([batch, joints, size])
    let r = try convolve(block.embeddingB(subset), x).reshaped([batch, size, joints])
    return try (p.matmul(r) * (1 / Double(size))).softmax(1)
  }

  private func convolve(_ layer: PointConvolution, _ x: Tensor, stride: Int = 1) throws(TensorError) -> Tensor {
    try x.convolved(
      parameters[layer.weight], bias: parameters[layer.bias], stride: [stride, 1], padding: [(layer.frames - 1) / 2, 0])
  }
}
