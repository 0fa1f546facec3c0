/// One tensor of a checkpoint: its published PyTorch name, its shape, and its values before training.
package struct ParameterDescription: Hashable, Sendable {
  /// How values are initialised before training.
  package enum InitialValues: Hashable, Sendable {
    case constant(Float)
    /// Uniform between `-bound` and `bound`.
    case uniform(bound: Float)
    case normal(deviation: Float)
    /// A linear layer that averages each output's inputs, which are adjacent: row k is 1/n over its own n columns.
    case average
  }

  package var name: String
  package var shape: [Int]
  package var initial: InitialValues

  /// By default `initial` is PyTorch's own: uniform within 1/√fan-in for weights, zero for vectors.
  package init(_ name: String, _ shape: [Int], initial: InitialValues? = nil) {
    self.name = name
    self.shape = shape
    let fan = shape.dropFirst().reduce(1, *)
    self.initial = initial ?? (shape.count > 1 ? .uniform(bound: 1 / Float(fan).squareRoot()) : .constant(0))
  }

  package var count: Int { shape.reduce(1, *) }

  /// True for running statistics, which are measured and not learned.
  package var isStatistic: Bool { name.hasSuffix(".running_mean") || name.hasSuffix(".running_var") }
}

/// The source of a network's tensors for an engine: a model file, the golden formula, a seeded generator.
package protocol ParameterSource {
  /// The values of one tensor in row-major order, as float32.
  ///
  /// - Throws: if the tensor is missing or has another shape; the message names it.
  func values(of parameter: ParameterDescription) throws -> [Float]
}

/// Batch normalisation in evaluation mode.
///
/// Four vectors of `channels` values; `epsilon` differs between the I3D trunk (1e-3) and the Non-Local block (1e-5).
package struct BatchNormalization: Hashable, Sendable {
  /// Prefix of the tensor names, for example `Mixed_3b.b1b.bn`.
  package var name: String
  package var channels: Int
  package var epsilon: Float
  /// Gamma before training.
  package var initialScale: Float = 1

  package var scale: ParameterDescription {
    ParameterDescription(name + ".weight", [channels], initial: .constant(initialScale))
  }
  package var offset: ParameterDescription { ParameterDescription(name + ".bias", [channels]) }
  package var mean: ParameterDescription { ParameterDescription(name + ".running_mean", [channels]) }
  package var variance: ParameterDescription {
    ParameterDescription(name + ".running_var", [channels], initial: .constant(1))
  }

  /// The learned tensors; mean and variance are running statistics.
  package var learned: [ParameterDescription] { [scale, offset] }
  package var statistics: [ParameterDescription] { [mean, variance] }
}
