package import Datasets
package import Networks

/// The stages of training, named like their commands.
package enum Stage: String, Codable, CaseIterable, Sendable {
  case poseTeacher = "pose-teacher"
  case rgb
  case attentionTeacher = "attention-teacher"
  case student
  case vpn

  /// What the stage's clips contain.
  ///
  /// - Parameter distillation: what a student is trained with; `none` gives what is needed to evaluate any stage.
  /// - Returns: parts of a recording.
  package func content(_ distillation: Distillation = .none) -> ClipContent {
    switch self {
    case .poseTeacher: return .pose
    case .rgb: return .video
    case .attentionTeacher, .vpn: return [.video, .windowPose]
    case .student:
      var content = ClipContent.video
      if distillation.hasFeature { content.insert(.pose) }
      if distillation.hasAttention { content.insert(.windowPose) }
      return content
    }
  }
}

/// What a student learns from in addition to labels.
package enum Distillation: String, Codable, CaseIterable, Sendable {
  case none, feature, attention, both

  package var hasFeature: Bool { self == .feature || self == .both }
  package var hasAttention: Bool { self == .attention || self == .both }

  /// The system's published name.
  package var system: String {
    switch self {
    case .none: "I3D+NL"
    case .feature: "VPN-F"
    case .attention: "VPN-A"
    case .both: "VPN++"
    }
  }
}

/// What a run trains, as recorded in its checkpoints; sufficient to rebuild the networks.
package struct RunDescription: Codable, Equatable, Sendable {
  package var stage: Stage
  package var distillation: Distillation?
  package var dataset: String
  package var protocolName: String
  /// Activities in logit order.
  package var labels: [String]
  /// The RGB network, if there is one.
  package var clip: StudentNetwork?
  /// The AGCN, if there is one.
  package var pose: PoseNetwork?
  package var stepwise: StepwiseGraphNetwork?
  package var attention: PoseAttention?
  package var poseFrames: Int
  package var seed: Int
  /// The part of the pictures that the RGB network sees; older runs without this choice used the scene.
  package var region: ClipRegion?

  /// The system's published name.
  package var system: String {
    switch stage {
    case .poseTeacher: "AGCN-J"
    case .rgb: "I3D"
    case .attentionTeacher: "VPN*"
    case .vpn: "VPN"
    case .student: (distillation ?? .none).system
    }
  }
}
