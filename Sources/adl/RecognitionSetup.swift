import ArgumentParser
import Capture
import Inference
import ModelFile
import Networks
import Pipeline
import Recognition
import Settings
import Synthesis
import Video

/// The options for recognising a recording, shared by `adl recognize` and `adl score`.
struct RecognitionSetup: ParsableArguments {
  @OptionGroup
  var view: RecordingView

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

  @Option(
    help: ArgumentHelp(
      "Families to use instead of those in the model's card: YAML lines such as Drink: [label, label].",
      valueName: "file.yaml"))
  var families: String?

  @Flag(help: "Recognise labels in no family too, together, as other.")
  var other = false

  @Option(help: "Probability at which an activity starts. Default: 0.6.")
  var on: Float?

  @Option(help: "Probability below which it ends. Default: 0.4, or --on if that is lower.")
  var off: Float?

  func validate() throws {
    guard (1...512).contains(hop) else { throw ValidationError("--hop is \(hop); it must be 1 to 512") }
    for value in [on, off].compactMap(\.self) where !(0...1).contains(value) {
      throw ValidationError("--on and --off must be from 0 to 1, not \(value)")
    }
    let start = on ?? RecognitionOptions().on
    if let off, off > start { throw ValidationError("--off is \(off); it must be at most --on (\(start))") }
  }

  /// Names of the options whose values differ from the defaults.
  func changed() throws -> [String] {
    let defaults = try RecognitionSetup.parse([])
    let changes = [
      ("--hop", hop != defaults.hop), ("--precision", precision != defaults.precision),
      ("--windows", windows != defaults.windows), ("--families", families != nil), ("--other", other),
      ("--on", on != nil), ("--off", off != nil),
    ]
    return try view.changed() + changes.filter(\.1).map(\.0)
  }

  /// The result, and the options that led to it.
  struct Outcome {
    var result: FileRecognition.Result
    var options: PipelineOptions
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
    var options = try view.pipelineOptions(card)
    options.hop = hop
    options.recognition.opensOther = other
    if let on { options.recognition.on = on }
    options.recognition.off = min(off ?? options.recognition.off, options.recognition.on)
    guard hop <= model.network.frames else {
      throw ValidationError(
        "--hop is \(hop); it must be at most the \(model.network.frames) samples of the model's windows")
    }
    let finder = try view.makeFinder()
    var scoring = ScoringOptions()
    scoring.precision = precision
    scoring.threads = view.threads
    scoring.mode = windows.mode(hop: hop)
    if let mismatch = scoring.mismatch(card) { warn(mismatch) }
    let scorer = try WindowScorer(model, scoring)
    options.delay = scorer.engine.delay
    let length = try SourceLength(source)
    var progress = RecognitionProgress("recognizing", duration: length.duration)
    let result = try FileRecognition(scorer, options, finder: finder).run(source.open(RecordingView.opening)) {
      progress.reached($0)
    }
    progress.finish()
    if let skipped = result.lastSkipped {
      warn("\(result.counters.stream.unusable) frames could not be used; the last: \(skipped)")
    }
    if result.damagedFrames > 0 {
      warn("the recording is damaged: \(result.damagedFrames) of its pictures are faulty or missing")
    }
    // The last picture lasts for a while, and a sound track may be longer.
    let last = Duration.seconds(length.rate.map { $0 > 0 ? 1 / $0 : 0 } ?? 0)
    if let duration = length.duration, result.lastTime + last + max(.seconds(1), duration / 20) < duration {
      warn("the recording ends at \(clock(result.lastTime)) of \(clock(duration)); it may have been cut off")
    }
    if let failure = result.finderFailure { warn("the person finder failed: \(failure)") }
    return Outcome(result: result, options: options)
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

extension ModelSettings.Windows: ExpressibleByArgument {
  func mode(hop: Int) -> WindowMode {
    switch self {
    case .recompute: .recompute
    case .incremental: .incremental(hop: hop)
    case .continual: .continual(hop: hop)
    }
  }
}
