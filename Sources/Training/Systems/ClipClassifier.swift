import Networks
package import Tensors

/// I3D, or I3D with a Non-Local block, trained with labels only: the baselines.
///
/// - Source: methods.md 1, 2 and 7.3.
package final class ClipClassifier: TrainingSystem {
  package let module: ClipNetwork

  package init(_ module: ClipNetwork) { self.module = module }

  package var networks: [(role: NetworkRole, parameters: ParameterStore)] { [(.clip, module.parameters)] }
  package var groups: [LearningGroup] { [LearningGroup(part: .clip, parameters: module.parameters.learned)] }

  package func losses(_ batch: Batch, _ context: StepContext) throws(TensorError) -> (terms: [LossTerm], logits: Tensor)
  {
    let logits = try module(batch.existingClips, context.clipMode).logits
    let labels = try batch.classes(on: logits.device)
    return ([LossTerm("cross_entropy", try logits.crossEntropy(labels, smoothing: context.labelSmoothing))], logits)
  }

  package func logits(_ batch: Batch) throws(TensorError) -> Tensor {
    try module(batch.existingClips, .evaluation).logits
  }
}
