/// `Unit3D` of I3D: SAME-padded convolution, optionally followed by batch norm and ReLU.
///
/// [N, in, T, H, W] → [N, out, ⌈T/s⌉, ⌈H/s⌉, ⌈W/s⌉].
///
/// - Source: methods.md 1.1.
package struct Convolution3D: Hashable, Sendable {
  /// Prefix of the convolution's tensors, for example `Mixed_3b.b1b.conv3d`.
  package var name: String
  package var inputs: Int
  package var outputs: Int
  package var kernel: Extent
  package var stride: Extent
  package var hasBias: Bool
  package var normalization: BatchNormalization?
  package var hasReLU: Bool

  /// Weight in PyTorch's order: out, in, time, height, width.
  package var weight: ParameterDescription {
    ParameterDescription(name + ".weight", [outputs, inputs, kernel.frames, kernel.height, kernel.width])
  }

  package var bias: ParameterDescription? { hasBias ? ParameterDescription(name + ".bias", [outputs]) : nil }

  /// Padding and output size for an input of size `extent`.
  package func padded(_ extent: Extent) -> (padding: Padding, output: Extent) {
    SamePadding.of(extent, kernel: kernel, stride: stride)
  }

  func multiplyAccumulates(output: Extent) -> Int { weight.count * output.count }
}

/// Max pooling with SAME zero padding, which is harmless after a ReLU.
package struct MaxPool3D: Hashable, Sendable {
  package var kernel: Extent
  package var stride: Extent

  /// Padding and output size for an input of size `extent`.
  package func padded(_ extent: Extent) -> (padding: Padding, output: Extent) {
    SamePadding.of(extent, kernel: kernel, stride: stride)
  }
}

/// The Non-Local self-attention block (embedded Gaussian) that VPN++ puts on Mixed_5c.
///
/// z = x + BN(W · softmax(θ(x)ᵀ φ(x)) g(x)); the softmax runs over keys, without 1/√d.
///
/// - Source: methods.md 2.
package struct NonLocalBlock: Hashable, Sendable {
  /// True if φ and g are max-pooled 1x2x2 before the product (stride 2, floor: a 7x7 map becomes 3x3).
  package var subSampled: Bool
  package var channels: Int
  package var inner: Int

  /// Prefix of the published tensor names.
  package static let prefix = "fuse_att_fc"

  private func embedding(_ letter: String) -> [ParameterDescription] {
    // A pool that follows in a Sequential is the reason for ".0" in the published names.
    let name = Self.prefix + "." + letter + (subSampled && letter != "theta" ? ".0" : "")
    return [
      ParameterDescription(name + ".weight", [inner, channels, 1, 1, 1]),
      ParameterDescription(name + ".bias", [inner]),
    ]
  }

  /// Weight and bias of the query embedding.
  package var theta: [ParameterDescription] { embedding("theta") }
  /// Weight and bias of the key embedding.
  package var phi: [ParameterDescription] { embedding("phi") }
  /// Weight and bias of the value embedding.
  package var g: [ParameterDescription] { embedding("g") }
  /// Weight and bias of the output projection.
  package var output: [ParameterDescription] {
    [
      ParameterDescription(Self.prefix + ".W.0.weight", [channels, inner, 1, 1, 1]),
      ParameterDescription(Self.prefix + ".W.0.bias", [channels]),
    ]
  }
  package var normalization: BatchNormalization {
    // Initially zero, so that the block starts as the identity.
    BatchNormalization(name: Self.prefix + ".W.1", channels: channels, epsilon: 1e-5, initialScale: 0)
  }

  /// Size of keys and values for queries of size `extent`.
  package func keyExtent(_ extent: Extent) -> Extent {
    subSampled ? Extent(extent.frames, extent.height / 2, extent.width / 2) : extent
  }

  func multiplyAccumulates(_ extent: Extent) -> Int {
    4 * channels * inner * extent.count + 2 * extent.count * keyExtent(extent).count * inner
  }
}

/// The fully connected layer on per-step logits, `classes · steps → classes`.
///
/// The input is flattened class-major (index = class · steps + t), so the layer is a temporal convolution with kernel
/// size `steps` and can slide over longer sequences.
///
/// - Source: methods.md 1.4.
package struct StepClassifier: Hashable, Sendable {
  package var classes: Int
  package var steps: Int

  /// Starts as the mean over steps: with random weights here, the classifier before it would have to learn through
  /// noise.
  package var weight: ParameterDescription {
    ParameterDescription("fc.weight", [classes, classes * steps], initial: .average)
  }
  package var bias: ParameterDescription { ParameterDescription("fc.bias", [classes]) }
}
