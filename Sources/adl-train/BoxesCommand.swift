import Basics
import ArgumentParser
import Datasets
import Detection
import Foundation
import Settings
import Synchronization
import Training

/// The command `adl-train boxes`: finds the people in a data set's recordings.
struct BoxesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boxes",
    abstract: "Find the person in every recording, to train networks on the squares that adld shows them.",
    discussion: """
      Runs adld's own finder and tracker over the videos of a data set and writes one small CSV file per recording. Train \
      with `--set data.boxes=FOLDER`. Recordings that have a file are skipped, so the same command resumes after an \
      interruption; delete a file to redo it. Data sets whose skeleton files hold pixel coordinates (NTU RGB+D, Toyota \
      Smarthome, `adl-train synth`) do not need this.

      Example:
        adl-train boxes --config config/train/nucla/rgb.yaml --detector Models/person-detector.onnx \
      --out boxes/nucla --sheet boxes.jpg
      """)

  @Option(help: "Settings of a stage, of which only the data section is used.")
  var config: String

  @OptionGroup var set: SettingOverrides

  @Option(
    help: ArgumentHelp("Person detector (`make detector`); without one, people are found by motion.", valueName: "onnx")
  )
  var detector: String?

  @Option(help: ArgumentHelp("Folder for the boxes files.", valueName: "folder"))
  var out: String

  @Option(
    help: ArgumentHelp("Also write a picture that shows boxes and squares of up to 60 recordings.", valueName: "jpg"))
  var sheet: String?

  func run() throws {
    try reporting {
      let settings = try TrainingSettings.load(path: config, overrides: set.values)
      let dataset = try Dataset.open(DatasetOptions(settings.data))
      try RunFolder(out).create()
      let clips = Partition.allCases.flatMap(dataset.clips)
      let interruption = Interruption(answering: "finishing the current recordings; interrupt again to stop at once")
      let progress = Mutex(CountedProgress("recordings"))
      let finding = BoxFinding(detector.map { .model(path: $0) } ?? .motion, folder: out)
      let report = try finding.run(clips, workers: settings.data.workers) { done, total in
        progress.withLock { $0.reached(done, of: total) }
        return !interruption.isAsked
      }
      progress.withLock { $0.finish() }
      for (name, reason) in report.broken { complain("\(name): \(reason)") }
      print(
        "\(report.found) recordings searched, \(report.kept) already had boxes, nobody found in \(report.empty.count), "
          + "\(report.broken.count) cannot be read")
      for name in report.empty.prefix(20) { print("  nobody: \(name)") }
      guard !interruption.isAsked else { throw ExitCode(75) }
      if let sheet { try BoxSheet.write(sample(clips, without: Set(report.broken.map(\.name))), boxes: out, to: sheet) }
      guard report.broken.isEmpty else { throw ExitCode(1) }
    }
  }

  /// Up to sixty recordings, evenly distributed over the data set.
  private func sample(_ clips: [Clip], without broken: Set<String>) -> [Clip] {
    let readable = clips.onePerRecording.filter { $0.video != nil && !broken.contains($0.recording) }
    let count = min(60, readable.count)
    return (0..<count).map { readable[$0 * readable.count / count] }
  }
}
