import ArgumentParser
import Capture
import Detection
import Foundation
import Inference
import ModelFile
import People
import Pipeline
import Recognition
import Settings
import Video

/// `adl recognize`: the daemon's pipeline on a file.
struct RecognizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recognize",
    abstract: "Recognise the activities in a video file.",
    discussion: """
      Runs the same pipeline as the daemon: finds people, follows each, and prints what each is doing and when. Without \
      --detector what moves counts as people, which needs a camera that stands still. With --scene the whole picture is \
      one window. The verdict is the softmax of all windows, max-pooled. A file shorter than one window is repeated \
      until it fills one.

      --video, --subtitles and --csv write files besides; each appears whole or not at all. What goes on in a picture is \
      known only later, so --video reads the recording a second time and cannot draw on a camera or a live stream. \
      Frames keep their times and size; an odd width or height gets one more column or row.
      """)

  @Argument(help: "The video: a file, a URL, or synthetic:SEED?length=SECONDS.")
  var video: String

  @Option(help: ArgumentHelp("The model.", valueName: "file.safetensors"))
  var model: String

  @Option(help: ArgumentHelp("A person detector of the YOLOX family.", valueName: "file.onnx"))
  var detector: String?

  @Flag(help: "Look at the whole picture instead of at each person.")
  var scene = false

  @Option(help: "Looks for people so many times a second.")
  var rate = 3.0

  @Option(help: "People who are recognised at a time; others wait for their turn.")
  var most = 2

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup(title: "Files")
  var files: RecognitionFiles

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

  @Option(
    help:
      "How a picture that is not square becomes square: full or centerSquare; as the model's card says when left out.")
  var crop: Crop?

  @Option(
    help: ArgumentHelp(
      "Groups labels into families, instead of the families in the model's card: lines such as Drink: [label, label].",
      valueName: "file.yaml"))
  var families: String?

  @Flag(help: "What is in no family, together, is an activity too: other.")
  var other = false

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
    guard (0.2...15).contains(rate) else { throw ValidationError("--rate is \(rate); it must be 0.2 to 15") }
    guard (1...16).contains(most) else { throw ValidationError("--most is \(most); it must be 1 to 16") }
    guard !scene || detector == nil else { throw ValidationError("--scene looks for nobody; leave --detector out") }
    _ = try region()
  }

  func run() throws {
    try reporting {
      let source = try source()
      try files.check(source, inputs: [video, self.model] + [detector].compactMap(\.self))
      let model = try StudentModel(path: model)
      var card = model.card
      if let families { card.families = try FamiliesFile.load(path: families, labels: card.labels) }
      let options = try pipelineOptions(card)
      let finder = try makeFinder()
      let scorer = try WindowScorer(model, precision: precision, threads: threads)

      var progress = RecognitionProgress("recognizing", duration: try SourceLength(source).duration)
      var opening = SourceOptions()
      opening.media.pace = .fastest
      let result = try FileRecognition(scorer, options, finder: finder).run(source.open(opening)) {
        progress.reached($0)
      }
      progress.finish()
      try files.writeTexts(result, activities: options.grouping.activities)
      if json {
        try print(RecognitionReport(result, model, options.grouping).text())
      } else {
        RecognitionText(grouping: options.grouping, onHold: options.recognition.onHold).print(result)
      }
      if let skipped = result.lastSkipped {
        complain("\(result.counters.stream.unusable) frames could not be used; the last: \(skipped)")
      }
      if let failure = result.finderFailure { complain("the person finder failed: \(failure)") }
      try files.writeVideo(result, activities: options.grouping.activities, of: source, opening)
    }
  }

  private func complain(_ text: String) { FileHandle.standardError.write(Data("adl: \(text)\n".utf8)) }

  private func pipelineOptions(_ card: ModelCard) throws -> PipelineOptions {
    var following = PipelineOptions.Following()
    following.rate = rate
    following.most = most
    following.tracker.keepsStill = detector == nil
    var options = PipelineOptions(card, view: scene ? .scene : .people(following))
    options.hop = hop
    options.region = try region()
    if let crop { options.crop = crop }
    options.recognition.opensOther = other
    if let on { options.recognition.on = on }
    options.recognition.off = min(off ?? options.recognition.off, options.recognition.on)
    switch card.region {
    case .scene where !scene:
      complain("the model was trained on whole pictures; --scene shows it those")
    case .person where scene:
      complain("the model was trained on people; leave --scene out to show it those")
    default: break
    }
    return options
  }

  private func makeFinder() throws -> (any PersonFinder)? {
    if scene { return nil }
    guard let detector else { return try MotionFinder(picturesPerSecond: rate, threads: threads) }
    return SteadyFinder(try ModelFinder(path: detector, threads: threads), picturesPerSecond: rate)
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
    case .camera(let name):
      guard files.video == nil else {
        throw ValidationError("--video reads its source twice, and \(name) is a camera; record it to a file first")
      }
      throw ValidationError("\(name) is a camera, which has no end; watch it with adld")
    case .media(let location): return .media(location)
    case .synthetic(var options):
      guard options.length != nil else { throw ValidationError("give the scene a length, as in \(video)?length=60") }
      options.pace = .fastest
      return .synthetic(options)
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
