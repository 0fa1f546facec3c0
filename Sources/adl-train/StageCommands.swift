import ArgumentParser
import Settings
import Training

/// The command `adl-train pose-teacher`: trains AGCN-J.
struct PoseTeacherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pose-teacher",
    abstract: "Train AGCN-J, which recognises activities from poses alone.",
    discussion: """
      The teacher for feature distillation, and the other half of VPN++ with poses. Needs skeletons, but no videos. As \
      published: SGD with Nesterov momentum, rate 0.1 divided by ten at epochs 30 and 40, batch 64 (NTU) or 16 (Smarthome).

      Example:
        adl-train pose-teacher --config config/train/ntu60/pose-teacher.yaml --set data.videos=/data/nturgb+d \\
          --out runs/pose
      """)
  @OptionGroup var options: StageOptions
  func run() throws { try StageRunner(.poseTeacher, .none, options).run() }
}

/// The command `adl-train rgb`: trains I3D.
struct RGBCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rgb",
    abstract: "Fine-tune I3D on clips, from published weights or from scratch.",
    discussion: """
      The baseline, and what attention teachers and students start from. start.model names published Kinetics weights (a \
      PyTorch checkpoint or a model file); without it I3D is trained from scratch, which takes far longer.

      Example:
        adl-train rgb --config config/train/ntu60/rgb.yaml --set data.videos=/data/nturgb+d \\
          --set start.model=rgb_imagenet.pt --out runs/rgb
      """)
  @OptionGroup var options: StageOptions
  func run() throws { try StageRunner(.rgb, .none, options).run() }
}

/// The command `adl-train attention-teacher`: trains VPN*.
struct AttentionTeacherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attention-teacher",
    abstract: "Train VPN*, an I3D whose features are weighted in space and time by pose attention.",
    discussion: """
      The teacher for attention distillation: I3D from the rgb stage (start.rgb), two AGCN blocks on the poses of the clip's \
      own frames, sigmoid over space times softmax over time.

      Example:
        adl-train attention-teacher --config config/train/ntu60/attention-teacher.yaml \\
          --set data.videos=/data/nturgb+d --set start.rgb=runs/rgb --out runs/attention
      """)
  @OptionGroup var options: StageOptions
  func run() throws { try StageRunner(.attentionTeacher, .none, options).run() }
}

/// The command `adl-train student`: trains I3D+NL, VPN-F, VPN-A or VPN++.
struct StudentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "student",
    abstract: "Train the RGB student: I3D with a Non-Local block that learns from poses and then works without.",
    discussion: """
      --distill none is I3D+NL, feature is VPN-F (needs start.poseTeacher), attention is VPN-A (needs \
      start.attentionTeacher), both is VPN++. The student starts from start.rgb. `adl-train export` makes a model for \
      the daemon from the run. With --temporal-padding stream it also learns from what comes before and after each window, \
      as continual windows see it (model.windows: continual); start.model or start.rgb is then usually a student that is \
      already good.

      Example:
        adl-train student --distill both --config config/train/ntu60/student.yaml --set data.videos=/data/nturgb+d \\
          --set start.rgb=runs/rgb --set start.poseTeacher=runs/pose --set start.attentionTeacher=runs/attention \\
          --out runs/vpnpp
      """)

  @Option(help: "Distillation besides labels: none, feature, attention or both.")
  var distill: Distillation

  @Option(help: "What the trunk sees beyond a window: zeros or stream. Overrides clip.temporalPadding.")
  var temporalPadding: ClipSettings.TemporalPadding?

  @OptionGroup var options: StageOptions

  func run() throws {
    var options = options
    if let temporalPadding { options.set.values.append("clip.temporalPadding=\(temporalPadding.rawValue)") }
    try StageRunner(.student, distill, options).run()
  }
}

/// The command `adl-train vpn`: trains the full VPN.
struct VPNCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vpn",
    abstract: "Train the full VPN, which also needs poses for inference; for comparison.",
    discussion: """
      I3D from the rgb stage, pose-driven attention with hidden layers, and the spatial embedding that brings clips and \
      poses closer together. network.poseBackbone chooses AGCN blocks or the released network.

      Example:
        adl-train vpn --config config/train/ntu60/vpn.yaml --set data.videos=/data/nturgb+d \\
          --set start.rgb=runs/rgb --out runs/vpn
      """)
  @OptionGroup var options: StageOptions
  func run() throws { try StageRunner(.vpn, .none, options).run() }
}

extension Distillation: ExpressibleByArgument {}

extension ClipSettings.TemporalPadding: ExpressibleByArgument {}
