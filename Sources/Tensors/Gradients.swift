import CTorch

extension Tensor {
  /// Whether operations on it are recorded for `backward`.
  package var requiresGradient: Bool { unsafe ctorch_requires_gradient(handle) }

  /// Sets whether operations on it are recorded for `backward`.
  package func requireGradient(_ required: Bool = true) throws(TensorError) {
    try check("requires_grad", unsafe ctorch_require_gradient(handle, required))
  }

  /// The gradient accumulated by `backward` for this leaf, if any.
  package var gradient: Tensor? {
    get throws(TensorError) {
      let found = unsafe ctorch_gradient(handle)
      if unsafe found == nil, unsafe ctorch_last_error().pointee == 0 { return nil }
      return try unsafe Tensor("gradient", found)
    }
  }

  /// Removes the accumulated gradient.
  package func clearGradient() throws(TensorError) { try check("clear_gradient", unsafe ctorch_clear_gradient(handle)) }

  /// Adds the gradient of this single value to every leaf it depends on.
  package func backward() throws(TensorError) { try check("backward", unsafe ctorch_backward(handle)) }

  /// The same values, without the history of how they were computed.
  package func detached() throws(TensorError) -> Tensor { try unsafe Tensor("detach", ctorch_detach(handle)) }
}

// MARK: In place, outside of autograd

extension Tensor {
  /// Overwrites this tensor's values.
  package func assign(_ source: Tensor) throws(TensorError) {
    try withoutGradients { () throws(TensorError) in
      try check("copy", unsafe ctorch_copy_into(handle, source.handle))
    }
  }

  /// Multiplies this tensor's values by `factor`.
  package func scale(by factor: Double) throws(TensorError) {
    try withoutGradients { () throws(TensorError) in try check("scale", unsafe ctorch_scale(handle, factor)) }
  }

  /// Adds `factor · source`.
  package func add(_ source: Tensor, times factor: Double) throws(TensorError) {
    try withoutGradients { () throws(TensorError) in
      try check("add", unsafe ctorch_add_into(handle, source.handle, factor))
    }
  }

  /// The same values in separate memory, outside of autograd.
  package func copied() throws(TensorError) -> Tensor { try unsafe Tensor("clone", ctorch_clone(handle)) }

  /// Overwrites the rows `indices` [R] (int64) with `source` [R, …].
  package func assignRows(_ indices: Tensor, _ source: Tensor) throws(TensorError) {
    try withoutGradients { () throws(TensorError) in
      try check("index_copy", unsafe ctorch_put_rows(handle, indices.handle, source.handle))
    }
  }
}

/// Moves every target by `share` of the way to its source, in place; equal values stay bit-identical.
package func interpolate(_ targets: [Tensor], towards sources: [Tensor], by share: Double) throws(TensorError) {
  precondition(targets.count == sources.count)
  try withoutGradients { () throws(TensorError) in
    let code = unsafe withHandles(targets) { targets, count in
      unsafe withHandles(sources) { sources, _ in unsafe ctorch_lerp_all(targets, sources, count, share) }
    }
    try check("lerp", code)
  }
}

/// Swaps the values of each pair of tensors without copying; references to a tensor stay valid.
package func exchange(_ a: [Tensor], _ b: [Tensor]) throws(TensorError) {
  precondition(a.count == b.count)
  let code = unsafe withHandles(a) { a, count in
    unsafe withHandles(b) { b, _ in unsafe ctorch_exchange_all(a, b, count) }
  }
  try check("set_data", code)
}

/// Runs `body` without recording anything for `backward`.
package func withoutGradients<Result, Failure>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
  let former = ctorch_set_gradients(false)
  defer { _ = ctorch_set_gradients(former) }
  return try body()
}

/// Runs `body` with libtorch's autocast on or off: convolutions and products in bfloat16, sums and losses in float32.
package func withAutocast<Result, Failure>(_ enabled: Bool, on device: Device, _ body: () throws(Failure) -> Result)
  throws(Failure) -> Result
{
  let cuda = device != .cpu
  let former = ctorch_set_autocast(cuda, enabled)
  defer {
    _ = ctorch_set_autocast(cuda, former)
    // Weights cast to bfloat16 are cached until the outermost scope ends.
    if enabled, !former { ctorch_clear_autocast_cache() }
  }
  return try body()
}
