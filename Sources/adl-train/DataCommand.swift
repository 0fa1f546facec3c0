import Basics
import ArgumentParser
import Datasets
import Foundation
import Settings
import Synchronization
import Training

/// The command `adl-train data`: inspects a data set.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Look at a data set before training on it.",
    subcommands: [DataCheckCommand.self, DataPreviewCommand.self, DataSubsetCommand.self])
}

/// The command `adl-train data check`: reads everything once.
struct DataCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Read every recording once and report counts, missing pairs and broken files.",
    discussion: "Decodes every video to its end and parses every skeleton. Exit status 1 if a file cannot be read.")

  @Argument(help: "Settings of a stage, of which only the data section is used.")
  var config: String

  @OptionGroup var set: SettingOverrides

  func run() throws {
    try reporting {
      let settings = try TrainingSettings.load(path: config, overrides: set.values)
      let dataset = try Dataset.open(DatasetOptions(settings.data))
      let progress = Mutex(CountedProgress("recordings"))
      let report = DatasetCheck.run(dataset, workers: settings.data.workers) { done, total in
        progress.withLock { $0.reached(done, of: total) }
      }
      progress.withLock { $0.finish() }
      print(report)
      guard report.broken.isEmpty else { throw ExitCode(1) }
    }
  }
}
