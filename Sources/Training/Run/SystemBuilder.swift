package import Datasets
import Foundation
import ModelFile
package import Networks
package import Settings
package import Tensors

/// Builds a stage's system from its settings, with its initial weights and teachers.
///
/// Everything a stage needs is checked first; an error names the earlier stage that produces it.
package struct SystemBuilder {
  package let stage: Stage
  package let distillation: Distillation
  package let settings: TrainingSettings
  package let labels: [String]
  package let skeleton: SkeletonGraph
  /// Classes of the training clips, in order: the rows of a memory bank.
  package let trainingLabels: [Int]
  /// The part of the pictures that the RGB network sees; `nil` for stages without one.
  package let region: ClipRegion?
  package let device: Device

  package init(
    stage: Stage, distillation: Distillation = .none, settings: TrainingSettings, labels: [String],
    skeleton: SkeletonGraph, trainingLabels: [Int], region: ClipRegion? = nil, device: Device
  ) {
    self.stage = stage
    self.distillation = distillation
    self.settings = settings
    self.labels = labels
    self.skeleton = skeleton
    self.trainingLabels = trainingLabels
    self.region = region
    self.device = device
  }

  private var initial: InitialParameters { InitialParameters(seed: UInt64(settings.run.seed)) }

  /// - Returns: the system, its description for checkpoints, and remarks for people on where weights came from.
  /// - Throws: `TrainingError`, `NetworkError`, `ModelFileError`, `TensorError`.
  package func build() throws -> (system: any TrainingSystem, description: RunDescription, remarks: [String]) {
    var remarks: [String] = []
    var description = RunDescription(
      stage: stage, distillation: stage == .student ? distillation : nil, dataset: settings.data.dataset.rawValue,
      protocolName: settings.data.protocolName, labels: labels, poseFrames: settings.pose.frames,
      seed: settings.run.seed, region: region)
    let system: any TrainingSystem
    switch stage {
    case .poseTeacher:
      let network = PoseNetwork(graph: skeleton, width: settings.network.poseWidth)
      description.pose = network
      system = try PoseTeacher(network, classes: labels.count, from: initial, on: device)
    case .rgb:
      let module = try clipNetwork(nonLocal: .none)
      remarks += try start(module)
      description.clip = module.network
      system = ClipClassifier(module)
    case .attentionTeacher, .vpn:
      let module = try clipNetwork(nonLocal: .none)
      remarks += try start(module)
      let teacher = try poseDriven(module, &description)
      description.clip = module.network
      system = teacher
    case .student:
      let module = try clipNetwork(nonLocal: settings.network.nonLocal == .full ? .full : .subSampled)
      remarks += try start(module)
      description.clip = module.network
      system = try student(module)
    }
    return (system, description, remarks)
  }

  private func clipNetwork(nonLocal: StudentNetwork.NonLocal) throws -> ClipNetwork {
    let network = try StudentNetwork(
      width: WidthMultiplier(settings.network.width), frames: settings.clip.frames, size: settings.clip.size,
      classes: labels.count, nonLocal: nonLocal)
    let first = settings.network.trainFrom
    let parts = ClipNetwork.parts(of: try network.graph())
    guard first.isEmpty || parts.contains(first) else {
      throw TrainingError.refused(setting: "network.trainFrom", value: first, allowed: parts.joined(separator: ", "))
    }
    return try ClipNetwork(
      network, from: initial, on: device, momentum: settings.network.normMomentum,
      trainingFrom: first.isEmpty ? nil : first)
  }

  // MARK: Starting weights

  /// Initial weights for I3D: those of an `rgb` stage, published or imported ones, or none.
  ///
  /// A classifier for other activities is initialised from scratch.
  private func start(_ module: ClipNetwork) throws -> [String] {
    if !settings.start.rgb.isEmpty {
      let checkpoint = try TrainingCheckpoint(path: settings.start.rgb)
      try require(checkpoint, [.rgb, .student], "start.rgb")
      try require(checkpoint, labelsFor: "start.rgb")
      guard let network = checkpoint.description.clip else { throw Self.incomplete(checkpoint) }
      return try begin(module, with: checkpoint.parameters(.clip), of: network, path: checkpoint.path)
    }
    guard !settings.start.model.isEmpty else { return ["I3D starts from scratch: start.model is not set"] }
    let path = settings.start.model
    let imported = try StudentImport(path: path, frames: settings.clip.frames, size: settings.clip.size)
    return try begin(module, with: imported, of: imported.network, path: path) + imported.remarks
  }

  /// Loads every tensor of `network` that fits.
  private func begin(
    _ module: ClipNetwork, with source: some ParameterSource, of network: StudentNetwork, path: String
  ) throws -> [String] {
    let available = Set(try network.graph().parameters.map { "\($0.name) \($0.shape)" })
    let kept = try module.parameters.load { parameter in
      available.contains("\(parameter.name) \(parameter.shape)") ? try source.values(of: parameter) : nil
    }
    guard let stem = module.graph.parameters.first, !kept.contains(stem.name) else {
      throw TrainingError.unsuitable(
        path: path,
        reason: "it has the width \(network.width.value); network.width asks for \(settings.network.width)")
    }
    return ["weights of \(path)"] + (kept.isEmpty ? [] : ["initialised from scratch: \(kept.joined(separator: ", "))"])
  }

  // MARK: Pose-driven networks

  private func poseDriven(_ module: ClipNetwork, _ description: inout RunDescription) throws -> PoseDrivenClassifier {
    let positions = module.positions
    let isVPN = stage == .vpn
    let hasHidden = settings.network.hiddenAttention || isVPN
    func attention(_ inputs: Int) -> PoseAttention {
      PoseAttention(
        inputs: inputs, frames: positions.frames, height: positions.height, width: positions.width,
        hasHiddenLayers: hasHidden)
    }
    let heads: PoseAttention
    let backbone: PoseBackbone
    switch settings.network.poseBackbone {
    case .agcn:
      let network = PoseNetwork(graph: skeleton, blockCount: 2, width: settings.network.poseWidth)
      heads = attention(network.features)
      backbone = .graph(try PoseModule(network, heads: heads.parameters, from: initial, on: device))
      description.pose = network
    case .stepwise:
      let network = StepwiseGraphNetwork(graph: skeleton)
      heads = attention(StepwiseGraphNetwork.features)
      backbone = .stepwise(try StepwiseGraphModule(network, heads: heads.parameters, from: initial, on: device))
      description.stepwise = network
    }
    description.attention = heads
    var embedding: PoseDrivenClassifier.SpatialEmbedding?
    if isVPN {
      var options = PoseDrivenClassifier.SpatialEmbedding()
      options.labelWeight = settings.vpn.labelWeight
      options.embeddingWeight = settings.vpn.embeddingWeight
      options.regularizerWeight = settings.vpn.regularizerWeight
      options.dimension = settings.vpn.embeddingDimension
      options.margin = settings.vpn.margin
      options.asReleased = settings.vpn.asReleased
      embedding = options
    }
    return try PoseDrivenClassifier(
      clip: module, backbone: backbone, attention: heads, embedding: embedding, from: initial)
  }

  // MARK: Students

  private func student(_ module: ClipNetwork) throws -> any TrainingSystem {
    guard distillation != .none else { return ClipClassifier(module) }
    let feature = distillation.hasFeature ? try featureDistillation(module) : nil
    let attention = distillation.hasAttention ? try attentionDistillation(module) : nil
    return DistilledStudent(
      module, feature: feature, attention: attention, labelWeight: settings.attention.labelWeight)
  }

  private func featureDistillation(_ module: ClipNetwork) throws -> FeatureDistillation {
    let options = settings.feature
    let teacher = try Self.poseTeacher(
      try checkpoint("start.poseTeacher", settings.start.poseTeacher, .poseTeacher), on: device)
    let form: FeatureDistillation.Form =
      switch options.loss {
      case .crd: .crd(temperature: options.temperature, negatives: options.negatives)
      case .infoNCE: .infoNCE(temperature: options.temperature, negatives: options.negatives)
      case .released: .released
      }
    let bank =
      options.loss == .released
      ? nil
      : try MemoryBank(
        rows: trainingLabels.count, dimension: options.dimension, momentum: options.momentum,
        seed: UInt64(settings.run.seed), on: device)
    return try FeatureDistillation(
      form, weight: options.weight, studentFeatures: module.channels * module.network.steps,
      dimension: options.dimension, teacher: teacher.module, bank: bank,
      rowLabels: options.excludeSameClass ? trainingLabels : nil, from: initial)
  }

  private func attentionDistillation(_ module: ClipNetwork) throws -> AttentionDistillation {
    let options = settings.attention
    let teacher = try Self.attentionTeacher(
      try checkpoint("start.attentionTeacher", settings.start.attentionTeacher, .attentionTeacher), on: device)
    guard teacher.clip.positions == module.positions else {
      throw TrainingError.unsuitable(
        path: settings.start.attentionTeacher,
        reason: "its attention has \(teacher.clip.positions.count) positions, the student's \(module.positions.count); "
          + "clip.frames and clip.size must be the teacher's")
    }
    let form: AttentionDistillation.Form =
      switch options.map {
      case .marginal: .marginal(divergence: options.loss == .divergence)
      case .embedding: .embedding(summed: options.loss == .released)
      }
    return try AttentionDistillation(
      form, weight: options.weight, student: module, teacher: teacher,
      collaborativeWeight: options.collaborative ? options.teacherWeight : nil, from: initial)
  }

  /// The checkpoint that a setting names, which must come from the given stage.
  private func checkpoint(_ setting: String, _ path: String, _ wanted: Stage) throws -> TrainingCheckpoint {
    guard !path.isEmpty else {
      throw TrainingError.missing(
        stage: "\(stage.rawValue) --distill \(distillation.rawValue)", what: "a trained \(wanted.rawValue)",
        remedy: "set \(setting) to its run folder; `adl-train \(wanted.rawValue)` makes one")
    }
    let checkpoint = try TrainingCheckpoint(path: path)
    try require(checkpoint, [wanted], setting)
    try require(checkpoint, labelsFor: setting)
    guard checkpoint.description.pose.map({ $0.graph == skeleton }) ?? true else {
      throw TrainingError.unsuitable(path: checkpoint.path, reason: "it was trained on another skeleton (\(setting))")
    }
    return checkpoint
  }

  private func require(_ checkpoint: TrainingCheckpoint, _ stages: [Stage], _ setting: String) throws(TrainingError) {
    guard stages.contains(checkpoint.description.stage) else {
      throw .unsuitable(
        path: checkpoint.path,
        reason: "it is from the stage \(checkpoint.description.stage.rawValue); \(setting) needs "
          + stages.map(\.rawValue).joined(separator: " or "))
    }
  }

  /// A teacher with the same activities in another order would teach the wrong ones.
  private func require(_ checkpoint: TrainingCheckpoint, labelsFor setting: String) throws(TrainingError) {
    guard checkpoint.description.labels == labels else {
      let differing = zip(checkpoint.description.labels, labels).first { $0 != $1 }
      throw .unsuitable(
        path: checkpoint.path,
        reason: "its activities differ from this data set's"
          + (differing.map { ", first \($0.0) where this has \($0.1)" } ?? " in number") + " (\(setting))")
    }
  }

  // MARK: From checkpoints alone

  /// A pose teacher from its checkpoint.
  package static func poseTeacher(_ checkpoint: TrainingCheckpoint, on device: Device) throws -> PoseTeacher {
    guard let network = checkpoint.description.pose else { throw incomplete(checkpoint) }
    return try PoseTeacher(
      network, classes: checkpoint.description.labels.count, from: checkpoint.parameters(.pose), on: device)
  }

  /// An attention teacher from its checkpoint.
  package static func attentionTeacher(_ checkpoint: TrainingCheckpoint, on device: Device) throws
    -> PoseDrivenClassifier
  {
    guard let network = checkpoint.description.clip, let attention = checkpoint.description.attention else {
      throw incomplete(checkpoint)
    }
    let clip = try ClipNetwork(network, from: checkpoint.parameters(.clip), on: device)
    let poses = checkpoint.parameters(.pose)
    let backbone: PoseBackbone
    if let network = checkpoint.description.pose {
      backbone = .graph(try PoseModule(network, heads: attention.parameters, from: poses, on: device))
    } else if let network = checkpoint.description.stepwise {
      backbone = .stepwise(try StepwiseGraphModule(network, heads: attention.parameters, from: poses, on: device))
    } else {
      throw incomplete(checkpoint)
    }
    return try PoseDrivenClassifier(clip: clip, backbone: backbone, attention: attention, from: poses)
  }

  /// Any trained system, for evaluation: gives logits, without losses.
  package static func classifier(_ checkpoint: TrainingCheckpoint, on device: Device) throws -> any TrainingSystem {
    switch checkpoint.description.stage {
    case .poseTeacher: return try poseTeacher(checkpoint, on: device)
    case .attentionTeacher, .vpn: return try attentionTeacher(checkpoint, on: device)
    case .rgb, .student:
      guard let network = checkpoint.description.clip else { throw incomplete(checkpoint) }
      return ClipClassifier(try ClipNetwork(network, from: checkpoint.parameters(.clip), on: device))
    }
  }

  private static func incomplete(_ checkpoint: TrainingCheckpoint) -> TrainingError {
    .unsuitable(path: checkpoint.path, reason: "it does not describe a network of its stage")
  }
}
