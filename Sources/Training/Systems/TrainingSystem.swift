import Networks
package import Tensors

/// The clips of one step, as tensors on the device.
package struct Batch {
  package var names: [String]
  /// The clips' positions in the training list, which are their rows in a memory bank.
  package var rows: [Int]
  package var labels: [Int]
  /// [N, 3, T, H, W] in [-1, 1].
  package var clips: Tensor?
  /// Poses of the whole recordings, [N, 3, T', V, M].
  package var poses: Tensor?
  /// Poses at the clips' own frames, [N, 3, T, V, M].
  package var windowPoses: Tensor?

  package init(
    names: [String], rows: [Int], labels: [Int], clips: Tensor? = nil, poses: Tensor? = nil, windowPoses: Tensor? = nil
  ) {
    self.names = names
    self.rows = rows
    self.labels = labels
    self.clips = clips
    self.poses = poses
    self.windowPoses = windowPoses
  }

  package var count: Int { names.count }

  /// Class indices [N], int64.
  func classes(on device: Device) throws(TensorError) -> Tensor {
    try Tensor.of(labels.map(Int64.init), [count], on: device)
  }
}

/// The role of a network within a system; it identifies tensors in checkpoints.
package enum NetworkRole: String, CaseIterable, Sendable {
  /// I3D, with or without an attention block.
  case clip
  case pose
  /// VPN's spatial embedding.
  case embedding
  /// Heads of feature distillation.
  case feature
  /// The released attention distillation's linear layer.
  case attention
  /// A teacher that is trained too.
  case teacherClip = "teacher.clip"
  case teacherPose = "teacher.pose"

  /// The names used by earlier versions.
  var formerNames: [String] {
    switch self {
    case .clip: ["student", "rgb"]
    case .teacherClip: ["teacher.rgb"]
    case .pose, .embedding, .feature, .attention, .teacherPose: []
    }
  }
}

/// One term of a loss; the total is the sum of `weight · value`.
package struct LossTerm {
  package var name: String
  package var value: Tensor
  package var weight: Double

  package init(_ name: String, _ value: Tensor, weight: Double = 1) {
    self.name = name
    self.value = value
    self.weight = weight
  }
}

/// Parameters that share a learning rate.
package struct LearningGroup {
  /// Which base learning rate applies.
  package enum Part: Sendable { case clip, pose }

  package var part: Part
  package var parameters: [ParameterStore.Parameter]
}

/// One or more networks, with the losses that train them.
///
/// `SystemBuilder` creates the right one for a stage.
package protocol TrainingSystem: AnyObject {
  /// Everything stored in a checkpoint; frozen teachers are not included.
  var networks: [(role: NetworkRole, parameters: ParameterStore)] { get }
  /// Tensors other than parameters that are stored in a checkpoint, such as a memory bank.
  var memory: [(name: String, tensor: Tensor)] { get }
  var groups: [LearningGroup] { get }

  /// One forward pass for training.
  func losses(_ batch: Batch, _ context: StepContext) throws(TensorError) -> (terms: [LossTerm], logits: Tensor)
  /// Called once gradients have been computed.
  func finish(_ batch: Batch, _ context: StepContext) throws(TensorError)
  /// [N, K], for evaluation.
  func logits(_ batch: Batch) throws(TensorError) -> Tensor
}

extension TrainingSystem {
  package var memory: [(name: String, tensor: Tensor)] { [] }
  package func finish(_ batch: Batch, _ context: StepContext) throws(TensorError) {}

  package var learnedCount: Int { groups.flatMap(\.parameters).reduce(0) { $0 + $1.description.count } }
}

extension Batch {
  var existingClips: Tensor { existing(clips, "clips") }
  var existingPoses: Tensor { existing(poses, "poses") }
  var existingWindowPoses: Tensor { existing(windowPoses, "poses of the clips' frames") }

  private func existing(_ tensor: Tensor?, _ what: String) -> Tensor {
    guard let tensor else { preconditionFailure("the batch was made without \(what)") }
    return tensor
  }
}
