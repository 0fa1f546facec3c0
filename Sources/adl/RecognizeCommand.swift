import ArgumentParser
import Capture
import Foundation
import Inference
import ModelFile
import Pipeline
import Recognition
import Video

/// `adl recognize`: the daemon's pipeline on a file.
struct RecognizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recognize",
    abstract: "Recognise the activities in a video file.",
    discussion: """
      Runs the same pipeline as the daemon on every window of the file and prints the most probable activities of each, \
      the timeline of activities, and the clip's verdict: the softmax of all windows, max-pooled. A file shorter than \
      one window is repeated until it fills one.
      """)

  @Argument(help: "The video: a file, a URL, or synthetic:SEED?length=SECONDS.")
  var video: String

  @Option(help: ArgumentHelp("The model.", valueName: "file.safetensors"))
  var model: String

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @Option(help: "Samples from one window to the next.")
  var hop = 8

  @Option(help: "Number format: auto, f32 or bf16.")
  var precision = Precision.auto

  @Option(help: "Cores to use.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(
    help: ArgumentHelp(
      "Part of the picture that is looked at, in fractions of its width and height.", valueName: "x,y,width,height"))
  var roi: String?

  @Option(help: "How a picture that is not square becomes square: full or centerSquare.")
  var crop = Crop.full

  @Option(help: "Probability at which an activity starts.")
  var on: Float?

  @Option(help: "Probability below which it ends.")
  var off: Float?

  func validate() throws {
    guard (1...512).contains(hop) else { throw ValidationError("--hop is \(hop); it must be 1 to 512") }
    guard threads >= 1 else { throw ValidationError("--threads is \(threads); it must be at least 1") }
    for value in [on, off].compactMap(\.self) where !(0...1).contains(value) {
      throw ValidationError("--on and --off must be from 0 to 1, not \(value)")
    }
    _ = try region()
  }

  func run() throws {
    try reporting {
      let model = try StudentModel(path: model)
      var options = FileRecognition.Options()
      options.hop = hop
      options.region = try region()
      options.crop = crop
      if let on { options.recognition.on = on }
      options.recognition.off = min(off ?? options.recognition.off, options.recognition.on)
      let scorer = try WindowScorer(model, precision: precision, threads: threads)

      let source = try source()
      var progress = RecognitionProgress(duration: try duration(of: source), isShown: isTerminal(STDERR_FILENO))
      var opening = SourceOptions()
      opening.media.pace = .fastest
      let result = try FileRecognition(scorer, options).run(source.open(opening)) { time, _ in progress.reached(time) }
      progress.finish()
      if json {
        try print(RecognitionReport(result, model).text())
      } else {
        printText(result, model.card.labels)
      }
      if let skipped = result.lastSkipped {
        FileHandle.standardError.write(
          Data("adl: \(result.counters.unusable) frames could not be used; the last: \(skipped)\n".utf8))
      }
    }
  }

  private func region() throws -> PictureRegion {
    guard let roi else { return .whole }
    let values = roi.split(separator: ",").map { Double($0) ?? .nan }
    guard values.count == 4 else { throw ValidationError("--roi must be x,y,width,height, as in 0.25,0,0.5,1") }
    do {
      return try PictureRegion(x: values[0], y: values[1], width: values[2], height: values[3])
    } catch {
      throw ValidationError("--roi \(roi) must be a part of the picture, each value between 0 and 1")
    }
  }

  /// A synthetic scene runs as fast as it can be recognised, and has to end.
  private func source() throws -> SourceDescription {
    switch try SourceDescription(parsing: video) {
    case .camera(let name): throw ValidationError("\(name) is a camera, which has no end; watch it with adld")
    case .media(let location): return .media(location)
    case .synthetic(var options):
      guard options.length != nil else { throw ValidationError("give the scene a length, as in \(video)?length=60") }
      options.pace = .fastest
      return .synthetic(options)
    }
  }

  /// `nil` when the file does not say.
  private func duration(of source: SourceDescription) throws -> Duration? {
    switch source {
    case .media(let location): try MediaFile(location).information.duration
    case .synthetic(let options): options.length
    case .camera: nil
    }
  }

  private func printText(_ result: FileRecognition.Result, _ labels: [String]) {
    for window in result.windows {
      let top = ActivityDecider.top(window.probabilities, count: 5)
        .map { "\(labels[$0.index]) \($0.probability.formatted(.number.precision(.fractionLength(2))))" }
      print("\(clock(window.time))  \(top.joined(separator: ", "))")
    }
    if result.wasRepeated { print("The video is shorter than one window and was repeated to fill it.") }
    print("\nActivities:")
    for activity in result.activities {
      let confidence = activity.confidence.formatted(.number.precision(.fractionLength(2)))
      print("\(clock(activity.onset)) – \(clock(activity.offset))  \(labels[activity.index])  \(confidence)")
    }
    if result.activities.isEmpty { print("none was sure enough (--on, --off)") }
    if let index = result.verdict.index {
      let pooled = result.verdict.pooled[index].formatted(.number.precision(.fractionLength(2)))
      print("\nThe clip: \(labels[index]) (\(pooled))")
    }
  }
}

extension Crop: ExpressibleByArgument {}

/// Minutes and seconds, as 01:23.4.
func clock(_ time: Duration) -> String {
  time.formatted(.time(pattern: .minuteSecond(padMinuteToLength: 2, fractionalSecondsLength: 1)))
}

/// True when the stream is shown to a person.
func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
