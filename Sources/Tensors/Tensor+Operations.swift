import CTorch

// MARK: Arithmetic; shapes broadcast as in libtorch

extension Tensor {
  package static func + (a: Tensor, b: Tensor) throws(TensorError) -> Tensor {
    try unsafe Tensor("add", ctorch_add(a.handle, b.handle))
  }

  package static func - (a: Tensor, b: Tensor) throws(TensorError) -> Tensor {
    try unsafe Tensor("subtract", ctorch_subtract(a.handle, b.handle))
  }

  package static func * (a: Tensor, b: Tensor) throws(TensorError) -> Tensor {
    try unsafe Tensor("multiply", ctorch_multiply(a.handle, b.handle))
  }

  package static func / (a: Tensor, b: Tensor) throws(TensorError) -> Tensor {
    try unsafe Tensor("divide", ctorch_divide(a.handle, b.handle))
  }

  package static func * (x: Tensor, factor: Double) throws(TensorError) -> Tensor { try x.affine(factor, 0) }
  package static func + (x: Tensor, offset: Double) throws(TensorError) -> Tensor { try x.affine(1, offset) }
  package static func - (x: Tensor, offset: Double) throws(TensorError) -> Tensor { try x.affine(1, -offset) }
  package static prefix func - (x: Tensor) throws(TensorError) -> Tensor { try x.affine(-1, 0) }

  /// `self · factor + offset`.
  package func affine(_ factor: Double, _ offset: Double) throws(TensorError) -> Tensor {
    try unsafe Tensor("affine", ctorch_affine(handle, factor, offset))
  }

  /// Matrix product over the last two axes, batched over all others.
  package func matmul(_ other: Tensor) throws(TensorError) -> Tensor {
    try unsafe Tensor("matmul", ctorch_matmul(handle, other.handle))
  }
}

// MARK: Elementwise

extension Tensor {
  package func exp() throws(TensorError) -> Tensor { try apply("exp", CTORCH_EXP) }
  package func log() throws(TensorError) -> Tensor { try apply("log", CTORCH_LOG) }
  package func tanh() throws(TensorError) -> Tensor { try apply("tanh", CTORCH_TANH) }
  package func sigmoid() throws(TensorError) -> Tensor { try apply("sigmoid", CTORCH_SIGMOID) }
  package func relu() throws(TensorError) -> Tensor { try apply("relu", CTORCH_RELU) }
  /// ReLU in the tensor's own memory, for a result that nothing else reads, such as a batch norm's.
  package func reluInPlace() throws(TensorError) -> Tensor { try apply("relu", CTORCH_RELU_IN_PLACE) }
  package func elu() throws(TensorError) -> Tensor { try apply("elu", CTORCH_ELU) }
  package func abs() throws(TensorError) -> Tensor { try apply("abs", CTORCH_ABS) }
  package func squareRoot() throws(TensorError) -> Tensor { try apply("sqrt", CTORCH_SQRT) }
  package func squared() throws(TensorError) -> Tensor { try apply("square", CTORCH_SQUARE) }

  /// Clamps values; the gradient is zero outside the range.
  package func clamped(_ low: Double, _ high: Double) throws(TensorError) -> Tensor {
    try unsafe Tensor("clamp", ctorch_clamp(handle, low, high))
  }

  private func apply(_ name: String, _ function: ctorch_function) throws(TensorError) -> Tensor {
    try unsafe Tensor(name, ctorch_apply(handle, CInt(function.rawValue)))
  }
}

// MARK: Reductions

extension Tensor {
  /// Sum over `axes`, or over all axes if none is given.
  package func sum(_ axes: [Int] = [], keepingAxes keep: Bool = false) throws(TensorError) -> Tensor {
    try unsafe Tensor("sum", ctorch_sum(handle, dimensions(axes), CInt(axes.count), keep))
  }

