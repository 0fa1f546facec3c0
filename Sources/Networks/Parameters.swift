/// One tensor of a checkpoint: its published PyTorch name and its shape.
package struct ParameterDescription: Hashable, Sendable {
  package var name: String
  package var shape: [Int]

  package init(_ name: String, _ shape: [Int]) {
    self.name = name
    self.shape = shape
  }

  package var count: Int { shape.reduce(1, *) }
}

/// Where an engine gets the values of a network's tensors: a model file, the golden formula, a seeded generator.
package protocol ParameterSource {
  /// The values of one tensor in row-major order, as float32.
  ///
  /// - Throws: when the tensor is absent or has another shape; the message names it.
  func values(of parameter: ParameterDescription) throws -> [Float]
}

/// Batch normalisation in evaluation form.
///
/// Four vectors of `channels` values; `epsilon` differs between the I3D trunk (1e-3) and the Non-Local block (1e-5).
package struct BatchNormalization: Hashable, Sendable {
  /// Prefix of the tensor names, for example `Mixed_3b.b1b.bn`.
  package var name: String
  package var channels: Int
  package var epsilon: Float

  package var scale: ParameterDescription { ParameterDescription(name + ".weight", [channels]) }
  package var offset: ParameterDescription { ParameterDescription(name + ".bias", [channels]) }
  package var mean: ParameterDescription { ParameterDescription(name + ".running_mean", [channels]) }
  package var variance: ParameterDescription { ParameterDescription(name + ".running_var", [channels]) }

  /// The learned tensors; mean and variance are running statistics.
  package var learned: [ParameterDescription] { [scale, offset] }
  package var statistics: [ParameterDescription] { [mean, variance] }
}
