import ArgumentParser
import Datasets
import Foundation
import Settings
import Tensors
import Training

/// Runs one stage from its command line to its last checkpoint.
struct StageRunner {
  private let stage: Stage
  private let distillation: Distillation
  private let options: StageOptions

  init(_ stage: Stage, _ distillation: Distillation, _ options: StageOptions) {
    self.stage = stage
    self.distillation = distillation
    self.options = options
  }

  func run() throws {
    try reporting {
      let ranks = try Ranks()
      if options.processes > 1, ranks == nil {
        try Launcher(processes: options.processes, threads: options.machine.threads).run()
      } else {
        try train(ranks)
      }
    }
  }

  private func train(_ ranks: Ranks?) throws {
    let settings = try TrainingSettings.load(path: options.config, overrides: options.set.values)
    let device = try options.machine.prepare()
    let leads = ranks.map { $0.rank == 0 } ?? true
    let data = try TrainingData(
      settings, content: stage.content(distillation), device: device, rank: ranks?.rank ?? 0, ranks: ranks?.size ?? 1)
    let built = try SystemBuilder(
      stage: stage, distillation: distillation, settings: settings, labels: data.dataset.labels,
      skeleton: data.dataset.skeletonGraph, trainingLabels: data.training.map(\.label),
      region: stage == .poseTeacher ? nil : data.region, device: device
    ).build()
    let folder = RunFolder(options.out)
    try folder.create()
    let group = try ranks?.join(device)
    // All ranks check before any may write.
    let resumed = !options.restart && folder.hasCheckpoint ? try TrainingCheckpoint(path: folder.last) : nil
    try group?.barrier()

    let recorder = leads ? try RunRecorder(folder, settings, resuming: resumed?.progress.step) : nil
    if leads {
      try saveSettings(folder)
      complain(
        """
        \(built.description.system) on \(data.dataset.name) \(data.dataset.protocolName): \
        \(data.training.count) training and \(data.validationClips.count) validation clips, \
        \(data.dataset.labels.count) activities, \(built.system.learnedCount) learned parameters\
        \(stage == .poseTeacher ? "" : ", looking at the \(data.region.rawValue)"); \
        libtorch \(Library.version) on \(device), \(options.machine.precision.rawValue)\
        \(ranks.map { ", \($0.size) processes" } ?? "")
        """)
      for remark in built.remarks { complain(remark) }
      if let remark = data.cacheRemark { complain(remark) }
    }
    let trainer = try Trainer(
      built.system, data, settings: settings, description: built.description, folder: folder, device: device,
      precision: options.machine.precision, group: group
    ) { recorder?.take($0) }
    if let resumed {
      try trainer.resume(resumed)
      if leads { complain("resuming at step \(resumed.progress.step) of \(resumed.path)") }
    }
    let interruption = Interruption()
    let outcome = try trainer.run { interruption.isAsked || recorder?.failure != nil }
    recorder?.end()
    if let failure = recorder?.failure { throw failure }
    guard outcome == .finished else {
      if leads { complain("stopped at step \(trainer.progress.step); run the same command again to continue") }
      throw ExitCode(75)
    }
    if leads {
      let best = trainer.progress.best.map { String(format: "; best mean class accuracy %.4f", $0) } ?? ""
      if let bytes = device.peakBytes { complain("peak memory on \(device): \(bytes >> 20) MiB") }
      complain("done: \(trainer.progress.step) steps\(best). `adl-train evaluate --run \(options.out)` evaluates it")
    }
  }

  /// Saves the settings as used, so that the run can be evaluated and exported without repeating them.
  private func saveSettings(_ folder: RunFolder) throws {
    let header = "# adl-train \(stage.rawValue)\(stage == .student ? " --distill \(distillation.rawValue)" : "")\n"
    let text = try header + TrainingSettings.text(path: options.config, overrides: options.set.values)
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder.settings), options: .atomic)
  }
}

extension TrainingSettings {
  /// The settings a run was made with, plus additional overrides.
  static func load(run: RunFolder, overrides: [String]) throws -> TrainingSettings {
    guard let data = FileManager.default.contents(atPath: run.settings) else {
      throw TrainingError.unsuitable(path: run.path, reason: "it is not a run folder: it has no settings.yaml")
    }
    // Earlier versions wrote the command-line overrides as comments.
    let said = String(decoding: data, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("# --set ") }
      .map { String($0.dropFirst("# --set ".count)) }
    return try load(path: run.settings, overrides: said + overrides)
  }
}
