import ArgumentParser
import Basics
import Capture
import Detection
import ModelFile
import Networks
import People
import Pipeline
import Video

/// How recordings are looked at, shared by all commands that cut windows from them.
struct RecordingView: ParsableArguments {
  @Option(help: ArgumentHelp("A person detector of the YOLOX family.", valueName: "file.onnx"))
  var detector: String?

  @Flag(help: "Look at the whole picture instead of at each person.")
  var scene = false

  @Option(help: "How many times per second to look for people.")
  var rate = 3.0

  @Option(help: "How many people are recognised at a time; others take turns.")
  var most = 2

  @Option(help: "Cores to use.")
  var threads = MachineLimits.current.threads

  @Option(
    help: ArgumentHelp(
      "Part of the picture to look at, in fractions of its width and height.", valueName: "x,y,width,height"))
  var roi: String?

  @Option(
    help: "How pictures become square: full (stretched) or centerSquare (cropped). Default: as in the model's card.")
  var crop: Crop?

  func validate() throws {
    guard (1...256).contains(threads) else { throw ValidationError("--threads is \(threads); it must be 1 to 256") }
    guard (0.2...15).contains(rate) else { throw ValidationError("--rate is \(rate); it must be 0.2 to 15") }
    guard (1...16).contains(most) else { throw ValidationError("--most is \(most); it must be 1 to 16") }
    guard !scene || detector == nil else { throw ValidationError("--scene does not look for people; omit --detector") }
    _ = try region()
  }

  /// Names of the options whose values differ from the defaults.
  func changed() throws -> [String] {
    let defaults = try RecordingView.parse([])
    let changes = [
      ("--detector", detector != nil), ("--scene", scene), ("--rate", rate != defaults.rate),
      ("--most", most != defaults.most), ("--threads", threads != defaults.threads), ("--roi", roi != nil),
      ("--crop", crop != nil),
    ]
    return changes.filter(\.1).map(\.0)
  }

  /// How a recording's frames arrive: as fast as they can be processed.
  static var opening: SourceOptions {
    var options = SourceOptions()
    options.media.pace = .fastest
    return options
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

  /// What recognition of this recording starts from; complains about a model that was trained on another view.
  func pipelineOptions(_ card: ModelCard) throws -> PipelineOptions {
    var following = PipelineOptions.Following()
    following.rate = rate
    following.most = most
    following.tracker.keepsStill = detector == nil
    var options = PipelineOptions(card, view: scene ? .scene : .people(following))
    options.region = try region()
    if let crop { options.crop = crop }
    switch card.region {
    case .scene where !scene:
      warn("the model was trained on whole pictures; use --scene")
    case .person where scene:
      warn("the model was trained on people; omit --scene")
    default: break
    }
    return options
  }

  /// `nil` for whole pictures.
  func makeFinder() throws -> (any PersonFinder)? {
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

extension Crop: ExpressibleByArgument {}
