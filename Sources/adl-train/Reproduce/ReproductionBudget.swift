import Settings

/// How much of everything a reproduction may take.
struct ReproductionBudget: Equatable, Sendable {
  enum Size: String, CaseIterable, Sendable { case quick, standard, long }

  var size: Size
  /// Recordings, three of each motion.
  var clips: Int
  var subjects: Int
  /// Shares of the validation and test recordings that judge.
  var validationShare = 1.0
  var testShare = 1.0
  /// Share of the training recordings that train.
  var labels = 1.0
  /// Share of the cross-view training recordings that stand for all: as many as train cross-subject.
  var viewShare = 1.0
  var frames: Int
  /// Video frames from one frame of a clip to the next.
  var stride: Int
  /// Height and width of a clip in pixels.
  var pixels: Int
  /// Factor on the channels of I3D, and of AGCN.
  var width: Double
  var poseWidth: Double
  var poseFrames: Int
  var poseStride: Int
  var batch = 16
  /// How clips vary in training; poses alone always vary as `strong`.
  var augmentation = AugmentationSettings.Preset.light
  /// Epochs of the pose teacher, of I3D from scratch, and of each system that starts from that I3D.
  var poseEpochs: Int
  var scratchEpochs: Int
  var epochs: Int
  var seeds: [Int]
  var protocols: [ReproductionProtocol]
  /// Rows of the table, under each protocol.
  var systems: [ReproductionProtocol: Set<ReproductionSystem>]
  /// Factors on the noise of training poses with which VPN++ is trained again, under the first seed.
  var noises: [Double]

  init(_ size: Size) {
    self.size = size
    // At 30 frames a second 16 frames at every fourth show 2.1 s, 48 poses at every third 4.8 s.
    (frames, pixels, stride, poseFrames, poseStride) = (16, 112, 4, 48, 3)
    protocols = ReproductionProtocol.allCases
    let all = Set(ReproductionSystem.allCases).subtracting([.scratch])
    systems = [.subjects: all, .views: all]
    switch size {
    case .quick:
      (clips, subjects, width, poseWidth) = (600, 60, 0.125, 0.125)
      (poseEpochs, scratchEpochs, epochs) = (8, 4, 1)
      (validationShare, testShare) = (0.5, 0.4)
      (seeds, protocols, noises) = ([1, 2], [.subjects], [])
    case .standard:
      (clips, subjects, width, poseWidth) = (3000, 60, 0.25, 0.25)
      // Meant to be steps of a quarter of an hour on one core, two hours in all on two; computed, not measured.
      (poseEpochs, scratchEpochs, epochs) = (12, 10, 2)
      (validationShare, testShare, viewShare) = (0.5, 0.33, 0.77)
      // What the papers claim of other views is about VPN++ and what it is compared with.
      systems[.views] = [.pose, .i3d, .attentionTeacher, .both, .vpn]
      (seeds, noises) = ([1, 2, 3], [4])
    case .long:
      (clips, subjects, width, poseWidth) = (19_200, 106, 1, 1)
      (frames, pixels, stride, poseFrames, poseStride) = (64, 224, 2, 150, 1)
      (poseEpochs, scratchEpochs, epochs) = (50, 60, 30)
      augmentation = .strong
      (seeds, noises) = ([1, 2, 3], [0, 0.5, 2, 4, 8])
    }
  }

  /// Trains on a share of the labels; epochs grow so that steps do not get as few, up to four times.
  mutating func keep(labels share: Double) {
    labels = share
    lengthen(min(1 / share, 4))
  }

  /// Trains every system so many times as long.
  mutating func lengthen(_ factor: Double) {
    func longer(_ epochs: Int) -> Int { max(1, Int((Double(epochs) * factor).rounded())) }
    (poseEpochs, scratchEpochs, epochs) = (longer(poseEpochs), longer(scratchEpochs), longer(epochs))
  }

  /// Share of a protocol's training recordings that train.
  func trainingShare(_ protocolName: ReproductionProtocol) -> Double {
    labels * (protocolName == .views ? viewShare : 1)
  }

  /// Steps at a time that `cores` can feed.
  func jobs(cores: Int, onGPU: Bool) -> Int {
    // Full-size networks fill cores and memory alone; small ones leave a core waiting in every layer.
    size == .long ? 1 : max(1, min(onGPU ? 6 : 4, cores))
  }
}

/// Who or what the test clips have that the training clips have not.
enum ReproductionProtocol: String, CaseIterable, Sendable {
  case subjects = "CS"
  case views = "CV"

  var title: String {
    switch self {
    case .subjects: "cross-subject"
    case .views: "cross-view"
    }
  }

  /// Share of rendered recordings that train, and that test, about.
  var shares: (training: Double, test: Double) {
    switch self {
    case .subjects: (0.48, 0.45)
    case .views: (0.62, 0.33)
    }
  }
}
