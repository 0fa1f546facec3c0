import ArgumentParser
import Basics
import Capture
import Detection
import Foundation
import Inference
import ModelFile
import People
import Pipeline
import Recognition
import Settings
import Synthesis
import Video

/// The options for recognising a recording, shared by `adl recognize` and `adl score`.
struct RecognitionSetup: ParsableArguments {
  @Option(help: ArgumentHelp("A person detector of the YOLOX family.", valueName: "file.onnx"))
  var detector: String?

  @Flag(help: "Look at the whole picture instead of at each person.")
  var scene = false

  @Option(help: "How many times per second to look for people.")
  var rate = 3.0

  @Option(help: "How many people are recognised at a time; others take turns.")
  var most = 2

  @Option(help: "Samples between windows.")
  var hop = 8

  @Option(help: "Number format: auto, f32, bf16 or int8.")
  var precision = Precision.auto

  @Option(
    help: """
      How windows are computed: incremental (only what is new), recompute (whole), or continual (each frame once, which \
      gives other results, and later).
      """
  )
  var windows = ModelSettings.Windows.incremental

  @Option(help: "Cores to use.")
  var threads = MachineLimits.current.threads

  @Option(
    help: ArgumentHelp(
      "Part of the picture to look at, in fractions of its width and height.", valueName: "x,y,width,height"))
  var roi: String?

  @Option(
    help: "How pictures become square: full (stretched) or centerSquare (cropped). Default: as in the model's card.")
  var crop: Crop?

  @Option(
    help: ArgumentHelp(
      "Families to use instead of those in the model's card: YAML lines such as Drink: [label, label].",
      valueName: "file.yaml"))
  var families: String?

  @Flag(help: "Recognise labels in no family too, together, as other.")
  var other = false

  @Option(help: "Probability at which an activity starts. Default: 0.6.")
  var on: Float?

  @Option(help: "Probability below which it ends. Default: 0.4.")
  var off: Float?

  func validate() throws {
    guard (1...512).contains(hop) else { throw ValidationError("--hop is \(hop); it must be 1 to 512") }
    guard threads >= 1 else { throw ValidationError("--threads is \(threads); it must be at least 1") }
    for value in [on, off].compactMap(\.self) where !(0...1).contains(value) {
      throw ValidationError("--on and --off must be from 0 to 1, not \(value)")
    }
    guard (0.2...15).contains(rate) else { throw ValidationError("--rate is \(rate); it must be 0.2 to 15") }
    guard (1...16).contains(most) else { throw ValidationError("--most is \(most); it must be 1 to 16") }
    guard !scene || detector == nil else { throw ValidationError("--scene does not look for people; omit --detector") }
    _ = try region()
  }

  /// The result, and the options that led to it.
  struct Outcome {
    var result: FileRecognition.Result
    var options: PipelineOptions
  }

  /// How a recording's frames arrive: as fast as they can be processed.
  static var opening: SourceOptions {
    var options = SourceOptions()
    options.media.pace = .fastest
    return options
  }

  /// Recognises a recording, and reports anything unusual on standard error.
  ///
  /// - Parameters:
  ///   - source: a source that ends.
  ///   - model: the network and its card.
  /// - Returns: the result.
  /// - Throws: errors from the rooms below, as handled by `reporting`.
  func recognize(_ source: SourceDescription, with model: StudentModel) throws -> Outcome {
    var card = model.card
    if let families { card.families = try FamiliesFile.load(path: families, labels: card.labels) }
    var options = try pipelineOptions(card)
    let finder = try makeFinder()
    var scoring = ScoringOptions()
    scoring.precision = precision
    scoring.threads = threads
    scoring.mode = windows.mode(hop: hop)
    if let mismatch = scoring.mismatch(card) { complain(mismatch) }
    let scorer = try WindowScorer(model, scoring)
    options.delay = scorer.engine.delay
    var progress = RecognitionProgress("recognizing", duration: try SourceLength(source).duration)
    let result = try FileRecognition(scorer, options, finder: finder).run(source.open(Self.opening)) {
      progress.reached($0)
    }
    progress.finish()
    if let skipped = result.lastSkipped {
      complain("\(result.counters.stream.unusable) frames could not be used; the last: \(skipped)")
    }
    if let failure = result.finderFailure { complain("the person finder failed: \(failure)") }
    return Outcome(result: result, options: options)
  }

  /// Windows of a recording, as recognition would see them, half a window apart.
  ///
  /// - Parameters:
  ///   - source: a source that ends.
  ///   - model: the network and its card.
  ///   - most: maximum number of windows, counted from the start.
  /// - Returns: the windows; with several people, they take turns.
  /// - Throws: errors from the rooms below, as handled by `reporting`.
  func windows(of source: SourceDescription, with model: StudentModel, most: Int) throws -> [ClipWindow] {
    var options = try pipelineOptions(model.card)
    options.hop = max(1, options.frames / 2)
    var progress = RecognitionProgress("gathering", duration: try SourceLength(source).duration)
    var windows: [ClipWindow] = []
    try WindowReader(options, finder: makeFinder()).read(source.open(Self.opening), progress: { progress.reached($0) })
    {
      windows.append($0)
      return windows.count < most
    }
    progress.finish()
    return windows
  }

  private func complain(_ text: String) { StandardStreams.complain("adl: \(text)\n") }

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
      complain("the model was trained on whole pictures; use --scene")
    case .person where scene:
      complain("the model was trained on people; omit --scene")
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
}

extension SourceDescription {
  /// Parses a source that ends: a file, a stream, or rendered people of limited length.
  ///
  /// - Parameters:
  ///   - text: the command-line argument.
  ///   - isReadTwice: whether the source is read twice, which a camera cannot be.
  /// - Throws: `ValidationError` for an endless source, or `CaptureError`.
  init(recording text: String, isReadTwice: Bool = false) throws {
    self = try SourceDescription(parsing: text, adding: [SyntheticSource.self])
    switch self {
    case .camera(let name):
      if isReadTwice {
        throw ValidationError("--video reads its source twice, but \(name) is a camera; record it to a file first")
      }
      throw ValidationError("\(name) is a camera, which has no end; watch it with adld")
    case .added(let source) where source.length == nil:
      throw ValidationError("\(text) has no end; give it a length, as in synthetic:7?length=60")
    case .media, .added: break
    }
  }
}

extension Crop: ExpressibleByArgument {}
extension ModelSettings.Windows: ExpressibleByArgument {
  func mode(hop: Int) -> WindowMode {
    switch self {
    case .recompute: .recompute
    case .incremental: .incremental(hop: hop)
    case .continual: .continual(hop: hop)
    }
  }
}
