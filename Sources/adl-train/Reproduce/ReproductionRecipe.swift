import Settings

/// How a run is trained: the same for every system apart from their differences.
///
/// AdamW with warm-up and cosine schedule, label smoothing, augmented clips, the square around the person, and running
/// statistics that adapt within a short run: what I3D needs to get off chance level in few epochs.
struct ReproductionRecipe {
  private let run: ReproductionRun
  private let budget: ReproductionBudget
  private let list: String

  init(_ run: ReproductionRun, _ budget: ReproductionBudget, list: String) {
    (self.run, self.budget, self.list) = (run, budget, list)
  }

  private var epochs: Int {
    switch run.system {
    case .pose: budget.poseEpochs
    case .start: budget.startEpochs
    default: budget.epochs
    }
  }

  private var learningRate: Double {
    switch run.system {
    case .pose: 0.003
    case .start: 0.001
    // Starting from trained weights.
    default: 0.0005
    }
  }

  var yaml: String {
    let isPose = run.system == .pose
    return """
      # \(run.system.title), \(run.protocolName.title), seed \(run.seed)
      data: {dataset: manifest, manifest: \(list)}
      clip: {frames: \(budget.frames), stride: \(budget.stride), size: \(budget.pixels), region: person}
      pose: {frames: \(budget.poseFrames), stride: \(budget.poseStride)}
      augmentation: {preset: \(isPose ? "strong" : budget.augmentation.rawValue)}
      network: {width: \(budget.width), poseWidth: \(budget.poseWidth), dropout: 0.2, normMomentum: 0.1}
      optimizer: {kind: adamw, learningRate: \(learningRate), weightDecay: 0.05}
      schedule: {kind: cosine, warmupEpochs: \(min(2, epochs / 4))}
      run: {epochs: \(epochs), batch: \(budget.batch), labelSmoothing: 0.1, seed: \(run.seed)}
      feature: {dimension: 128, excludeSameClass: true}
      \(start)
      """
  }

  private var start: String {
    guard run.system == .start, let start = budget.start else { return "" }
    return "start: {model: \"\(start.path)\"}  # sha256 \(start.sha256)\n"
  }

  /// Approximate seconds for all epochs on one core.
  var trainingSeconds: Double {
    let clips = Double(budget.clips) * run.protocolName.shares.training * budget.trainingShare(run.protocolName)
    return Double(epochs) * clips * Self.stepSeconds(run.system, budget)
  }

  /// Approximate seconds per training clip on one core: x0.25, 16 frames of 112x112 take 0.08 s.
  static func stepSeconds(_ system: ReproductionSystem, _ budget: ReproductionBudget) -> Double {
    let pose = 0.01 * Double(budget.poseFrames) / 48 * max(1, budget.poseWidth * 4)
    guard system != .pose else { return pose }
    let pixels = Double(budget.frames * budget.pixels * budget.pixels) / Double(16 * 112 * 112)
    let clip = 0.08 * pixels * max(1, budget.width * 4)
    switch system {
    case .start, .i3d, .nonLocal: return clip
    case .feature: return clip + pose / 3
    case .attentionTeacher, .vpn: return clip + pose
    // The attention teacher processes the clip too.
    default: return clip * 4 / 3 + pose
    }
  }
}
