package import Networks
package import Tensors

/// AGCN-J: classifies activities from the poses of whole recordings.
///
/// The teacher of VPN-F, and the other half of VPN++ with poses.
///
/// - Source: methods.md 3.
package final class PoseTeacher: TrainingSystem {
  package let module: PoseModule
  package let classifier: LinearLayer

  package init(_ network: PoseNetwork, classes: Int, from source: some ParameterSource, on device: Device) throws {
    classifier = network.classifier(classes: classes)
    module = try PoseModule(network, heads: classifier.parameters, from: source, on: device)
  }

  package var networks: [(role: NetworkRole, parameters: ParameterStore)] { [(.pose, module.parameters)] }
  package var groups: [LearningGroup] { [LearningGroup(part: .pose, parameters: module.parameters.learned)] }

  package func losses(_ batch: Batch, _ context: StepContext) throws(TensorError) -> (terms: [LossTerm], logits: Tensor)
  {
    let logits = try logits(batch, context.poseMode)
    let labels = try batch.classes(on: logits.device)
    return ([LossTerm("cross_entropy", try logits.crossEntropy(labels, smoothing: context.labelSmoothing))], logits)
  }

  package func logits(_ batch: Batch) throws(TensorError) -> Tensor { try logits(batch, .evaluation) }

  private func logits(_ batch: Batch, _ mode: ForwardMode) throws(TensorError) -> Tensor {
    try module(batch.existingPoses, mode).features.linear(classifier, module.parameters)
  }
}