  /// Mean over `axes`, or over all axes if none is given.
  package func mean(_ axes: [Int] = [], keepingAxes keep: Bool = false) throws(TensorError) -> Tensor {
    try unsafe Tensor("mean", ctorch_mean(handle, dimensions(axes), CInt(axes.count), keep))
  }

  /// Softmax along `axis`.
  package func softmax(_ axis: Int) throws(TensorError) -> Tensor {
    try unsafe Tensor("softmax", ctorch_softmax(handle, CInt(axis)))
  }

  /// Index of the largest value along `axis`, int64.
  package func argmax(_ axis: Int) throws(TensorError) -> Tensor {
    try unsafe Tensor("argmax", ctorch_argmax(handle, CInt(axis)))
  }

  /// Number of rows of these logits [N, K] whose largest value is at their class [N] (int64), as one float.
  package func correct(_ classes: Tensor) throws(TensorError) -> Tensor {
    try unsafe Tensor("correct", ctorch_count_correct(handle, classes.handle))
  }

  /// Normalises rows along the last axis to unit Euclidean length.
  package func normalized() throws(TensorError) -> Tensor {
    // The floor only matters for rows of zeros.
    try self / (squared().sum([-1], keepingAxes: true) + 1e-12).squareRoot()
  }
}

// MARK: Shape and type

extension Tensor {
  /// The same values in another shape; one length may be -1, which is inferred.
  package func reshaped(_ shape: [Int]) throws(TensorError) -> Tensor {
    try unsafe Tensor("reshape", ctorch_reshape(handle, dimensions(shape), CInt(shape.count)))
  }

  /// Axes in the given order.
  package func permuted(_ axes: [Int]) throws(TensorError) -> Tensor {
    try unsafe Tensor("permute", ctorch_permute(handle, dimensions(axes), CInt(axes.count)))
  }

  /// Swaps two axes.
  package func transposed(_ a: Int, _ b: Int) throws(TensorError) -> Tensor {
    var axes = Array(shape.indices)
    axes.swapAt(a, b)
    return try permuted(axes)
  }

  /// Repeats axes of length one without copying.
  package func expanded(_ shape: [Int]) throws(TensorError) -> Tensor {
    try unsafe Tensor("expand", ctorch_expand(handle, dimensions(shape), CInt(shape.count)))
  }

  /// `count` entries of `axis`, from `start`.
  package func narrowed(_ axis: Int, from start: Int, count: Int) throws(TensorError) -> Tensor {
    try unsafe Tensor("narrow", ctorch_narrow(handle, CInt(axis), Int64(start), Int64(count)))
  }

  /// Rows by index [R] (int64), which may repeat.
  package func rows(_ indices: Tensor) throws(TensorError) -> Tensor {
    try unsafe Tensor("index_select", ctorch_rows(handle, indices.handle))
  }

  /// Joins tensors along `axis`.
  package static func concatenated(_ parts: [Tensor], _ axis: Int) throws(TensorError) -> Tensor {
    try unsafe Tensor("cat", withHandles(parts) { unsafe ctorch_concatenate($0, $1, CInt(axis)) })
  }

  /// Adds zeros before and after each axis; `amounts` starts with the last axis.
  package func padded(_ amounts: [(before: Int, after: Int)]) throws(TensorError) -> Tensor {
    let flat = amounts.flatMap { [Int64($0.before), Int64($0.after)] }
    return try unsafe Tensor("pad", ctorch_pad(handle, flat, CInt(flat.count)))
  }

  /// The same values in another type, on `device` or on this tensor's own.
  package func to(_ type: ScalarType, on device: Device? = nil) throws(TensorError) -> Tensor {
    try unsafe Tensor("to", ctorch_to(handle, type.rawValue, (device ?? self.device).ordinal))
  }

  /// Moves channels innermost in memory, as convolutions prefer; the shape is unchanged.
  package func channelsLast() throws(TensorError) -> Tensor {
    try unsafe Tensor("channels_last", ctorch_channels_last(handle))
  }
}
