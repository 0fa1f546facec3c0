package import Networks
import Tensors

/// L_F of VPN-F: a clip's features should identify the features of its own pose among others.
///
/// The pose teacher is frozen and in evaluation mode; both heads are trained.
///
/// - Source: methods.md 5.
package final class FeatureDistillation {
  /// How a clip's features are contrasted with poses.
  package enum Form: Sendable {
    /// CRD with a memory bank.
    case crd(temperature: Double, negatives: Int)
    /// Softmax over the batch and rows of the bank.
    case infoNCE(temperature: Double, negatives: Int)
    /// As in the released code: raw dot products, no bank, a teacher head that is never trained.
    case released
  }

  /// What a batch provides: its embeddings, and what they are contrasted with.
  struct Observation {
    var student: Tensor
    var teacher: Tensor
    /// Rows of the bank for each clip, its own first, [N, 1 + negatives].
    var candidates: Tensor?
    /// Partition functions of both sides, [2]; for CRD only.
    var partitions: Tensor?
  }

  package let form: Form
  /// Weight of the term, alpha.
  package let weight: Double
  package let bank: MemoryBank?
  package let parameters: ParameterStore
  private let teacher: PoseModule
  private let studentHead: LinearLayer
  private let teacherHead: LinearLayer
  /// Classes of the bank's rows, if negatives must have a different class than the clip.
  private let rowLabels: [Int]?

  /// - Parameters:
  ///   - form: the loss to use.
  ///   - weight: alpha.
  ///   - studentFeatures: length of the student's pooled features.
  ///   - dimension: length of the shared embedding.
  ///   - teacher: a trained AGCN, which is frozen here.
  ///   - bank: one row per training clip; `nil` for the released form.
  ///   - rowLabels: classes of the rows, if negatives must have other classes.
  ///   - source: initial values of the heads.
  /// - Throws: what `source` throws, or `TensorError`.
  package init(
    _ form: Form, weight: Double, studentFeatures: Int, dimension: Int, teacher: PoseModule, bank: MemoryBank?,
    rowLabels: [Int]? = nil, from source: some ParameterSource
  ) throws {
    self.form = form
    self.weight = weight
    self.bank = bank
    self.teacher = teacher
    self.rowLabels = rowLabels
    try teacher.parameters.freeze()
    studentHead = LinearLayer(name: "fuse_fc", inputs: studentFeatures, outputs: dimension)
    teacherHead = LinearLayer(name: "teacher_fc", inputs: teacher.network.features, outputs: dimension)
    parameters = try ParameterStore(
      studentHead.parameters + teacherHead.parameters, from: source, on: teacher.parameters.device)
    if case .released = form {
      for description in teacherHead.parameters { try parameters[description].requireGradient(false) }
    }
  }

  var learned: [ParameterStore.Parameter] { parameters.learned.filter(\.tensor.requiresGradient) }

  func observe(_ pooled: Tensor, _ batch: Batch, _ context: StepContext) throws(TensorError) -> Observation {
    let features = try withoutGradients { () throws(TensorError) in
      try teacher(batch.existingPoses, .evaluation).features
    }
    let negatives: Int
    switch form {
    case .released:
      let dropout = context.clipMode.dropout
      let dropped = dropout > 0 ? try pooled.dropout(dropout) : pooled
      return Observation(
        student: try dropped.linear(studentHead, parameters), teacher: try features.linear(teacherHead, parameters))
    case .crd(_, let count), .infoNCE(_, let count): negatives = count
    }
    var observation = Observation(
      student: try pooled.linear(studentHead, parameters).to(.float32).normalized(),
      teacher: try features.linear(teacherHead, parameters).to(.float32).normalized())
    guard let bank else { return observation }
    let candidates = try candidates(negatives, bank, batch, context)
    observation.candidates = candidates
    if case .crd(let temperature, _) = form {
      observation.partitions = try partitions(observation, candidates, bank, temperature, over: context.group)
    }
    return observation
  }

  /// The bank's estimate; until there is one, the estimate from the first batches of all ranks.
  private func partitions(
    _ observation: Observation, _ candidates: Tensor, _ bank: MemoryBank, _ temperature: Double,
    over group: ProcessGroup?
  ) throws(TensorError) -> Tensor {
    if try bank.hasPartitions { return bank.partitions }
    let estimate = try ContrastiveLoss.partitions(
      student: observation.student, teacher: observation.teacher, candidates: candidates, bank: bank,
      temperature: temperature)
    if let group {
      try group.sum(estimate)
      try estimate.scale(by: 1 / Double(group.size))
    }
    return estimate
  }

  func loss(_ observation: Observation, _ batch: Batch) throws(TensorError) -> LossTerm {
    let (student, teacher) = (observation.student, observation.teacher)
    let value: Tensor
    switch form {
    case .crd(let temperature, _):
      guard let bank, let candidates = observation.candidates, let partitions = observation.partitions else {
        preconditionFailure("CRD has a bank")
      }
      value = try ContrastiveLoss.crd(
        student: student, teacher: teacher, candidates: candidates, bank: bank, partitions: partitions,
        temperature: temperature)
    case .infoNCE(let temperature, _):
      value = try ContrastiveLoss.infoNCE(
        student: student, teacher: teacher, candidates: observation.candidates, bank: bank, temperature: temperature)
    case .released:
      // Another clip's pose for each: the batch is shuffled, so its neighbour is random.
      let others = (0..<batch.count).map { Int64(($0 + 1) % batch.count) }
      let negatives = try teacher.rows(Tensor.of(others, [batch.count], on: teacher.device))
      value = try ContrastiveLoss.released(student: student, teacher: teacher, others: negatives)
    }
    return LossTerm("feature", value, weight: weight)
  }

  /// Rows of the bank that each clip is contrasted with, its own first; [N, 1 + negatives].
  private func candidates(_ negatives: Int, _ bank: MemoryBank, _ batch: Batch, _ context: StepContext)
    throws(TensorError) -> Tensor
  {
    let drawn = batch.rows.map { row in
      [Int64(row)]
        + bank.negatives(of: row, count: negatives, seed: context.seed, step: context.step) { other in
          rowLabels.map { $0[other] != $0[row] } ?? true
        }
    }
    return try Tensor.of(Array(drawn.joined()), [batch.count, 1 + negatives], on: parameters.device)
  }

  func remember(_ observation: Observation, _ batch: Batch, over group: ProcessGroup?) throws(TensorError) {
    guard let bank else { return }
    if let partitions = observation.partitions, try !bank.hasPartitions { try bank.keep(partitions: partitions) }
    try bank.update(
      Tensor.of(batch.rows.map(Int64.init), [batch.count], on: parameters.device),
      student: observation.student.detached(), teacher: observation.teacher.detached(), over: group)
  }
}
