/// An adaptive graph convolutional network for poses: with 10 blocks a classifier (AGCN-J), with 2 the input of an
/// attention (VPN*).
///
/// Poses [N, 3, T, V, M] → data batch norm → blocks → mean over time, joints and bodies → [N, `features`].
///
/// - Source: 2s-AGCN, joint stream; methods.md 3.
package struct PoseNetwork: Hashable, Codable, Sendable {
  package let graph: SkeletonGraph
  /// Bodies per sample, M.
  package let bodies: Int
  /// Number of blocks: 10 for AGCN-J, 2 for the attention teacher.
  package let blockCount: Int
  /// Factor on every block's channels; 1 is the published network.
  package let width: Double

  package static let published = 10

  package init(graph: SkeletonGraph, bodies: Int? = nil, blockCount: Int = PoseNetwork.published, width: Double = 1) {
    precondition((1...Self.channels.count).contains(blockCount))
    self.graph = graph
    self.bodies = bodies ?? graph.bodies
    self.blockCount = blockCount
    self.width = width
  }

  private static let channels = [64, 64, 64, 64, 128, 128, 128, 256, 256, 256]
  /// Indices, from 0, of the blocks that halve the number of frames.
  private static let halving: Set = [4, 7]

  private func scaled(_ channels: Int) -> Int { WidthMultiplier(width).scaled(channels) }

  /// Channels of the pooled feature: 256 after ten blocks, 64 after two.
  package var features: Int { scaled(Self.channels[blockCount - 1]) }

  /// Batch norm over (body, joint, coordinate), 3·V·M channels.
  package var dataNormalization: BatchNormalization {
    BatchNormalization(name: "data_bn", channels: 3 * graph.jointCount * bodies, epsilon: 1e-5)
  }

  package var blocks: [GraphBlock] {
    (0..<blockCount).map { index in
      GraphBlock(
        name: "l\(index + 1)", inputs: index == 0 ? 3 : scaled(Self.channels[index - 1]),
        outputs: scaled(Self.channels[index]), stride: Self.halving.contains(index) ? 2 : 1, joints: graph.jointCount,
        hasResidual: index > 0)
    }
  }

  /// Classifier for the pooled feature.
  package func classifier(classes: Int) -> LinearLayer {
    LinearLayer(
      name: "fc", inputs: features, outputs: classes,
      initialWeight: .normal(deviation: (2 / Float(classes)).squareRoot()))
  }

  /// All tensors except the classifier's.
  package var parameters: [ParameterDescription] {
    dataNormalization.learned + dataNormalization.statistics + blocks.flatMap(\.parameters)
  }

  /// Multiply-accumulates for one sample of `frames` frames.
  package func multiplyAccumulates(frames: Int) -> Int {
    var time = frames
    return blocks.reduce(0) { sum, block in
      let here = block.multiplyAccumulates(frames: time)
      time = (time + block.stride - 1) / block.stride
      return sum + bodies * here
    }
  }
}

