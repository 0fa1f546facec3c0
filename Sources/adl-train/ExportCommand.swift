import ArgumentParser
import Basics
import Datasets
import Foundation
import ModelFile
import Settings
import Training

/// The command `adl-train export`: writes a student for the daemon.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a trained student as a model for adld, and check that both engines agree.",
    discussion: """
      Teachers and layers used only in training are left out. The temperature is the one that `adl-train evaluate` fitted. \
      The model then runs on recorded clips in the live engine and in libtorch; a difference above 1e-3 of the largest logit \
      is an error.
      """)

  @Option(name: .customLong("run"), help: ArgumentHelp("Run folder of a student or rgb stage.", valueName: "folder"))
  var runFolder: String

  @Option(help: "Weights to export: best (of the epoch with the highest validation accuracy) or last.")
  var checkpoint = RunFolder.Checkpoint.best

  @Option(help: ArgumentHelp("Where the model goes.", valueName: "file.safetensors"))
  var out: String

  @Option(help: "The model's name. Default: the run folder's.")
  var name: String?

  @Option(help: "Samples per second. Default: the videos' frame rate divided by the stride of clips.")
  var sampleRate: Double?

  @Option(help: "How weights are stored: f32, f16 or bf16.")
  var stored = "f32"

  @Option(help: "Recorded clips to compare the engines on.")
  var clips = 4

  @OptionGroup var set: SettingOverrides

  @OptionGroup var machine: MachineOptions

  func validate() throws {
    guard ["f32", "f16", "bf16"].contains(stored) else { throw ValidationError("--stored must be f32, f16 or bf16") }
    guard sampleRate.map({ (1...120).contains($0) }) ?? true else {
      throw ValidationError("--sample-rate must be 1 to 120")
    }
    guard clips >= 0 else { throw ValidationError("--clips must be 0 or more") }
  }

  func run() throws {
    try reporting {
      _ = try machine.prepare()
      let folder = RunFolder(runFolder)
      let checkpoint = try folder.checkpoint(self.checkpoint)
      let progress = checkpoint.progress
      let export = try StudentExport(checkpoint)
      let settings = try TrainingSettings.load(run: folder, overrides: set.values)
      let calibration = try CalibrationFile.read(folder.calibration)
      if let calibration {
        if let step = calibration.step, step != progress.step {
          complain(
            "the temperature was fitted to step \(step), but this checkpoint is of step \(progress.step); "
              + "`adl-train evaluate --checkpoint \(self.checkpoint.rawValue)` fits it anew")
        }
      } else {
        complain("the temperature is 1: the run has not been evaluated")
      }
      let description = checkpoint.description
      let accuracy =
        progress.ownAccuracy.map { String(format: ", validation mean class accuracy %.4f", $0) } ?? ""
      // Without a stride, every second frame was used.
      let rate = sampleRate ?? videoRate(settings) / Double(settings.clip.stride == 0 ? 2 : settings.clip.stride)
      try export.write(
        to: out, name: name ?? URL(fileURLWithPath: runFolder).lastPathComponent,
        temperature: calibration?.temperature ?? 1,
        sampleRate: rate,
        training: "\(description.system), \(description.dataset) \(description.protocolName), "
          + "step \(progress.step)\(accuracy)",
        type: stored == "f16" ? .float16 : stored == "bf16" ? .bfloat16 : .float32,
        crop: settings.clip.crop == .full ? .full : .centerSquare,
        padding: settings.clip.temporalPadding == .stream ? .stream : .zeros)
      let recorded = try recordedClips(settings, checkpoint)
      let cores = machine.threads > 0 ? machine.threads : MachineLimits.current.threads
      let worst = try export.compare(out, on: recorded, threads: cores)
      print(
        "\(out): \(description.labels.count) activities, \(rate) samples per second; engines agree within \(String(format: "%.1e", worst)) of the "
          + "largest logit on \(recorded.count) clips")
    }
  }

  /// Frames per second of the videos in the run's data set.
  private func videoRate(_ settings: TrainingSettings) -> Double {
    if let rate = try? Dataset.open(DatasetOptions(settings.data)).framesPerSecond { return rate }
    complain("no video of the data set can be read; assuming 30 frames per second, or use --sample-rate")
    return 30
  }

  /// Clips of the run's data set, those it was not trained on first.
  private func recordedClips(_ settings: TrainingSettings, _ checkpoint: TrainingCheckpoint) throws -> [(
    name: String, pixels: [UInt8]
  )] {
    guard clips > 0 else { return [] }
    let dataset = try Dataset.open(DatasetOptions(settings.data))
    let candidates = [Partition.test, .validation, .train].flatMap(dataset.clips).filter { $0.video != nil }
    guard !candidates.isEmpty else {
      throw TrainingError.noClips(
        partition: "recorded", reason: "the data set has no videos; use --clips 0 to export without checking")
    }
    var options = ClipOptions(settings, .video, dataset)
    options.context = 0
    let loader = ClipLoader(options, graph: dataset.skeletonGraph)
    return try candidates.prefix(clips).flatMap { clip in
      try loader.load(clip, .centre).map { (clip.name, $0.pixels) }
    }
  }
}
