import Networks
package import Tensors

/// Clips of one step, as tensors on the device.
package struct Batch {
  package var names: [String]
  /// Places of the clips in the training list, which are their rows in a memory bank.
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

/// What a batch has to hold for a system.
package struct BatchContent: OptionSet, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  package static let clips = BatchContent(rawValue: 1)
  package static let poses = BatchContent(rawValue: 2)
  package static let windowPoses = BatchContent(rawValue: 4)
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

/// How a step is to be run.
package struct StepContext {
  /// For I3D.
  package var clipMode: ForwardMode
  /// For pose networks, whose batches are large enough for statistics of their own.
  package var poseMode: ForwardMode
  /// Seed of the run, and the number of the step, from 0: what draws depend on.
  package var seed: UInt64
  package var step: Int
  /// Share of a label that is spread over all classes.
  package var labelSmoothing: Double
  /// Ranks that train together, if any.
  package var group: ProcessGroup?

  package init(
    clipMode: ForwardMode, poseMode: ForwardMode, seed: UInt64, step: Int, labelSmoothing: Double = 0,
    group: ProcessGroup? = nil
  ) {
    self.clipMode = clipMode
    self.poseMode = poseMode
    self.labelSmoothing = labelSmoothing
    self.seed = seed
    self.step = step
    self.group = group
  }

  /// Evaluation: nothing is drawn.
  package static var evaluation: StepContext {
    StepContext(clipMode: .evaluation, poseMode: .evaluation, seed: 0, step: 0)
  }
}

/// Parameters that share a learning rate.
package struct LearningGroup {
  package enum Part: Sendable { case clip, pose }

  package var part: Part
  package var parameters: [ParameterStore.Parameter]
}

/// A network, or several, with the losses that train them.
///
/// `SystemBuilder` makes the right one for a stage.
package protocol TrainingSystem: AnyObject {
  /// Everything a checkpoint keeps, by prefix; frozen teachers are not part of it.
  var networks: [(prefix: String, parameters: ParameterStore)] { get }
  /// Tensors besides parameters that a checkpoint keeps, such as a memory bank.
  var memory: [(name: String, tensor: Tensor)] { get }
  /// Numbers that a checkpoint keeps.
  var numbers: [String: Double] { get set }
  var content: BatchContent { get }
  var groups: [LearningGroup] { get }

  /// One forward pass for learning.
  func losses(_ batch: Batch, _ context: StepContext) throws(TensorError) -> (terms: [LossTerm], logits: Tensor)
  /// What remains to be done once weights have moved.
  func finish(_ batch: Batch, _ context: StepContext) throws(TensorError)
  /// [N, K], for evaluation.
  func logits(_ batch: Batch) throws(TensorError) -> Tensor
}

extension TrainingSystem {
  package var memory: [(name: String, tensor: Tensor)] { [] }
  package var numbers: [String: Double] {
    get { [:] }
    set {}
  }
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
