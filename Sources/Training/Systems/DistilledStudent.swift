import Networks
package import Tensors

/// The RGB student that learns from poses and is tested without: VPN-F, VPN-A, and VPN++ with both.
///
/// L = weight · cross-entropy + alpha · L_F + beta · L_A; with a collaborative teacher its own cross-entropy as well.
///
/// - Source: methods.md 5, 6 and 7.1.
package final class DistilledStudent: TrainingSystem {
  package let student: ClipNetwork
  package let feature: FeatureDistillation?
  package let attention: AttentionDistillation?
  private let labelWeight: Double
  /// Embeddings of the last forward pass, until the bank takes them.
  private var pending: FeatureDistillation.Embeddings?

  package init(
    _ student: ClipNetwork, feature: FeatureDistillation?, attention: AttentionDistillation?, labelWeight: Double = 1
  ) {
    self.student = student
    self.feature = feature
    self.attention = attention
    self.labelWeight = labelWeight
  }

  package var networks: [(prefix: String, parameters: ParameterStore)] {
    [("student", student.parameters)] + (feature.map { [("feature", $0.parameters)] } ?? [])
      + (attention?.networks ?? [])
  }
  package var memory: [(name: String, tensor: Tensor)] {
    (feature?.bank).map { [("bank.student", $0.student), ("bank.teacher", $0.teacher)] } ?? []
  }
  package var numbers: [String: Double] {
    get {
      guard let partitions = feature?.bank?.partitions else { return [:] }
      return ["bank.studentPartition": partitions.student, "bank.teacherPartition": partitions.teacher]
    }
    set {
      guard let student = newValue["bank.studentPartition"], let teacher = newValue["bank.teacherPartition"] else {
        return
      }
      feature?.bank?.partitions = (student, teacher)
    }
  }
  package var content: BatchContent {
    var content = BatchContent.clips
    if feature != nil { content.insert(.poses) }
    if attention != nil { content.insert(.windowPoses) }
    return content
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
      let embeddings = try feature.embed(
        student.pooled(output.features), batch.existingPoses, dropout: context.clipMode.dropout)
      terms.append(try feature.loss(embeddings, batch, context))
      pending = embeddings
    }
    if let attention { terms += try attention.losses(output, batch, context) }
    return (terms, output.logits)
  }

  package func finish(_ batch: Batch, _ context: StepContext) throws(TensorError) {
    guard let feature, let embeddings = pending else { return }
    pending = nil
    try feature.remember(embeddings, batch, over: context.group)
  }

  package func logits(_ batch: Batch) throws(TensorError) -> Tensor {
    try student(batch.existingClips, .evaluation).logits
  }
}
