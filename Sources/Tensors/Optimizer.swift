import CTorch

/// One of libtorch's optimisers, with the parameters that do not change during a run.
package enum OptimizerKind: Hashable, Sendable {
  case sgd(momentum: Double, nesterov: Bool)
  case adam(beta1: Double, beta2: Double, epsilon: Double)
  /// Adam with decoupled weight decay.
  case adamW(beta1: Double, beta2: Double, epsilon: Double)
}

/// One of libtorch's optimisers on groups of parameters.
///
/// Groups are numbered in the order added; every step takes one learning rate per group.
@safe package final class Optimizer {
  /// What a parameter's next step depends on: momentum, or Adam's two moments.
  package struct State {
    package var slots: [Tensor]
    /// Number of steps taken; for Adam only.
    package var steps: Int

    package init(slots: [Tensor], steps: Int) {
      self.slots = slots
      self.steps = steps
    }
  }

  private let handle: OpaquePointer
  private var groups: [[Tensor]] = []

  package init(_ kind: OptimizerKind) throws(TensorError) {
    let made =
      switch kind {
      case .sgd(let momentum, let nesterov): unsafe ctorch_sgd(momentum, nesterov)
      case .adam(let beta1, let beta2, let epsilon): unsafe ctorch_adam(beta1, beta2, epsilon, false)
      case .adamW(let beta1, let beta2, let epsilon): unsafe ctorch_adam(beta1, beta2, epsilon, true)
      }
    guard let made = unsafe made else { throw .last(in: "optimizer") }
    unsafe handle = made
  }

  deinit { unsafe ctorch_optimizer_release(handle) }

  package func addGroup(_ parameters: [Tensor], weightDecay: Double) throws(TensorError) {
    let code = unsafe withHandles(parameters) { unsafe ctorch_optimizer_add_group(handle, $0, $1, weightDecay) }
    try check("add_param_group", code)
    groups.append(parameters)
  }

  /// Updates every parameter that has a gradient.
  package func step(learningRates: [Double]) throws(TensorError) {
    try withoutGradients { () throws(TensorError) in
      try check("optimizer step", unsafe ctorch_optimizer_step(handle, learningRates, CInt(learningRates.count)))
    }
  }

  package func clearGradients() throws(TensorError) {
    for parameter in groups.joined() { try parameter.clearGradient() }
  }

  /// `nil` before the parameter's first step.
  package func state(of parameter: Tensor) throws(TensorError) -> State? {
    var slots: [Tensor] = []
    for slot in 0..<CInt(2) {
      let found = unsafe ctorch_optimizer_state(handle, parameter.handle, slot)
      if unsafe found == nil, unsafe ctorch_last_error().pointee == 0 { break }
      slots.append(try unsafe Tensor("optimizer state", found))
    }
    guard !slots.isEmpty else { return nil }
    let steps = unsafe ctorch_optimizer_steps(handle, parameter.handle)
    guard steps >= 0 else { throw .last(in: "optimizer state") }
    return State(slots: slots, steps: Int(steps))
  }

  package func restore(_ state: State, of parameter: Tensor) throws(TensorError) {
    let second = state.slots.count > 1 ? state.slots[1] : nil
    let code = withExtendedLifetime(second) {
      unsafe ctorch_optimizer_restore(
        handle, parameter.handle, state.slots[0].handle, second?.handle, Int64(state.steps))
    }
    try check("restore optimizer state", code)
  }
}

/// Scales the gradients of all parameters down to a common norm.
///
/// - Parameters:
///   - parameters: the parameters; one without a gradient counts as zero.
///   - limit: maximum Euclidean norm of all gradients together; 0 disables clipping.
/// - Returns: the previous norm, a tensor with one value that a GPU may not have computed yet.
/// - Throws: `TensorError`.
package func clipGradients(_ parameters: [Tensor], to limit: Double) throws(TensorError) -> Tensor {
  try withoutGradients { () throws(TensorError) in
    try unsafe Tensor(
      "gradient norm", withHandles(parameters) { unsafe ctorch_clip_gradients($0, $1, limit) })
  }
}
