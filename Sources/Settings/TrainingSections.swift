/// `data`: which recordings to use, and how to split them.
package struct DataSettings: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable { case ntu60, ntu120, smarthome, nucla, weizmann, manifest }
  package enum Cache: String, CaseIterable, Sendable { case off, memory }

  package var dataset: Kind
  /// CS, CV, CSet, CV1, CV2, cross1, cross2, cross3, or for Weizmann the test actor; depends on the data set.
  package var protocolName: String
  /// Folder of the videos, including its subfolders.
  package var videos: String
  /// Folder of the skeleton files; empty if they are with the videos.
  package var skeletons: String
  /// Folder of boxes files; if empty, the joint positions in the skeleton files are used.
  package var boxes: String
  /// CSV file of a `manifest` data set.
  package var manifest: String
  /// Sets some training subjects aside for validation, if the data set publishes no validation clips.
  package var holdOutValidation: Bool
  /// Number of decoding threads.
  package var workers: Int
  /// Number of batches decoded in advance.
  package var ahead: Int
  /// Whether decoded recordings stay in memory.
  package var cache: Cache
  /// Maximum bytes for them in each process; 0 uses two fifths of the memory free at the start.
  package var cacheBytes: Double

  init(_ table: SettingsTable) {
    dataset = table.choice("dataset", default: .manifest)
    protocolName = table.text("protocol", default: "CS") ?? "CS"
    videos = table.text("videos", default: "") ?? ""
    skeletons = table.text("skeletons", default: "") ?? ""
    boxes = table.text("boxes", default: "") ?? ""
    manifest = table.text("manifest", default: "") ?? ""
    holdOutValidation = table.flag("holdOutValidation", default: true)
    workers = table.integer("workers", default: 2, 1...256)
    ahead = table.integer("ahead", default: 3, 1...64)
    cache = table.choice("cache", default: .off)
    cacheBytes = table.number("cacheBytes", default: 0, 0...1e15)
    table.finish()
  }
}

/// `clip`: what the RGB networks see.
package struct ClipSettings: Equatable, Sendable {
  package enum Crop: String, CaseIterable, Sendable { case full, centerSquare }
  package enum Region: String, CaseIterable, Sendable { case auto, person, scene }
  package enum TemporalPadding: String, CaseIterable, Sendable { case zeros, stream }

  package var frames: Int
  /// Distance between the video frames of a clip; 0 for the papers' rule of two or one.
  package var stride: Int
  package var size: Int
  /// The region shown: `auto` is the person if boxes are known.
  package var region: Region
  /// For scenes.
  package var crop: Crop
  /// What I3D sees before and after a window: zeros, or the actual frames, as in continual windows.
  package var temporalPadding: TemporalPadding

  init(_ table: SettingsTable) {
    frames = table.integer("frames", default: 64, 16...512)
    if frames % 8 != 0 { table.refuse("frames", "a multiple of 8") }
    temporalPadding = table.choice("temporalPadding", default: .zeros)
    stride = table.integer("stride", default: 0, 0...64)
    size = table.integer("size", default: 224, 112...320)
    region = table.choice("region", default: .auto)
    crop = table.choice("crop", default: .full)
    if region == .person, crop != .full { table.refuse("crop", "full if region is person") }
    table.finish()
  }
}

/// `augmentation`: how training clips are varied.
package struct AugmentationSettings: Equatable, Sendable {
  package enum Preset: String, CaseIterable, Sendable { case none, light, strong }

  package var preset: Preset
  /// Override the preset's values.
  package var smallest, largest, place, flip, brightness, contrast, color, grey, blur, speed: Double?
  package var turn, tilt, bodyScale, jointNoise, jointDropout, crop: Double?

  init(_ table: SettingsTable) {
    preset = table.choice("preset", default: .none)
    smallest = table.optionalNumber("smallest", 0.1...1)
    largest = table.optionalNumber("largest", 1...4)
    place = table.optionalNumber("place", 0...1)
    flip = table.optionalNumber("flip", 0...1)
    brightness = table.optionalNumber("brightness", 0...1)
    contrast = table.optionalNumber("contrast", 0...1)
    color = table.optionalNumber("color", 0...1)
    grey = table.optionalNumber("grey", 0...1)
    blur = table.optionalNumber("blur", 0...1)
    speed = table.optionalNumber("speed", 1...4)
    turn = table.optionalNumber("turn", 0...180)
    tilt = table.optionalNumber("tilt", 0...90)
    bodyScale = table.optionalNumber("bodyScale", 0...0.9)
    jointNoise = table.optionalNumber("jointNoise", 0...1)
    jointDropout = table.optionalNumber("jointDropout", 0...0.9)
    crop = table.optionalNumber("crop", 0...0.45)
    table.finish()
  }
}

