import ArgumentParser
import Capture
import Datasets
import Foundation
import Settings
import Training
import Video

/// The command `adl-train data preview`: shows a network's input as a picture.
struct DataPreviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Draw what the RGB networks see of a data set: region, size and augmentation.",
    discussion: """
      One row per recording. The first three pictures are the start, middle and end of a window as evaluation sees it; \
      every further three are one random draw of training, varied by the augmentation settings.

      Example:
        adl-train data preview config/train/ntu60/rgb.yaml --set augmentation.preset=strong --out preview.jpg
      """)

  @Argument(help: "Settings of a stage.")
  var config: String

  @OptionGroup var set: SettingOverrides

  @Option(help: ArgumentHelp("Where the picture goes.", valueName: "jpg"))
  var out: String

  @Option(help: "Recordings to show, spread evenly over the training clips.")
  var clips = 12

  @Option(help: "Random draws of training to show for each.")
  var draws = 3

  private static let shown = 3

  func validate() throws {
    guard (1...200).contains(clips) else { throw ValidationError("--clips must be 1 to 200; it is \(clips)") }
    guard (0...10).contains(draws) else { throw ValidationError("--draws must be 0 to 10; it is \(draws)") }
    guard [".jpg", ".jpeg"].contains(where: out.lowercased().hasSuffix) else {
      throw ValidationError("--out writes a JPEG, so its name must end in .jpg; it is \(out)")
    }
  }

  func run() throws {
    try reporting {
      let settings = try TrainingSettings.load(path: config, overrides: set.values)
      let dataset = try Dataset.open(DatasetOptions(settings.data))
      let options = ClipOptions(settings, .video, dataset)
      let loader = ClipLoader(options, graph: dataset.skeletonGraph)
      let candidates = dataset.clips(.train).filter { $0.video != nil }
      guard !candidates.isEmpty else {
        throw TrainingError.noClips(partition: "training", reason: "the data set has no videos")
      }
      let chosen = (0..<min(clips, candidates.count)).map {
        candidates[$0 * candidates.count / min(clips, candidates.count)]
      }
      let side = options.preprocessing.size
      let cell = FrameSize(width: min(side, 128), height: min(side, 128))
      var sheet = PictureSheet(columns: Self.shown * (1 + draws), rows: chosen.count, cell: cell)
      for (row, clip) in chosen.enumerated() {
        let windows = [ClipDraw.centre] + (0..<draws).map { .random(seed: UInt64(settings.run.seed + $0)) }
        for (place, draw) in windows.enumerated() {
          guard let window = try loader.load(clip, draw).first else { continue }
          for index in 0..<Self.shown {
            let start = (options.loadedFrames - 1) * index / (Self.shown - 1) * options.preprocessing.byteCount
            let pixels = Array(window.pixels[start..<start + options.preprocessing.byteCount])
            sheet.place(
              pixels, FrameSize(width: side, height: side), column: place * Self.shown + index, row: row)
          }
        }
        print("\(clip.name)  \(dataset.labels[clip.label])")
      }
      try sheet.write(to: out)
      print("\(out): \(chosen.count) recordings, looking at the \(options.region.rawValue)")
    }
  }
}
