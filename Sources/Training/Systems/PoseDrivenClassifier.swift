package import Networks
package import Tensors

/// The pose network of a pose-driven classifier.
package enum PoseBackbone {
  case graph(PoseModule)
  /// The released VPN's network.
  case stepwise(StepwiseGraphModule)

  package var parameters: ParameterStore {
    switch self {
    case .graph(let module): module.parameters
    case .stepwise(let module): module.parameters
    }
  }

  /// Poses of a clip's frames [N, 3, T, V, M] → [N, features].
  func callAsFunction(_ poses: Tensor, _ mode: ForwardMode) throws(TensorError) -> Tensor {
    switch self {
    case .graph(let module): return try module(poses, mode).features
    case .stepwise(let module):
      // The middle pose of each of 16 sections.
      let (count, frames) = (StepwiseGraphNetwork.steps, poses.shape[2])
      let middles = (0..<count).map { Int64((2 * $0 + 1) * frames / (2 * count)) }
      let chosen = try poses.transposed(0, 2).rows(Tensor.of(middles, [count], on: poses.device))
      return try module(chosen.transposed(0, 2), mode)
    }
  }
}

/// I3D whose features are modulated by pose-driven attention: VPN* without a spatial embedding, VPN with it.
///
/// It needs poses at test time; VPN* teaches VPN-A's students, which do not.
///
/// - Source: methods.md 4 and 6.
package final class PoseDrivenClassifier: TrainingSystem {
  /// The losses that turn a VPN* into a VPN.
  package struct SpatialEmbedding {
    package var labelWeight = 0.8
    package var embeddingWeight = 0.2
    package var regularizerWeight = 1e-5
    package var dimension = 256
    /// Minimum squared distance between embeddings of different clips.
    package var margin = 1.0
    /// Loss and inputs as in the released code: flattened features and A_S through sigmoids, positive pairs only.
    package var asReleased = false

    package init() {}
  }

  package let clip: ClipNetwork
  package let backbone: PoseBackbone
  package let attention: AttentionModule
  private let embedding: (options: SpatialEmbedding, video: LinearLayer, pose: LinearLayer, parameters: ParameterStore)?

  /// - Parameters:
  ///   - clip: I3D without a Non-Local block.
  ///   - backbone: created with the attention's tensors as heads.
  ///   - attention: with the extent of the clip network's Mixed_5c.
  ///   - embedding: VPN's, which requires an attention with hidden layers; `nil` for VPN*.
  ///   - source: initial values of the embedding's tensors.
  /// - Throws: what `source` throws, or `TensorError`.
  package init(
    clip: ClipNetwork, backbone: PoseBackbone, attention: PoseAttention, embedding: SpatialEmbedding? = nil,
    from source: some ParameterSource
  ) throws {
    self.clip = clip
    self.backbone = backbone
    self.attention = AttentionModule(attention, in: backbone.parameters)
    guard let embedding else {
      self.embedding = nil
      return
    }
    let positions = clip.positions
    let video = LinearLayer(
      name: "se_video", inputs: embedding.asReleased ? clip.channels * positions.count : clip.channels,
      outputs: embedding.dimension)
    let pose = LinearLayer(
      name: "se_pose",
      inputs: embedding.asReleased ? positions.height * positions.width : attention.hiddenSpatial?.outputs ?? 0,
      outputs: embedding.dimension)
    precondition(pose.inputs > 0, "a spatial embedding reads the attention's hidden layer")
    self.embedding = (
      embedding, video, pose,
      try ParameterStore(video.parameters + pose.parameters, from: source, on: clip.parameters.device)
    )
  }

  package var networks: [(role: NetworkRole, parameters: ParameterStore)] {
    [(.clip, clip.parameters), (.pose, backbone.parameters)]
      + (embedding.map { [(.embedding, $0.parameters)] } ?? [])
  }
  package var groups: [LearningGroup] {
    [
      LearningGroup(part: .clip, parameters: clip.parameters.learned + (embedding?.parameters.learned ?? [])),
      LearningGroup(part: .pose, parameters: backbone.parameters.learned),
    ]
  }

  /// Only the pose's attention, without the cost of I3D; [N, T/8, H/32, W/32].
  package func map(_ windowPoses: Tensor, _ mode: ForwardMode) throws(TensorError) -> Tensor {
    try attention(backbone(windowPoses, mode)).map
  }

  private func run(_ batch: Batch, _ clipMode: ForwardMode, _ poseMode: ForwardMode) throws(TensorError) -> (
    clip: ClipNetwork.Output, attention: AttentionModule.Output
  ) {
    let attended = try attention(backbone(batch.existingWindowPoses, poseMode))
    let shape = attended.map.shape
    let modulation = try attended.map.reshaped([shape[0], 1] + shape.dropFirst())
    return (try clip(batch.existingClips, clipMode, modulatedBy: modulation), attended)
  }

  package func losses(_ batch: Batch, _ context: StepContext) throws(TensorError) -> (terms: [LossTerm], logits: Tensor)
  {
    let (output, attended) = try run(batch, context.clipMode, context.poseMode)
    let labels = try output.logits.crossEntropy(
      batch.classes(on: output.logits.device), smoothing: context.labelSmoothing)
    guard let (options, video, pose, parameters) = embedding else {
      return ([LossTerm("cross_entropy", labels)], output.logits)
    }
    let distance: Tensor
    let regularizer: Tensor
    if options.asReleased {
      distance = try EmbeddingLoss.released(
        video: output.features.reshaped([batch.count, -1]).linear(video, parameters),
        pose: attended.spatial.linear(pose, parameters))
      regularizer =
        try EmbeddingLoss.releasedRegularizer(attended.spatial)
        + EmbeddingLoss.releasedRegularizer(attended.temporal)
    } else {
      guard let hidden = attended.hidden else { preconditionFailure("checked at the start") }
      distance = try EmbeddingLoss.contrastive(
        video: output.features.mean([2, 3, 4]).linear(video, parameters), pose: hidden.linear(pose, parameters),
        margin: options.margin)
      regularizer = try EmbeddingLoss.regularizer(attended.spatial)
    }
    return (
      [
        LossTerm("cross_entropy", labels, weight: options.labelWeight),
        LossTerm("embedding", distance, weight: options.embeddingWeight),
        LossTerm("regularizer", regularizer, weight: options.regularizerWeight),
      ], output.logits
    )
  }

  package func logits(_ batch: Batch) throws(TensorError) -> Tensor {
    try run(batch, .evaluation, .evaluation).clip.logits
  }
}