/// `pose`: what the pose networks see.
package struct PoseSettings: Equatable, Sendable {
  /// Number of frames for a whole clip; 0 uses the data set's usual number.
  package var frames: Int
  /// Step between the frames of an NTU recording that the pose teacher sees.
  package var stride: Int
  /// Pre-processing exactly as in the released code, including its bugs.
  package var asReleased: Bool

  init(_ table: SettingsTable) {
    frames = table.integer("frames", default: 0, 0...4096)
    stride = table.integer("stride", default: 1, 1...64)
    asReleased = table.flag("asReleased", default: false)
    table.finish()
  }
}

/// `network`: the configurable parts of the networks.
package struct NetworkSettings: Equatable, Sendable {
  package enum NonLocal: String, CaseIterable, Sendable { case subSampled, full }
  package enum PoseBackbone: String, CaseIterable, Sendable { case agcn, stepwise }

  /// Factor on I3D's channels.
  package var width: Double
  /// Factor on AGCN's channels.
  package var poseWidth: Double
  /// Keys of the students' attention block: pooled 2x2, or all positions.
  package var nonLocal: NonLocal
  package var dropout: Double
  /// The first part of I3D that is trained, such as `Mixed_4f`; empty trains all of it.
  package var trainFrom: String
  /// Momentum of a batch in the running statistics of I3D's batch norms.
  package var normMomentum: Double
  /// The tanh layers z1 and z2 before the attention heads.
  package var hiddenAttention: Bool
  /// What computes pose features for the attention: two AGCN blocks, or the released VPN's network.
  package var poseBackbone: PoseBackbone

  init(_ table: SettingsTable) {
    width = table.number("width", default: 1, 0.0625...4)
    poseWidth = table.number("poseWidth", default: 1, 0.0625...4)
    nonLocal = table.choice("nonLocal", default: .full)
    dropout = table.number("dropout", default: 0.5, 0...0.95)
    trainFrom = table.text("trainFrom", default: "") ?? ""
    normMomentum = table.number("normMomentum", default: 0.01, 1e-6...1)
    hiddenAttention = table.flag("hiddenAttention", default: false)
    poseBackbone = table.choice("poseBackbone", default: .agcn)
    table.finish()
  }
}

/// `start`: initial weights and teachers; empty means none.
package struct StartSettings: Equatable, Sendable {
  /// A model or PyTorch checkpoint of an I3D, as read by `adl model import`.
  package var model: String
  /// Run folder or checkpoint of an `rgb` stage.
  package var rgb: String
  /// Run folder or checkpoint of a `pose-teacher` stage.
  package var poseTeacher: String
  /// Run folder or checkpoint of an `attention-teacher` stage.
  package var attentionTeacher: String

  init(_ table: SettingsTable) {
    model = table.text("model", default: "") ?? ""
    rgb = table.text("rgb", default: "") ?? ""
    poseTeacher = table.text("poseTeacher", default: "") ?? ""
    attentionTeacher = table.text("attentionTeacher", default: "") ?? ""
    table.finish()
  }
}

