import ArgumentParser
import Datasets
import Evaluation
import Foundation
import ModelFile
import Settings
import Tensors
import Training

/// The command `adl-train evaluate`: evaluates a run on clips it was not trained on.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Evaluate a run: accuracy, confusion matrix, calibration, and a report.",
    discussion: """
      Scores every window of every clip in both ways: paper (windows of every second frame, softmax, maximum over windows) \
      and code (as released: consecutive frames, sum of logits); --windows does only one of them. For the windows of paper \
      it also reports the mean of their logits, which is in neither but often better. A temperature is fitted on the \
      validation clips; export stores it in the model. With --pose-run the report also covers poses alone and both together.

      Writes into the run folder: calibration.json and evaluation-PARTITION/ with scores-paper.jsonl, scores-code.jsonl, \
      classes.csv, confusion.csv, confusion.svg, report.html.
      """)

  @Option(name: .customLong("run"), help: ArgumentHelp("The run folder.", valueName: "folder"))
  var runFolder: String

  @Option(
    help: """
      Weights to evaluate: best (of the epoch with the highest validation accuracy) or last. With few validation clips, \
      the best epoch is a matter of chance.
      """)
  var checkpoint = RunFolder.Checkpoint.best

  @Option(help: "Clips to score: train, validation or test.")
  var partition = Partition.test

  @Option(help: "How to lay out windows: paper or code. Default: both.")
  var windows: WindowScheme?

  @Option(help: ArgumentHelp("Run folder of a pose-teacher, to evaluate both together as well.", valueName: "folder"))
  var poseRun: String?

  @OptionGroup var set: SettingOverrides

  @OptionGroup var machine: MachineOptions

  func validate() throws {
    guard poseRun == nil || windows != .code else {
      throw ValidationError("--pose-run averages paper windows; omit --windows code")
    }
  }

  func run() throws {
    try reporting {
      let device = try machine.prepare()
      let judged = try JudgedRun(RunFolder(runFolder), checkpoint, set.values, device, machine.precision)
      let temperature = try judged.calibrate()
      let preferred = judged.settings.evaluation.windows == .code ? WindowScheme.code : .paper
      let schemes = windows.map { [$0] } ?? (preferred == .code ? [.code, .paper] : [.paper, .code])
      let scores = try schemes.map { try judged.scores(partition, $0) }
      var results = zip(schemes, scores).flatMap { scheme, scores in
        scheme == .paper
          ? [WindowPooling.paper, .mean].map { EvaluationResult(scores, pooling: $0, temperature: temperature) }
          : [EvaluationResult(scores, pooling: .code)]
      }
      let main = results[0]
      if let poseRun, let paper = zip(schemes, scores).first(where: { $0.0 == .paper })?.1 {
        let poses = try JudgedRun(RunFolder(poseRun), checkpoint, set.values, device, machine.precision)
        let poseScores = try poses.scores(partition, .paper)
        let weight = try judged.fusionWeight(with: poses)
        results.append(EvaluationResult(poseScores, pooling: .paper))
        results.append(EvaluationResult(try LateFusion.fuse(paper, poseScores, weight: weight), pooling: .paper))
      }
      let folder = judged.folder.evaluation(partition.rawValue)
      try write(main, results, judged, to: folder, temperature)
      for result in results {
        print(
          String(
            format: "%@ (%@): top-1 %.4f, top-5 %.4f, mean class %.4f, calibration error %.4f, %d clips",
            result.system, result.pooling.title, result.top1, result.top5, result.meanClassAccuracy,
            result.calibrationError, result.clipCount))
      }
      if !main.absentClasses.isEmpty {
        let names = main.absentClasses.prefix(5).map { main.labels[$0] }.joined(separator: ", ")
        let more = main.absentClasses.count - 5
        print("excluded from the mean, because no clip shows them: \(names)" + (more > 0 ? " and \(more) more" : ""))
      }
      print("\(folder)/report.html")
    }
  }

  private func write(
    _ main: EvaluationResult, _ results: [EvaluationResult], _ judged: JudgedRun, to folder: String,
    _ temperature: Double
  ) throws {
    func save(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name), options: .atomic)
    }
    try save("confusion.csv", main.confusion.csv())
    try save("confusion.svg", main.confusion.svg())
    try save("classes.csv", main.classTable())

    let description = judged.checkpoint.description
    let log = try CSVTable.read(judged.folder.log)
    let facts = [
      HTMLReport.Fact("Data set", "\(main.dataset), \(main.protocolName), \(main.partition)"),
      HTMLReport.Fact("System", description.system),
      HTMLReport.Fact("Network", judged.networkText),
      HTMLReport.Fact("Parameters", "\(judged.system.learnedCount)"),
      HTMLReport.Fact("Checkpoint", "\(judged.checkpoint.path), step \(judged.checkpoint.progress.step)"),
      HTMLReport.Fact("Seed", "\(description.seed)"),
      HTMLReport.Fact("Temperature", String(format: "%.4f", temperature)),
      HTMLReport.Fact("Evaluated", Date.now.ISO8601Format()),
    ]
    let terms = log.columns.filter { $0.hasPrefix("term_") }
    let charts = [
      LineChart(title: "Loss", log: log, columns: ["loss", "validation_loss"]),
      LineChart(title: "Terms of the loss", log: log, columns: terms),
      LineChart(
        title: "Accuracy", unit: .share, log: log,
        columns: ["accuracy", "validation_accuracy", "validation_mean_class_accuracy"]),
    ]
    try HTMLReport(
      title: "\(description.system) on \(main.dataset)", facts: facts, main: main, results: results, charts: charts
    ).write(folder + "/report.html")
  }
}

extension Partition: ExpressibleByArgument {}
extension RunFolder.Checkpoint: ExpressibleByArgument {}
extension WindowScheme: ExpressibleByArgument {}
