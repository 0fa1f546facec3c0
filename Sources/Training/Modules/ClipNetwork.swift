package import Networks
package import Tensors

/// I3D with or without a Non-Local block, built from the same description as the live engine.
///
/// Clips [N, 3, T, H, W] in [-1, 1] → logits [N, K]. A clip may be longer than the network's: then the logits are for
/// its middle, whose trunk sees the frames before and after instead of zeros.
///
/// - Source: methods.md 1, 2 and 7.
package struct ClipNetwork {
  /// The logits, and what the distillation losses need.
  package struct Output {
    /// Mixed_5c, [N, 1024, T/8, H/32, W/32].
    package var features: Tensor
    /// Attention of the Non-Local block, [N, queries, keys], rows sum to 1.
    package var attention: Tensor?
    /// Pooled features after dropout, [N, 1024, steps, 1, 1].
    package var pooled: Tensor
    /// [N, K].
    package var logits: Tensor
    /// Every endpoint by name, if recorded.
    package var endpoints: [String: Tensor] = [:]
  }

  package let network: StudentNetwork
  package let graph: NetworkGraph
  package let parameters: ParameterStore

  private let momentum: Double
  /// Parts of the trunk whose weights and statistics are frozen.
  private let frozenParts: Set<String>

  /// Momentum of the Non-Local block's batch norm, PyTorch's default.
  private static let blockMomentum = 0.1
  /// Momentum of the trunk's batch norms, as published.
  package static let publishedMomentum = 0.01

  /// - Parameters:
  ///   - network: the network to build.
  ///   - source: initial values.
  ///   - device: where the tensors are stored.
  ///   - momentum: momentum of the trunk's running statistics.
  ///   - firstLearned: the first part of I3D that is trained, one of `parts`; earlier parts keep their weights and
  ///     statistics and need no gradients. `nil` trains all.
  /// - Throws: what `source` throws, or `TensorError`.
  package init(
    _ network: StudentNetwork, from source: some ParameterSource, on device: Device,
    momentum: Double = ClipNetwork.publishedMomentum, trainingFrom firstLearned: String? = nil
  ) throws {
    self.network = network
    self.momentum = momentum
    graph = try network.graph()
    parameters = try ParameterStore(graph.parameters, from: source, on: device)
    let parts = Self.parts(of: graph)
    let frozen = Set(firstLearned.map { first in parts.prefix { $0 != first } } ?? [])
    frozenParts = frozen
    try parameters.freeze { frozen.contains(Self.part(of: $0.name)) }
  }

  /// The parts of a network with learned tensors, from the stem to the classifier, such as `Mixed_4f`.
  package static func parts(of graph: NetworkGraph) -> [String] {
    graph.parameters.reduce(into: []) { parts, parameter in
      if parts.last != part(of: parameter.name) { parts.append(part(of: parameter.name)) }
    }
  }

  private static func part(of name: String) -> String { String(name.prefix { $0 != "." }) }

  /// - Parameters:
  ///   - clips: [N, 3, T, H, W]; T is the network's, or longer by a multiple of 16.
  ///   - mode: evaluation or training.
  ///   - modulation: VPN's attention [N, 1, T/8, H/32, W/32], which modulates Mixed_5c: f·A + f.
  ///   - recording: keeps every endpoint.
  /// - Returns: logits and what distillation compares.
  /// - Throws: `TensorError`.
  package func callAsFunction(
    _ clips: Tensor, _ mode: ForwardMode, modulatedBy modulation: Tensor? = nil, recording: Bool = false
  ) throws(TensorError) -> Output {
    var values: [Tensor?] = []
    let lastUse = lastUses
    var output = Output(features: clips, pooled: clips, logits: clips)
    var endpoints: [String: Tensor] = [:]
    for (index, node) in graph.nodes.enumerated() {
      let inputs = node.inputs.map { input in
        guard let value = values[input] else { preconditionFailure("\(node.name) reads a released value") }
        return value
      }
      var value: Tensor
      switch node.operation {
      case .input: value = clips
      case .convolution(let layer): value = try unit(layer, inputs[0], mode)
      case .maxPool(let layer): value = try pool(layer, inputs[0])
      case .concatenate: value = try Tensor.concatenated(inputs, 1)
      case .nonLocal(let block):
        let (attention, attended) = try attend(block, inputs[0], mode)
        output.attention = attention
        value = attended
      case .averagePool(let window):
        value = try inputs[0].averagePooled([window.frames, window.height, window.width])
      case .stepClassifier(let layer): value = try classify(layer, inputs[0])
      case .meanOverSteps: value = try inputs[0].mean([2, 3, 4])
      }
      switch node.name {
      case Self.trunkEnd:
        let surplus = value.shape[2] - node.shape.extent.frames
        if surplus > 0 { value = try value.narrowed(2, from: surplus / 2, count: node.shape.extent.frames) }
        output.features = value
        if let modulation { value = try value * modulation + value }
      case StudentNetwork.Endpoint.averagePool:
        if mode.dropout > 0 { value = try value.dropout(mode.dropout) }
        output.pooled = value
      case StudentNetwork.Endpoint.logits: output.logits = value
      default: break
      }
      if recording { endpoints[node.name] = value }
      values.append(value)
      // Without gradients, this keeps memory use low.
      for input in node.inputs where lastUse[input] == index { values[input] = nil }
    }
    output.endpoints = endpoints
    return output
  }

  /// The last layer of the trunk.
  private static let trunkEnd = I3D.lastLayer

  /// Extent of Mixed_5c: the positions that attend and are attended to.
  package var positions: Extent {
    guard let node = graph.node(named: Self.trunkEnd) else { preconditionFailure("I3D ends in \(Self.trunkEnd)") }
    return node.shape.extent
  }

  /// Extent of the attention's keys.
  package var keys: Extent {
    for case .nonLocal(let block) in graph.nodes.map(\.operation) { return block.keyExtent(positions) }
    return positions
  }

  /// Channels of Mixed_5c.
  package var channels: Int { graph.node(named: Self.trunkEnd)?.shape.channels ?? 0 }

  /// Average-pools Mixed_5c as the head does, [N, C, T/8, H/32, W/32] → [N, C · steps], channel-major.
  package func pooled(_ features: Tensor) throws(TensorError) -> Tensor {
    try features.averagePooled([2, positions.height, positions.width])
      .reshaped([features.shape[0], channels * network.steps])
  }

  private var lastUses: [Int: Int] {
    var uses: [Int: Int] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for input in node.inputs { uses[input] = index }
    }
    return uses
  }

  private func unit(_ layer: Convolution3D, _ x: Tensor, _ mode: ForwardMode) throws(TensorError) -> Tensor {
    let padding = layer.padded(x.extent).padding
    let bias: Tensor? = if let bias = layer.bias { parameters[bias] } else { nil }
    let y = try x.convolved(
      parameters[layer.weight], bias: bias, stride: layer.stride.axes, padding: padding.front.axes,
      paddingBehind: padding.back.axes)
    if let normalization = layer.normalization {
      var mode = mode
      if frozenParts.contains(Self.part(of: layer.weight.name)) { mode.usesBatchStatistics = false }
      return try y.normalized(normalization, parameters, momentum: momentum, mode, relu: layer.hasReLU)
    }
    return layer.hasReLU ? try y.reluInPlace() : y
  }

  private func pool(_ layer: MaxPool3D, _ x: Tensor) throws(TensorError) -> Tensor {
    let padding = layer.padded(x.extent).padding
    if padding.front == padding.back {
      return try x.maxPooled(
        layer.kernel.axes, stride: layer.stride.axes, padding: padding.front.axes, overhanging: false)
    }
    // Pooled values are never negative, so a window that extends over the edge equals zero padding.
    if padding.front == Extent(0) {
      return try x.maxPooled(layer.kernel.axes, stride: layer.stride.axes, padding: [0, 0, 0], overhanging: true)
    }
    return try x.padded(padding)
      .maxPooled(layer.kernel.axes, stride: layer.stride.axes, padding: [0, 0, 0], overhanging: false)
  }

  /// The Non-Local block: attention [N, queries, keys] and z = x + BN(W(A·g)).
  private func attend(_ block: NonLocalBlock, _ x: Tensor, _ mode: ForwardMode) throws(TensorError) -> (
    attention: Tensor, output: Tensor
  ) {
    let extent = x.extent
    let batch = x.shape[0]
    func embed(_ layer: [ParameterDescription]) throws(TensorError) -> Tensor {
      try x.convolved(parameters[layer[0]], bias: parameters[layer[1]], stride: [1, 1, 1], padding: [0, 0, 0])
    }
    func subSampled(_ y: Tensor) throws(TensorError) -> Tensor {
      guard block.subSampled else { return y }
      return try y.maxPooled([1, 2, 2], stride: [1, 2, 2], padding: [0, 0, 0], overhanging: false)
    }
    let theta = try embed(block.theta)
    let phi = try subSampled(embed(block.phi))
    let g = try subSampled(embed(block.g))
    let (queries, keys) = (extent.count, block.keyExtent(extent).count)
    // The scores are unscaled sums over hundreds of channels: bfloat16 would be too coarse.
    let (attention, mixed) = try withAutocast(false, on: x.device) { () throws(TensorError) in
      func rows(_ y: Tensor, _ count: Int) throws(TensorError) -> Tensor {
        try y.to(.float32).reshaped([batch, block.inner, count]).transposed(1, 2)
      }
      let scores = try rows(theta, queries).matmul(rows(phi, keys).transposed(1, 2))
      let attention = try scores.softmax(2)
      return (attention, try attention.matmul(rows(g, keys)))
    }
    let y = try mixed.transposed(1, 2)
      .reshaped([batch, block.inner, extent.frames, extent.height, extent.width]).channelsLast()
    let projected = try y.convolved(
      parameters[block.output[0]], bias: parameters[block.output[1]], stride: [1, 1, 1], padding: [0, 0, 0])
    return (
      attention, try x + projected.normalized(block.normalization, parameters, momentum: Self.blockMomentum, mode)
    )
  }

  /// The fully connected layer over steps, [N, K, S, 1, 1] → [N, K]; several positions are averaged.
  private func classify(_ layer: StepClassifier, _ x: Tensor) throws(TensorError) -> Tensor {
    let (batch, steps) = (x.shape[0], x.shape[2])
    var positions: [Tensor] = []
    for position in 0...(steps - layer.steps) {
      // Class-major, index = class · steps + t, as published.
      let window = try x.narrowed(2, from: position, count: layer.steps)
        .reshaped([batch, layer.classes * layer.steps])
      positions.append(
        try window.linear(parameters[layer.weight], parameters[layer.bias]).reshaped([batch, layer.classes, 1]))
    }
    return try Tensor.concatenated(positions, 2).mean([2])
  }
}

extension Tensor {
  /// Frames, height and width of [N, C, T, H, W].
  var extent: Extent {
    let shape = shape
    return Extent(shape[2], shape[3], shape[4])
  }

  fileprivate func padded(_ padding: Padding) throws(TensorError) -> Tensor {
    try padded([
      (padding.front.width, padding.back.width), (padding.front.height, padding.back.height),
      (padding.front.frames, padding.back.frames),
    ])
  }
}

extension Extent {
  var axes: [Int] { [frames, height, width] }
}
