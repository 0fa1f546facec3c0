/// The I3D trunk: inflated Inception-v1 up to Mixed_5c.
///
/// - Source: Carreira & Zisserman 2017; methods.md 1.1 and 1.2.
package enum I3D {
  /// The layer whose output is the trunk's result, [1024 · width, T/8, H/32, W/32].
  package static let lastLayer = "Mixed_5c"

  /// Number of frames on either side of a window that would influence its trunk's values if there were no padding in
  /// time.
  ///
  /// A value of `lastLayer` sees 99 frames; this is half of that, rounded to whole steps of 8 frames.
  package static let temporalContext = 48

  /// Channels of an Inception module's branches: b0, b1a, b1b, b2a, b2b, b3b.
  private static let mixed: [(name: String, channels: [Int])] = [
    ("Mixed_3b", [64, 96, 128, 16, 32, 32]),
    ("Mixed_3c", [128, 128, 192, 32, 96, 64]),
    ("Mixed_4b", [192, 96, 208, 16, 48, 64]),
    ("Mixed_4c", [160, 112, 224, 24, 64, 64]),
    ("Mixed_4d", [128, 128, 256, 24, 64, 64]),
    ("Mixed_4e", [112, 144, 288, 32, 64, 64]),
    ("Mixed_4f", [256, 160, 320, 32, 128, 128]),
    ("Mixed_5b", [256, 160, 320, 32, 128, 128]),
    (lastLayer, [384, 192, 384, 48, 128, 128]),
  ]

  /// Pools in front of a module.
  private static let pools: [String: (name: String, pool: MaxPool3D)] = [
    "Mixed_3b": ("MaxPool3d_3a_3x3", MaxPool3D(kernel: Extent(1, 3, 3), stride: Extent(1, 2, 2))),
    "Mixed_4b": ("MaxPool3d_4a_3x3", MaxPool3D(kernel: Extent(3), stride: Extent(2))),
    "Mixed_5b": ("MaxPool3d_5a_2x2", MaxPool3D(kernel: Extent(2), stride: Extent(2))),
  ]

  /// Appends the trunk to `graph`.
  ///
  /// - Parameters:
  ///   - graph: the graph to extend.
  ///   - input: index of the node with RGB clips [3, T, H, W] in [-1, 1].
  ///   - width: width multiplier for every layer's channels.
  /// - Returns: index of Mixed_5c, [1024 · width, T/8, H/32, W/32].
  package static func append(to graph: inout NetworkGraph, from input: Int, width: WidthMultiplier) -> Int {
    var last = unit(
      "Conv3d_1a_7x7", width.scaled(64), kernel: Extent(7), stride: Extent(2), from: input, in: &graph)
    last = pool(
      "MaxPool3d_2a_3x3", MaxPool3D(kernel: Extent(1, 3, 3), stride: Extent(1, 2, 2)), from: last, in: &graph)
    last = unit("Conv3d_2b_1x1", width.scaled(64), kernel: Extent(1), from: last, in: &graph)
    last = unit("Conv3d_2c_3x3", width.scaled(192), kernel: Extent(3), from: last, in: &graph)
    for module in mixed {
      if let (name, layer) = pools[module.name] { last = pool(name, layer, from: last, in: &graph) }
      last = inception(module.name, module.channels.map(width.scaled), from: last, in: &graph)
    }
    return last
  }

  private static func inception(_ name: String, _ channels: [Int], from input: Int, in graph: inout NetworkGraph)
    -> Int
  {
    let b0 = unit(name + ".b0", channels[0], kernel: Extent(1), from: input, in: &graph)
    let b1a = unit(name + ".b1a", channels[1], kernel: Extent(1), from: input, in: &graph)
    let b1b = unit(name + ".b1b", channels[2], kernel: Extent(3), from: b1a, in: &graph)
    let b2a = unit(name + ".b2a", channels[3], kernel: Extent(1), from: input, in: &graph)
    let b2b = unit(name + ".b2b", channels[4], kernel: Extent(3), from: b2a, in: &graph)
    let b3a = pool(name + ".b3a", MaxPool3D(kernel: Extent(3), stride: Extent(1)), from: input, in: &graph)
    let b3b = unit(name + ".b3b", channels[5], kernel: Extent(1), from: b3a, in: &graph)
    let branches = [b0, b1b, b2b, b3b]
    let shape = ActivationShape(
      channels: branches.reduce(0) { $0 + graph.nodes[$1].shape.channels }, extent: graph.nodes[b0].shape.extent)
    return graph.append(name, .concatenate, from: branches, shape: shape)
  }

  private static func unit(
    _ name: String, _ outputs: Int, kernel: Extent, stride: Extent = Extent(1), from input: Int,
    in graph: inout NetworkGraph
  ) -> Int {
    let source = graph.nodes[input].shape
    let layer = Convolution3D(
      name: name + ".conv3d", inputs: source.channels, outputs: outputs, kernel: kernel, stride: stride, hasBias: false,
      normalization: BatchNormalization(name: name + ".bn", channels: outputs, epsilon: 1e-3), hasReLU: true)
    let shape = ActivationShape(channels: outputs, extent: layer.padded(source.extent).output)
    return graph.append(name, .convolution(layer), from: [input], shape: shape)
  }

  private static func pool(_ name: String, _ layer: MaxPool3D, from input: Int, in graph: inout NetworkGraph) -> Int {
    let source = graph.nodes[input].shape
    let shape = ActivationShape(channels: source.channels, extent: layer.padded(source.extent).output)
    return graph.append(name, .maxPool(layer), from: [input], shape: shape)
  }
}

/// A factor on every layer's channels; results are multiples of 8, at least 8, as SIMD kernels prefer.
package struct WidthMultiplier: Hashable, Sendable {
  package let value: Double

  package static let full = WidthMultiplier(1)

  package init(_ value: Double) { self.value = value }

  /// `channels` of the full network at this width.
  package func scaled(_ channels: Int) -> Int {
    value == 1 ? channels : max(8, Int((Double(channels) * value / 8).rounded()) * 8)
  }
}