/// `optimizer`: how weights are updated.
package struct OptimizerSettings: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable { case sgd, adam, adamw }

  package var kind: Kind
  package var learningRate: Double
  /// For the pose part of a network that has both; 0 uses `learningRate`.
  package var poseLearningRate: Double
  package var momentum: Double
  package var nesterov: Bool
  package var weightDecay: Double
  package var beta1: Double
  package var beta2: Double
  package var epsilon: Double

  init(_ table: SettingsTable) {
    kind = table.choice("kind", default: .sgd)
    learningRate = table.number("learningRate", default: 0.01, 1e-9...100)
    poseLearningRate = table.number("poseLearningRate", default: 0, 0...100)
    momentum = table.number("momentum", default: 0.9, 0...0.9999)
    nesterov = table.flag("nesterov", default: false)
    if nesterov, momentum == 0 { table.refuse("nesterov", "false if momentum is 0") }
    weightDecay = table.number("weightDecay", default: 0, 0...1)
    beta1 = table.number("beta1", default: 0.9, 0...0.9999)
    beta2 = table.number("beta2", default: 0.999, 0...0.99999)
    epsilon = table.number("epsilon", default: 1e-8, 1e-16...1)
    table.finish()
  }
}

/// `schedule`: how the learning rate decreases.
package struct ScheduleSettings: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable { case constant, step, plateau, cosine }

  package var kind: Kind
  /// The factor applied to the rate.
  package var factor: Double
  /// Epochs, from 0, at which `step` applies the factor.
  package var milestones: [Int]
  /// Epochs without a better validation loss before `plateau` applies the factor.
  package var patience: Int
  /// Epochs over which the rate rises from zero.
  package var warmupEpochs: Double

  init(_ table: SettingsTable) {
    kind = table.choice("kind", default: .constant)
    factor = table.number("factor", default: 0.1, 1e-6...1)
    milestones = table.integers("milestones", 0...1_000_000)
    patience = table.integer("patience", default: 10, 0...100_000)
    warmupEpochs = table.number("warmupEpochs", default: 0, 0...1000)
    table.finish()
  }
}

/// `run`: length, batches, safeguards.
package struct RunSettings: Equatable, Sendable {
  package enum BatchNorm: String, CaseIterable, Sendable { case auto, frozen, batch }

  package var epochs: Int
  /// Clips per process and step.
  package var batch: Int
  /// Steps whose gradients are accumulated before weights are updated.
  package var accumulate: Int
  /// Maximum Euclidean norm of all gradients; 0 disables clipping.
  package var clipNorm: Double
  /// Share of a label that is spread over all classes.
  package var labelSmoothing: Double
  /// Share of the weights' moving average kept at each step; 0 keeps no average.
  package var averageDecay: Double
  package var seed: Int
  /// Batch statistics in the trunk: `auto` uses them from eight clips per process on.
  package var batchNorm: BatchNorm
  /// Number of training batches from which running statistics are recomputed before validation; 0 keeps the running
  /// ones.
  package var preciseNorm: Int
  /// Computes batch statistics over all processes together.
  package var synchronizeBatchNorm: Bool
  /// Steps between checkpoints within an epoch; 0 saves only at the end of an epoch.
  package var checkpointEvery: Int
  /// Training ends early once the rate is lower than this.
  package var stopBelowRate: Double
  /// A higher loss ends the run as diverged.
  package var largestLoss: Double
  /// Number of steps per line of the log.
  package var logEvery: Int

  init(_ table: SettingsTable) {
    epochs = table.integer("epochs", default: 100, 1...1_000_000)
    batch = table.integer("batch", default: 16, 1...65536)
    accumulate = table.integer("accumulate", default: 1, 1...65536)
    clipNorm = table.number("clipNorm", default: 10, 0...1e9)
    labelSmoothing = table.number("labelSmoothing", default: 0, 0...0.9)
    averageDecay = table.number("averageDecay", default: 0, 0...0.999999)
    seed = table.integer("seed", default: 1, 0...Int(Int32.max))
    batchNorm = table.choice("batchNorm", default: .auto)
    preciseNorm = table.integer("preciseNorm", default: 0, 0...100_000)
    if preciseNorm > 0, batchNorm == .frozen { table.refuse("preciseNorm", "0 if batchNorm is frozen") }
    synchronizeBatchNorm = table.flag("synchronizeBatchNorm", default: false)
    checkpointEvery = table.integer("checkpointEvery", default: 0, 0...1_000_000)
    stopBelowRate = table.number("stopBelowRate", default: 0, 0...1)
    largestLoss = table.number("largestLoss", default: 1e4, 1...1e30)
    logEvery = table.integer("logEvery", default: 1, 1...100_000)
    table.finish()
  }
}

