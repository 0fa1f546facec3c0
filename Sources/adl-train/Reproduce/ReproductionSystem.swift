import Training

/// Everything that the papers compare.
enum ReproductionSystem: String, CaseIterable, Comparable, Sendable {
  case pose = "agcn-j"
  /// The I3D where all others start; not a separate row.
  case start = "i3d-start"
  case i3d
  case nonLocal = "i3d-nl"
  case attentionTeacher = "vpn-star"
  case feature = "vpn-f"
  case attention = "vpn-a"
  case both = "vpn-plus-plus"
  case vpn

  var stage: Stage {
    switch self {
    case .pose: .poseTeacher
    case .start, .i3d: .rgb
    case .attentionTeacher: .attentionTeacher
    case .vpn: .vpn
    case .nonLocal, .feature, .attention, .both: .student
    }
  }

  var distillation: Distillation {
    switch self {
    case .feature: .feature
    case .attention: .attention
    case .both: .both
    default: .none
    }
  }

  var title: String {
    switch self {
    case .pose: "AGCN-J"
    case .start: "I3D (start)"
    case .i3d: "I3D"
    case .attentionTeacher: "VPN*"
    case .vpn: "VPN"
    case .nonLocal, .feature, .attention, .both: distillation.system
    }
  }

  static func < (one: Self, other: Self) -> Bool {
    allCases.firstIndex(of: one) ?? 0 < allCases.firstIndex(of: other) ?? 0
  }

  /// All systems whose runs it depends on, including itself.
  var closure: Set<ReproductionSystem> {
    starts.reduce(into: [self]) { $0.formUnion($1.system.closure) }
  }

  /// Whether it needs poses at test time, not only for training.
  var needsPoses: Bool { self == .pose || self == .attentionTeacher || self == .vpn }

  /// The settings that name the systems it starts from or learns from.
  var starts: [(setting: String, system: ReproductionSystem)] {
    switch self {
    case .pose, .start: []
    case .i3d, .nonLocal, .attentionTeacher, .vpn: [("start.rgb", .start)]
    case .feature: [("start.rgb", .start), ("start.poseTeacher", .pose)]
    case .attention: [("start.rgb", .start), ("start.attentionTeacher", .attentionTeacher)]
    case .both:
      [("start.rgb", .start), ("start.poseTeacher", .pose), ("start.attentionTeacher", .attentionTeacher)]
    }
  }
}
