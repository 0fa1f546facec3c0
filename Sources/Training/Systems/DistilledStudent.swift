import Networks
package import Tensors

/// The RGB student, which learns from poses but does not need them at test time: VPN-F, VPN-A, and VPN++ with both.
///
/// L = weight · cross-entropy + alpha · L_F + beta · L_A, plus the teacher's own cross-entropy if it is collaborative.
///
/// - Source: methods.md 5, 6 and 7.1.
package final class DistilledStudent: TrainingSystem {
  package let student: ClipNetwork
  package let feature: FeatureDistillation?
  package let attention: AttentionDistillation?
  private let labelWeight: Double
  /// The observation of the last forward pass, until the bank stores it.
  private var pending: FeatureDistillation.Observation?

  package init(
    _ student: ClipNetwork, feature: FeatureDistillation?, attention: AttentionDistillation?, labelWeight: Double = 1
  ) {
    self.student = student
    self.feature = feature
    self.attention = attention
    self.labelWeight = labelWeight
  }

  package var networks: [(role: NetworkRole, parameters: ParameterStore)] {
    [(.clip, student.parameters)] + (feature.map { [(.feature, $0.parameters)] } ?? []) + (attention?.networks ?? [])
  }
  package var memory: [(name: String, tensor: Tensor)] {
    (feature?.bank).map {
      [("bank.student", $0.student), ("bank.teacher", $0.teacher), ("bank.partitions", $0.partitions)]
    } ?? []
  }
  package var groups: [LearningGroup] {
    let own = student.parameters.learned + (feature?.learned ?? []) + (attention?.learned ?? [])
    return [LearningGroup(part: .clip, parameters: own)] + (attention?.teacherGroups ?? [])
  }

  package func losses(_ batch: Batch, _ context: StepContext) throws(TensorError) -> (terms: [LossTerm], logits: Tensor)
  {
    let output = try student(batch.existingClips, context.clipMode)
    let labels = try output.logits.crossEntropy(
      batch.classes(on: output.logits.device), smoothing: context.labelSmoothing)
    var terms = [LossTerm("cross_entropy", labels, weight: labelWeight)]
    if let feature {
      let observation = try feature.observe(student.pooled(output.features), batch, context)
      terms.append(try feature.loss(observation, batch))
      pending = observation
    }
    if let attention { terms += try attention.losses(output, batch, context) }
    return (terms, output.logits)
  }

  package func finish(_ batch: Batch, _ context: StepContext) throws(TensorError) {
    guard let feature, let observation = pending else { return }
    pending = nil
    try feature.remember(observation, batch, over: context.group)
  }

  package func logits(_ batch: Batch) throws(TensorError) -> Tensor {
    try student(batch.existingClips, .evaluation).logits
  }
}