/// `feature`: feature distillation, L_F; enabled by `--distill` feature or both.
package struct FeatureSettings: Equatable, Sendable {
  package enum Loss: String, CaseIterable, Sendable { case crd, infoNCE, released }

  package var loss: Loss
  /// Weight of the term, alpha.
  package var weight: Double
  /// Length of the shared embedding.
  package var dimension: Int
  package var temperature: Double
  /// Number of rows of the memory bank that each clip is contrasted with.
  package var negatives: Int
  /// Share of a bank row that is kept at an update.
  package var momentum: Double
  /// Draws no negatives from the clip's own class.
  package var excludeSameClass: Bool

  init(_ table: SettingsTable) {
    loss = table.choice("loss", default: .crd)
    weight = table.number("weight", default: 0.1, 0...1e6)
    dimension = table.integer("dimension", default: 512, 2...65536)
    temperature = table.number("temperature", default: 0.07, 1e-4...100)
    negatives = table.integer("negatives", default: 1024, 1...1_000_000)
    momentum = table.number("momentum", default: 0.5, 0...0.9999)
    excludeSameClass = table.flag("excludeSameClass", default: false)
    table.finish()
  }
}

/// `attention`: attention distillation, L_A; enabled by `--distill` attention or both.
package struct AttentionSettings: Equatable, Sendable {
  package enum Loss: String, CaseIterable, Sendable { case meanSquares, divergence, released }
  package enum Map: String, CaseIterable, Sendable { case marginal, embedding }

  package var loss: Loss
  /// The student's map: the attention's marginal, or the released linear layer on all of it.
  package var map: Map
  /// Weight of the term, beta.
  package var weight: Double
  /// Whether the teacher continues to learn from labels while the student learns from it.
  package var collaborative: Bool
  /// Weight of the teacher's own cross-entropy in that case.
  package var teacherWeight: Double
  /// Weight of the student's cross-entropy.
  package var labelWeight: Double

  init(_ table: SettingsTable) {
    loss = table.choice("loss", default: .meanSquares)
    map = table.choice("map", default: .marginal)
    weight = table.number("weight", default: 1, 0...1e9)
    collaborative = table.flag("collaborative", default: false)
    teacherWeight = table.number("teacherWeight", default: 1, 0...1e6)
    labelWeight = table.number("labelWeight", default: 1, 0...1e6)
    if map == .embedding, loss == .divergence { table.refuse("loss", "meanSquares or released if map is embedding") }
    table.finish()
  }
}

/// `vpn`: the losses of the full VPN.
package struct VPNSettings: Equatable, Sendable {
  /// l1, l2, l3: weights of the cross-entropy, the embedding loss and the attention regulariser.
  package var labelWeight: Double
  package var embeddingWeight: Double
  package var regularizerWeight: Double
  package var embeddingDimension: Int
  /// Minimum squared distance between embeddings of different clips.
  package var margin: Double
  /// Embedding loss and regulariser as in the released code.
  package var asReleased: Bool

  init(_ table: SettingsTable) {
    labelWeight = table.number("labelWeight", default: 0.8, 0...1e6)
    embeddingWeight = table.number("embeddingWeight", default: 0.2, 0...1e6)
    regularizerWeight = table.number("regularizerWeight", default: 1e-5, 0...1e6)
    embeddingDimension = table.integer("embeddingDimension", default: 256, 2...65536)
    margin = table.number("margin", default: 1, 0...4)
    asReleased = table.flag("asReleased", default: false)
    table.finish()
  }
}

/// `evaluation`: how whole clips are evaluated.
package struct EvaluationSettings: Equatable, Sendable {
  package enum Windows: String, CaseIterable, Sendable { case paper, code }

  package var windows: Windows
  /// Number of windows scored at once.
  package var batch: Int

  init(_ table: SettingsTable) {
    windows = table.choice("windows", default: .paper)
    batch = table.integer("batch", default: 4, 1...4096)
    table.finish()
  }
}
