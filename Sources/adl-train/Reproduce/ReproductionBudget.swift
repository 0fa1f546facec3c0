import Basics
import Crypto
import Foundation
import Settings
import Training

/// The size of everything in a reproduction.
struct ReproductionBudget: Equatable, Sendable {
  /// The values of `--budget`.
  enum Size: String, CaseIterable, Sendable { case quick, standard, long }

  var size: Size
  /// Number of recordings, three per motion.
  var clips: Int
  var subjects: Int
  /// Fractions of the validation and test recordings used for evaluation.
  var validationShare = 1.0
  var testShare = 1.0
  /// Fraction of the training recordings used.
  var labels = 1.0
  /// Fraction of the cross-view training recordings used in place of all: as many as for cross-subject training.
  var viewShare = 1.0
  var frames: Int
  /// Distance between the video frames of a clip.
  var stride: Int
  /// Height and width of a clip in pixels.
  var pixels: Int
  /// Factor on the channels of I3D, and of AGCN.
  var width: Double
  var poseWidth: Double
  var poseFrames: Int
  var poseStride: Int
  var batch = 16
  /// How clips are varied in training; the pose teacher always uses `strong`.
  var augmentation = AugmentationSettings.Preset.light
  /// What the first I3D starts from; `nil` is from scratch.
  var start: ReproductionStart?
  /// Epochs for the pose teacher, for the first I3D, and for each system that starts from that I3D.
  var poseEpochs: Int
  var startEpochs: Int
  var epochs: Int
  var seeds: [Int]
  var protocols: [ReproductionProtocol]
  /// Rows of the table under each protocol.
  var systems: [ReproductionProtocol: Set<ReproductionSystem>]
  /// Factors on the noise of training poses with which VPN++ is retrained, for the first seed.
  var noises: [Double]

  init(_ size: Size) {
    self.size = size
    // At 30 frames per second, 16 frames at every fourth one cover 2.1 s, 48 poses at every third one 4.8 s.
    (frames, pixels, stride, poseFrames, poseStride) = (16, 112, 4, 48, 3)
    protocols = ReproductionProtocol.allCases
    let all = Set(ReproductionSystem.allCases).subtracting([.start])
    systems = [.subjects: all, .views: all]
    switch size {
    case .quick:
      (clips, subjects, width, poseWidth) = (600, 60, 0.125, 0.125)
      (poseEpochs, startEpochs, epochs) = (8, 4, 1)
      (validationShare, testShare) = (0.5, 0.4)
      (seeds, protocols, noises) = ([1, 2], [.subjects], [])
    case .standard:
      (clips, subjects, width, poseWidth) = (3000, 60, 0.25, 0.25)
      // Sized for steps of at most a quarter of an hour on one core, about two hours in all on two cores.
      (poseEpochs, startEpochs, epochs) = (12, 10, 2)
      (validationShare, testShare, viewShare) = (0.5, 0.33, 0.77)
      // The papers' claims about other views concern VPN++ and what it is compared with.
      systems[.views] = [.pose, .i3d, .attentionTeacher, .both, .vpn]
      (seeds, noises) = ([1, 2, 3], [4])
    case .long:
      (clips, subjects, width, poseWidth) = (19_200, 106, 1, 1)
      (frames, pixels, stride, poseFrames, poseStride) = (64, 224, 2, 150, 1)
      (poseEpochs, startEpochs, epochs) = (50, 60, 30)
      augmentation = .strong
      (seeds, noises) = ([1, 2, 3], [0, 0.5, 2, 4, 8])
    }
  }

  /// Trains on a fraction of the labels; epochs increase, up to fourfold, so that the number of steps drops less.
  ///
  /// Noise of poses is a question for all labels.
  mutating func keep(labels share: Double) {
    labels = share
    noises = []
    lengthen(min(1 / share, 4))
  }

  /// Trains every system `factor` times as long.
  mutating func lengthen(_ factor: Double) {
    func longer(_ epochs: Int) -> Int { max(1, Int((Double(epochs) * factor).rounded())) }
    (poseEpochs, startEpochs, epochs) = (longer(poseEpochs), longer(startEpochs), longer(epochs))
  }

  /// Trains the first I3D from these weights, and for less time.
  mutating func begin(from start: ReproductionStart) {
    self.start = start
    startEpochs = max(epochs, startEpochs * 2 / 5)
  }

  /// Fraction of a protocol's training recordings used.
  func trainingShare(_ protocolName: ReproductionProtocol) -> Double {
    labels * (protocolName == .views ? viewShare : 1)
  }

  /// Number of simultaneous steps that `cores` can support.
  func jobs(cores: Int, onGPU: Bool) -> Int {
    // Full-size networks fill cores and memory by themselves; small ones leave cores waiting in every layer.
    size == .long ? 1 : max(1, min(onGPU ? 6 : 4, cores))
  }
}

/// Weights that the first I3D starts from, as the papers' start from Kinetics.
struct ReproductionStart: Equatable, Sendable {
  /// A model or PyTorch checkpoint of an I3D as wide as the budget's.
  var path: String
  /// SHA-256 of the file, so that other weights at the same path count as others.
  var sha256: String

  init(path: String, sha256: String) { (self.path, self.sha256) = (path, sha256) }

  /// - Throws: `TrainingError` if the file cannot be read.
  init(path: String) throws {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw TrainingError.unsuitable(path: path, reason: "--start can't be read: \(reasonText(error))")
    }
    self.init(
      path: URL(fileURLWithPath: path).standardizedFileURL.path,
      sha256: SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined())
  }
}

/// What distinguishes the test clips from the training clips.
enum ReproductionProtocol: String, CaseIterable, Sendable {
  case subjects = "CS"
  case views = "CV"

  var title: String {
    switch self {
    case .subjects: "cross-subject"
    case .views: "cross-view"
    }
  }

  /// Approximate fractions of the rendered recordings for training and testing.
  var shares: (training: Double, test: Double) {
    switch self {
    case .subjects: (0.48, 0.45)
    case .views: (0.62, 0.33)
    }
  }
}
