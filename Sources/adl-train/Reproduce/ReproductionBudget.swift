/// How much of everything a reproduction may take.
struct ReproductionBudget: Equatable, Sendable {
  enum Size: String, CaseIterable, Sendable { case quick, standard, long }

  var size: Size
  /// Motions acted out, each seen by three cameras.
  var motions: Int
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
  var batch: Int
  /// Epochs of the pose teacher, of I3D from scratch, and of each system that starts from that I3D.
  var poseEpochs: Int
  var scratchEpochs: Int
  var epochs: Int
  var seeds: [Int]
  var protocols: [ReproductionProtocol]
  /// Factors on the noise of training poses with which VPN++ is trained again, under the first seed.
  var noises: [Double]

  init(_ size: Size) {
    self.size = size
    // At 30 frames a second 16 frames at every fourth show 2.1 s, 48 poses at every third 4.8 s.
    (stride, poseFrames, poseStride, batch) = (4, 48, 3, 16)
    (seeds, protocols) = ([1, 2, 3], [.subjects, .views])
    switch size {
    case .quick:
      (motions, frames, pixels, width, poseWidth) = (100, 16, 112, 0.125, 0.125)
      (poseEpochs, scratchEpochs, epochs) = (6, 4, 1)
      (protocols, noises) = ([.subjects], [])
    case .standard:
      (motions, frames, pixels, width, poseWidth) = (400, 16, 112, 0.25, 0.25)
      (poseEpochs, scratchEpochs, epochs) = (10, 20, 4)
      noises = [0, 4]
    case .long:
      (motions, frames, pixels, width, poseWidth) = (6400, 64, 224, 1, 1)
      (stride, poseFrames, poseStride) = (2, 150, 1)
      (poseEpochs, scratchEpochs, epochs) = (50, 40, 30)
      noises = [0, 0.5, 2, 4, 8]
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