/// One block of AGCN: adaptive graph convolution, temporal convolution, residual.
///
/// - Source: methods.md 3.3 and 3.4.
package struct GraphBlock: Hashable, Sendable {
  package let name: String
  package let inputs: Int
  package let outputs: Int
  package let stride: Int
  package let joints: Int
  package let hasResidual: Bool

  package static let subsets = 3
  package static let temporalKernel = 9

  /// Channels of the two embeddings whose products determine which joints belong together.
  package var embedding: Int { outputs / 4 }

  /// The learned part of the adjacency, [3, V, V].
  package var adjacency: ParameterDescription {
    ParameterDescription(name + ".gcn1.PA", [Self.subsets, joints, joints], initial: .constant(1e-6))
  }

  /// The first of the two embeddings, for one subset of the adjacency.
  package func embeddingA(_ subset: Int) -> PointConvolution {
    PointConvolution(name: name + ".gcn1.conv_a.\(subset)", inputs: inputs, outputs: embedding)
  }

  /// The second of the two embeddings, for one subset of the adjacency.
  package func embeddingB(_ subset: Int) -> PointConvolution {
    PointConvolution(name: name + ".gcn1.conv_b.\(subset)", inputs: inputs, outputs: embedding)
  }

  /// Applied after joints are combined according to one subset of the adjacency.
  package func projection(_ subset: Int) -> PointConvolution {
    PointConvolution(
      name: name + ".gcn1.conv_d.\(subset)", inputs: inputs, outputs: outputs,
      deviation: (2 / Float(outputs * inputs * Self.subsets)).squareRoot())
  }

  /// Gamma starts near zero, so the graph branch does too.
  package var graphNormalization: BatchNormalization {
    BatchNormalization(name: name + ".gcn1.bn", channels: outputs, epsilon: 1e-5, initialScale: 1e-6)
  }

  /// Adapts the input to the output's channels, if they differ.
  package var down: (convolution: PointConvolution, normalization: BatchNormalization)? {
    guard inputs != outputs else { return nil }
    return (
      PointConvolution(name: name + ".gcn1.down.0", inputs: inputs, outputs: outputs),
      BatchNormalization(name: name + ".gcn1.down.1", channels: outputs, epsilon: 1e-5)
    )
  }

  package var temporal: (convolution: PointConvolution, normalization: BatchNormalization) {
    (
      PointConvolution(name: name + ".tcn1.conv", inputs: outputs, outputs: outputs, frames: Self.temporalKernel),
      BatchNormalization(name: name + ".tcn1.bn", channels: outputs, epsilon: 1e-5)
    )
  }

  /// The residual's convolution, if any; otherwise the residual is the identity, or absent.
  package var residual: (convolution: PointConvolution, normalization: BatchNormalization)? {
    guard hasResidual, inputs != outputs || stride != 1 else { return nil }
    return (
      PointConvolution(name: name + ".residual.conv", inputs: inputs, outputs: outputs),
      BatchNormalization(name: name + ".residual.bn", channels: outputs, epsilon: 1e-5)
    )
  }

  package var parameters: [ParameterDescription] {
    let subsets = 0..<Self.subsets
    let convolutions =
      subsets.map(embeddingA) + subsets.map(embeddingB) + subsets.map(projection)
      + [down?.convolution, temporal.convolution, residual?.convolution].compactMap { $0 }
    let normalizations = [graphNormalization, down?.normalization, temporal.normalization, residual?.normalization]
    return [adjacency] + convolutions.flatMap(\.parameters)
      + normalizations.compactMap { $0 }.flatMap { $0.learned + $0.statistics }
  }

  func multiplyAccumulates(frames: Int) -> Int {
    let cells = frames * joints
    let after = (frames + stride - 1) / stride * joints
    let perSubset =
      cells * inputs * 2 * embedding + joints * joints * embedding * frames + cells * joints * inputs
      + cells * inputs * outputs
    var sum = Self.subsets * perSubset + after * outputs * outputs * Self.temporalKernel
    if down != nil { sum += cells * inputs * outputs }
    if residual != nil { sum += after * inputs * outputs }
    return sum
  }
}

/// A convolution over `frames` frames of one joint, with bias.
package struct PointConvolution: Hashable, Sendable {
  package let name: String
  package let inputs: Int
  package let outputs: Int
  package let frames: Int
  private let deviation: Float

  /// `deviation` is that of the initial weights; by default Kaiming's for the fan-out.
  init(name: String, inputs: Int, outputs: Int, frames: Int = 1, deviation: Float? = nil) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.frames = frames
    self.deviation = deviation ?? (2 / Float(outputs * frames)).squareRoot()
  }

  package var weight: ParameterDescription {
    ParameterDescription(name + ".weight", [outputs, inputs, frames, 1], initial: .normal(deviation: deviation))
  }
  package var bias: ParameterDescription { ParameterDescription(name + ".bias", [outputs]) }
  package var parameters: [ParameterDescription] { [weight, bias] }
}

/// A fully connected layer with bias, [N, inputs] → [N, outputs].
package struct LinearLayer: Hashable, Sendable {
  package let name: String
  package let inputs: Int
  package let outputs: Int
  package let initialWeight: ParameterDescription.InitialValues?

  package init(name: String, inputs: Int, outputs: Int, initialWeight: ParameterDescription.InitialValues? = nil) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.initialWeight = initialWeight
  }

  package var weight: ParameterDescription {
    ParameterDescription(name + ".weight", [outputs, inputs], initial: initialWeight)
  }
  package var bias: ParameterDescription { ParameterDescription(name + ".bias", [outputs]) }
  package var parameters: [ParameterDescription] { [weight, bias] }
}
