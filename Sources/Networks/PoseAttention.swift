/// Pose-driven attention: where and when to look, according to the body.
///
/// Pooled pose [N, `inputs`] → map [N, `extent`] = softmax over time x sigmoid over space.
///
/// - Source: the spatio-temporal coupler of VPN and VPN*; methods.md 4.1 and 6.1.
package struct PoseAttention: Hashable, Codable, Sendable {
  /// Channels of the pooled pose feature.
  package let inputs: Int
  /// Size of the map: that of Mixed_5c.
  package let frames: Int
  package let height: Int
  package let width: Int
  /// VPN's tanh layers z1 (256) and z2 (128) before the two heads, whose weights then start at zero.
  package let hasHiddenLayers: Bool

  package init(inputs: Int, frames: Int, height: Int, width: Int, hasHiddenLayers: Bool = false) {
    self.inputs = inputs
    self.frames = frames
    self.height = height
    self.width = width
    self.hasHiddenLayers = hasHiddenLayers
  }

  /// z1, which VPN's spatial embedding also reads.
  package var hiddenSpatial: LinearLayer? {
    hasHiddenLayers ? LinearLayer(name: "z_spatial", inputs: inputs, outputs: 256) : nil
  }
  package var hiddenTemporal: LinearLayer? {
    hasHiddenLayers ? LinearLayer(name: "z_temporal", inputs: inputs, outputs: 128) : nil
  }
  package var spatial: LinearLayer {
    LinearLayer(
      name: "fc_spatial", inputs: hiddenSpatial?.outputs ?? inputs, outputs: height * width,
      initialWeight: hasHiddenLayers ? .constant(0) : nil)
  }
  package var temporal: LinearLayer {
    LinearLayer(
      name: "fc_temporal", inputs: hiddenTemporal?.outputs ?? inputs, outputs: frames,
      initialWeight: hasHiddenLayers ? .constant(0) : nil)
  }

  package var parameters: [ParameterDescription] {
    [hiddenSpatial, hiddenTemporal, spatial, temporal].compactMap { $0 }.flatMap(\.parameters)
  }
}

/// The pose backbone of the released VPN: one graph convolution per time step, then two-dimensional convolutions.
///
/// Poses [N, 3, 16, V, 1] → [N, 128].
///
/// - Source: methods.md 4.1.
package struct StepwiseGraphNetwork: Hashable, Codable, Sendable {
  package let graph: SkeletonGraph

  package init(graph: SkeletonGraph) { self.graph = graph }

  /// Number of time steps; each has separate weights.
  package static let steps = 16
  package static let graphChannels = 64
  /// Channels of the pooled feature h*.
  package static let features = 128

  /// Weights of the graph layer at `step`, on the joint's own coordinates and its neighbours'.
  package func graphLayer(_ step: Int) -> LinearLayer {
    LinearLayer(name: "graph.\(step)", inputs: 6, outputs: Self.graphChannels)
  }

  /// The three convolutions, each after a batch norm; 2x2 pools follow the second and third.
  package var convolutions:
    [(normalization: BatchNormalization, weight: ParameterDescription, bias: ParameterDescription)]
  {
    let channels = [Self.graphChannels + 3, 64, 64, 128]
    return (0..<3).map { index in
      (
        BatchNormalization(name: "bn.\(index)", channels: channels[index], epsilon: 1e-3),
        ParameterDescription("conv.\(index).weight", [channels[index + 1], channels[index], 3, 3]),
        ParameterDescription("conv.\(index).bias", [channels[index + 1]])
      )
    }
  }

  package var lastNormalization: BatchNormalization { BatchNormalization(name: "bn.3", channels: 128, epsilon: 1e-3) }
  package var first: LinearLayer {
    LinearLayer(name: "dense.0", inputs: Self.steps / 4 * (graph.jointCount / 4) * 128, outputs: 256)
  }
  package var second: LinearLayer { LinearLayer(name: "dense.1", inputs: 256, outputs: Self.features) }

  package var parameters: [ParameterDescription] {
    (0..<Self.steps).flatMap { graphLayer($0).parameters }
      + convolutions.flatMap { $0.normalization.learned + $0.normalization.statistics + [$0.weight, $0.bias] }
      + lastNormalization.learned + lastNormalization.statistics + first.parameters + second.parameters
  }
}

extension SkeletonGraph {
  /// Links between joints that are not connected by a bone but act together: hands with feet and knees, elbows and
  /// hands with each other.
  private var extraLinks: [(Int, Int)] {
    self == .ntu25 ? [(12, 19), (10, 18), (6, 14), (8, 15), (12, 8), (10, 6)].map { ($0.0 - 1, $0.1 - 1) } : []
  }

  /// VPN's normalised pose graph D^-½ (A + I) D^-½ [V, V], row-major: bones weigh 5, extra links 2.
  ///
  /// - Source: methods.md 4.1.
  package var weightedAdjacency: [Float] {
    let count = jointCount
    var values = [Float](repeating: 0, count: count * count)
    func link(_ a: Int, _ b: Int, _ weight: Float) {
      values[a * count + b] = weight
      values[b * count + a] = weight
    }
    for (joint, parent) in bones { link(joint, parent, 5) }
    for (a, b) in extraLinks { link(a, b, 2) }
    for joint in 0..<count { values[joint * count + joint] = 1 }
    let degrees = (0..<count).map { row in values[row * count..<(row + 1) * count].reduce(0, +) }
    for row in 0..<count {
      for column in 0..<count { values[row * count + column] /= (degrees[row] * degrees[column]).squareRoot() }
    }
    return values
  }
}
