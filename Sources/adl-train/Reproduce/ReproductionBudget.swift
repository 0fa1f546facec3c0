/// How much of everything a reproduction may take.
struct ReproductionBudget: Equatable, Sendable {
  enum Size: String, CaseIterable, Sendable { case quick, standard, long }

  var size: Size
  /// Motions acted out, each seen by three cameras.
  var motions: Int
  var frames: Int
  /// Height and width of a clip in pixels.
  var pixels: Int
  /// Factor on the channels of I3D, and of AGCN.
  var width: Double
  var poseWidth: Double
  var poseFrames: Int
  var batch: Int
  /// Epochs of the pose teacher, of I3D from scratch, and of each system that starts from that I3D.
  var poseEpochs: Int
  var scratchEpochs: Int
  var epochs: Int
  var seeds: [Int]
  var protocols: [ReproductionProtocol]
  /// Factors on the noise of training poses with which VPN++ is trained again; 1 is in every run anyway.
  var noises: [Double]

  init(_ size: Size) {
    self.size = size
    switch size {
    case .quick:
      (motions, frames, pixels, width, poseWidth, poseFrames) = (96, 16, 112, 0.125, 0.125, 32)
      (batch, poseEpochs, scratchEpochs, epochs) = (16, 6, 3, 1)
      (seeds, protocols, noises) = ([1, 2, 3], [.subjects], [])
    case .standard:
      (motions, frames, pixels, width, poseWidth, poseFrames) = (640, 16, 112, 0.25, 0.5, 64)
      (batch, poseEpochs, scratchEpochs, epochs) = (16, 25, 14, 5)
      (seeds, protocols, noises) = ([1, 2, 3], [.subjects, .views], [0, 2, 4])
    case .long:
      (motions, frames, pixels, width, poseWidth, poseFrames) = (6400, 64, 224, 1, 1, 150)
      (batch, poseEpochs, scratchEpochs, epochs) = (16, 50, 40, 30)
      (seeds, protocols, noises) = ([1, 2, 3], [.subjects, .views], [0, 0.5, 2, 4, 8])
    }
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
}
