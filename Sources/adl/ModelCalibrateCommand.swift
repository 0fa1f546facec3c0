import ArgumentParser
import Capture
import Foundation
import Inference
import ModelFile
import Networks
import Pipeline
import Video

/// The command `adl model calibrate`: determines ranges for int8 and stores them in the model file.
struct ModelCalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Prepare a model for int8, the fastest way to run it.",
    discussion: """
      Runs the model in float32 on windows of the recordings, cut as `adl recognize` cuts them, and stores in its file how \
      large the values of each layer become. Every fourth window is held out, to report how far int8 agrees with float32. \
      Recordings should show what the model will see: the rooms, the people and what they do.

      The weights stay the same, but the file's SHA-256, which events carry, changes.
      """)

  @Argument(help: "The model; replaced unless you pass --out.")
  var model: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Recordings: files, or synthetic:SEED?length=SECONDS.", valueName: "video"))
  var data: [String]

  @Option(help: "Windows to use, spread over the recordings.")
  var count = 320

  @Option(help: "How to get a layer's range from its values: largest, percentile (99.99 %) or meanSquaredError.")
  var choice = Calibrator.Choice.largest

  @Option(help: "Modules at the end that stay float32, 0 to 9. Default: as few as agree with float32.")
  var exactModules: Int?

  @OptionGroup
  var view: RecordingView

  @Option(help: ArgumentHelp("Where the calibrated model goes.", valueName: "file.safetensors"))
  var out: String?

  func validate() throws {
    guard (8...10_000).contains(count) else {
      throw ValidationError("--count is \(count); it must be 8 to 10000")
    }
    guard exactModules.map((0...9).contains) ?? true else {
      throw ValidationError("--exact-modules is \(exactModules ?? 0); it must be 0 to 9")
    }
  }

  func run() throws {
    try reporting {
      if let out { try keep([self.model] + data, from: out, option: "--out") }
      let sources = try data.map { try SourceDescription(recording: $0) }
      let model = try StudentModel(path: model)
      var calibration = try ModelCalibration(model, threads: view.threads)
      for (index, source) in sources.enumerated() {
        let most = count * (index + 1) / sources.count - count * index / sources.count
        for window in try view.windows(of: source, with: model, most: most) { try calibration.take(window) }
      }
      let counts = calibration.windows
      guard counts.judging > 0 else {
        throw ValidationError("the recordings have \(counts.calibrating) windows; at least 4 are needed")
      }
      let (ranges, agreement) = try calibration.ranges(choice, exactModules: exactModules)
      var card = model.card
      card.ranges = ranges
      let path = out ?? model.path
      try StudentModel.write(to: path, card: card, type: model.storedType, from: model)
      print(
        """
        \(path): calibrated on \(counts.calibrating) windows; \(ranges.exactModules) of 9 modules stay float32
        int8 against f32, \(agreement.text)
        sha256 \(try StudentModel(path: path).sha256)
        """)
    }
  }
}

extension Calibrator.Choice: ExpressibleByArgument {}

extension PrecisionAgreement {
  /// A summary on one line.
  var text: String {
    "on \(windows) windows: the same label on \(sameLabel), on \(sureSameLabel) of the \(sure) where f32 is more than "
      + "0.5 certain; probabilities differ by \(String(format: "%.4f", meanDifference)) on average"
  }
}
