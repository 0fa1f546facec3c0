import Basics
import Datasets
import Evaluation
import Foundation
import Networks
import Settings
import Tensors
import Training

/// A finished run with its data set, ready to be scored.
struct JudgedRun {
  let folder: RunFolder
  let settings: TrainingSettings
  let checkpoint: TrainingCheckpoint
  let system: any TrainingSystem
  let dataset: Dataset
  /// With fewer clips, a single one determines the temperature.
  private static let fewClips = 50
  private let device: Device
  private let precision: TrainingPrecision

  init(
    _ folder: RunFolder, _ kind: RunFolder.Checkpoint, _ overrides: [String], _ device: Device,
    _ precision: TrainingPrecision
  ) throws {
    self.folder = folder
    self.device = device
    self.precision = precision
    settings = try TrainingSettings.load(run: folder, overrides: overrides)
    checkpoint = try folder.checkpoint(kind)
    system = try SystemBuilder.classifier(checkpoint, on: device)
    dataset = try Dataset.open(DatasetOptions(settings.data))
  }

  /// Scores a partition and writes the scores to the run's folder.
  func scores(_ partition: Partition, _ scheme: WindowScheme) throws -> ScoreFile {
    var progress = CountedProgress("\(partition.rawValue) clips")
    let (scores, skipped) = try Scoring(settings, on: device, precision).run(
      system, checkpoint.description, dataset, partition, scheme
    ) { done, total in
      progress.reached(done, of: total, note: "\(checkpoint.description.system), \(scheme.rawValue)")
    }
    progress.finish()
    for (name, reason) in skipped { complain("skipped \(name): \(reason)") }
    try RunFolder(folder.evaluation(partition.rawValue)).create()
    try scores.write(folder.scores(partition.rawValue, scheme.rawValue))
    return scores
  }

  /// Fits the temperature on validation clips and stores it for `export`; 1 if there are none.
  func calibrate() throws -> Double {
    guard !dataset.clips(.validation).isEmpty else {
      complain("no validation clips: the temperature stays 1")
      return 1
    }
    let scores = try scores(.validation, .paper)
    if scores.clips.count < Self.fewClips {
      complain("only \(scores.clips.count) validation clips: the temperature fitted to them is unreliable")
    }
    let temperature = Calibration.temperature(fitting: scores.clips)
    try CalibrationFile(
      temperature: temperature, clips: scores.clips.count, partition: Partition.validation.rawValue,
      step: checkpoint.progress.step
    ).write(folder.calibration)
    return temperature
  }

  /// The pose teacher's share of the average, tuned on validation clips; one half if there are none.
  func fusionWeight(with poses: JudgedRun) throws -> Double {
    guard !dataset.clips(.validation).isEmpty else { return 0.5 }
    return try LateFusion.bestWeight(scores(.validation, .paper), poses.scores(.validation, .paper))
  }

  var networkText: String {
    let description = checkpoint.description
    var parts: [String] = []
    if let clip = description.clip {
      parts.append(
        "I3D x\(clip.width.value), \(clip.frames) frames of \(clip.size)x\(clip.size)"
          + (clip.nonLocal == .none ? "" : ", Non-Local (\(clip.nonLocal.rawValue))"))
    }
    if let pose = description.pose {
      parts.append("AGCN, \(pose.blockCount) blocks x\(pose.width), \(pose.graph.jointCount) joints")
    }
    if description.stepwise != nil { parts.append("stepwise graph network") }
    return parts.joined(separator: "; ")
  }
}
