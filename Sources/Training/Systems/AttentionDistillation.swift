package import Networks
package import Tensors

/// L_A of VPN-A: the student's self-attention should look where the teacher's pose says.
///
/// - Source: methods.md 6.
package final class AttentionDistillation {
  /// How the student's attention is compared with the teacher's.
  package enum Form: Sendable {
    /// Distributions over positions, compared by scaled mean squares or KL divergence.
    case marginal(divergence: Bool)
    /// The released linear layer on the whole attention; the sum of squares as in the released code, or their mean.
    case embedding(summed: Bool)
  }

  package let form: Form
  /// Weight of the term, beta.
  package let weight: Double
  private let teacher: PoseDrivenClassifier
  /// Weight of the teacher's own cross-entropy if both are trained; `nil` freezes the teacher.
  private let collaborativeWeight: Double?
  private let embedding: (layer: LinearLayer, parameters: ParameterStore)?
  private let positions: Extent
  private let keys: Extent

  /// - Parameters:
  ///   - form: the student's map, and the distance.
  ///   - weight: beta.
  ///   - student: a network with a Non-Local block.
  ///   - teacher: a trained VPN*, frozen here unless it is trained too.
  ///   - collaborativeWeight: lets the teacher learn from labels, with this weight.
  ///   - source: initial values of the released linear layer.
  /// - Throws: what `source` throws, or `TensorError`.
  package init(
    _ form: Form, weight: Double, student: ClipNetwork, teacher: PoseDrivenClassifier, collaborativeWeight: Double?,
    from source: some ParameterSource
  ) throws {
    self.form = form
    self.weight = weight
    self.teacher = teacher
    self.collaborativeWeight = collaborativeWeight
    positions = student.positions
    keys = student.keys
    if collaborativeWeight == nil {
      for network in teacher.networks { try network.parameters.freeze() }
    }
    if case .embedding = form {
      let layer = LinearLayer(name: "emb_fc", inputs: positions.count * keys.count, outputs: positions.count)
      embedding = (layer, try ParameterStore(layer.parameters, from: source, on: student.parameters.device))
    } else {
      embedding = nil
    }
  }

  var networks: [(role: NetworkRole, parameters: ParameterStore)] {
    let own = embedding.map { [(role: NetworkRole.attention, parameters: $0.parameters)] } ?? []
    guard collaborativeWeight != nil else { return own }
    return own + [(.teacherClip, teacher.clip.parameters), (.teacherPose, teacher.backbone.parameters)]
  }
  var learned: [ParameterStore.Parameter] { embedding?.parameters.learned ?? [] }
  var teacherGroups: [LearningGroup] { collaborativeWeight == nil ? [] : teacher.groups }

  func losses(_ output: ClipNetwork.Output, _ batch: Batch, _ context: StepContext) throws(TensorError) -> [LossTerm] {
    guard let attention = output.attention else { preconditionFailure("the student has an attention block") }
    let target = try withoutGradients { () throws(TensorError) in
      try teacher.map(batch.existingWindowPoses, .evaluation).to(.float32).reshaped([batch.count, positions.count])
    }
    var terms = [LossTerm("attention", try distance(attention, target), weight: weight)]
    if let collaborativeWeight {
      let labels = try teacher.losses(batch, context).terms[0].value
      terms.append(LossTerm("teacher_cross_entropy", labels, weight: collaborativeWeight))
    }
    return terms
  }

  private func distance(_ attention: Tensor, _ target: Tensor) throws(TensorError) -> Tensor {
    switch form {
    case .marginal(let divergence):
      let own = try map(attention)
      let wanted = try AttentionLoss.distribution(target)
      return divergence
        ? try AttentionLoss.divergence(student: own, teacher: wanted)
        : try AttentionLoss.meanSquares(student: own, teacher: wanted)
    case .embedding(let summed):
      let own = try map(attention)
      return summed
        ? try AttentionLoss.released(student: own, teacher: target) : try (own - target).squared().mean()
    }
  }

  /// The student's map [N, P] that is compared with the teacher's.
  package func map(_ attention: Tensor) throws(TensorError) -> Tensor {
    guard let (layer, parameters) = embedding else {
      return try AttentionLoss.marginal(attention, positions: positions, keys: keys)
    }
    return try attention.reshaped([attention.shape[0], -1]).linear(layer, parameters)
  }
}
