import ArgumentParser
import Capture
import Detection
import Foundation
import ModelFile
import Networks
import People
import Pipeline
import Recognition
import Synthesis
import Video

/// The command `adl bench people`: the cost of finding, tracking and cutting out people on this machine.
struct BenchPeopleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "people",
    abstract: "Measure the person finders, the tracker and the cutting of windows.",
    discussion: """
      Without --video it uses rendered people in 640x480. Finders take turns on the same pictures. The share of a core is \
      the cost of the finder at --rate finds per second. Memory is that of the pictures kept for one camera.
      """)

  @Option(help: ArgumentHelp("A person detector of the YOLOX family.", valueName: "file.onnx"))
  var detector: String?

  @Option(help: "Video file to take pictures from.")
  var video: String?

  @Option(help: "Finds per second.")
  var rate = 3.0

  @Option(help: "Pictures to measure.")
  var rounds = 60

  @Option(help: "Cores for the finder.")
  var threads = 1

  func validate() throws {
    guard (1...10_000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 10000") }
    guard (0.2...15).contains(rate) else { throw ValidationError("--rate must be 0.2 to 15") }
    guard (1...64).contains(threads) else { throw ValidationError("--threads must be 1 to 64") }
  }

  func run() throws { try reporting(measure) }

  private func measure() throws {
    let pictures = try workingPictures()
    guard let first = pictures.first else { throw ValidationError("the video has no pictures") }
    var finders: [(name: String, finder: any PersonFinder)] = [
      ("motion", try MotionFinder(picturesPerSecond: rate, threads: threads))
    ]
    if let detector { finders.append(("model", try ModelFinder(path: detector, threads: threads))) }
    var times = finders.map { _ in [Double]() }
    var boxes: [[ScoredBox]] = []
    for picture in pictures {
      for (index, subject) in finders.enumerated() {
        let begin = ContinuousClock.now
        let found = try subject.finder.find(in: picture)
        times[index].append((ContinuousClock.now - begin) / .milliseconds(1))
        if index == finders.count - 1 { boxes.append(found) }
      }
    }
    print("\(pictures.count) pictures of \(first.size), \(threads) threads\n")
    print("                     median      p95   share of a core at \(rate) per second")
    for (index, subject) in finders.enumerated() { printRow("finder: \(subject.name)", times[index], perSecond: rate) }
    printRow("tracker", trackerTimes(boxes, first.size), perSecond: rate)
    try printCutting(pictures)
  }

  /// The pictures in which people are found, at the finder's rate.
  private func workingPictures() throws -> [Frame] {
    let text = video ?? "synthetic:7?people=2&rate=15&length=\(Int(Double(rounds) / rate) + 2)"
    var opened = try SourceDescription(parsing: text, adding: [SyntheticSource.self]).open(RecordingView.opening)
    var sampler = FrameSampler(
      .working(WorkingPicture()), sampler: TimeSampler(rate: SampleRate(Int((rate * 1000).rounded()), per: 1000)))
    var decoder = try FrameDecoder()
    var pictures: [Frame] = []
    var frame = Frame()
    while pictures.count < rounds, try opened.next(into: &frame, timeout: .seconds(10)) == .frame {
      var samples: [[UInt8]] = []
      sampler.push(&frame, decode: { try decoder.decode($0, into: &$1) }, emit: { samples.append($1) })
      for pixels in samples { pictures.append(picture(pixels, sampler.pictureSize)) }
    }
    return pictures
  }

  private func picture(_ pixels: [UInt8], _ size: FrameSize) -> Frame {
    var ring = PictureRing(capacity: 1)
    ring.append(Sample(index: 0, time: .zero, frameTime: .zero, sequence: 0), pixels, size: size)
    return ring.picture(age: 0).frame
  }

  private func trackerTimes(_ boxes: [[ScoredBox]], _ size: FrameSize) -> [Double] {
    var tracker = PersonTracker(aspect: Double(size.width) / Double(size.height))
    return boxes.enumerated().map { index, found in
      let begin = ContinuousClock.now
      _ = tracker.update(found, at: .seconds(Double(index) / rate))
      return (ContinuousClock.now - begin) / .milliseconds(1)
    }
  }

  /// Windows of 64 squares of 224 pixels: cut from scratch, and with 8 new samples.
  private func printCutting(_ pictures: [Frame]) throws {
    let network = try StudentNetwork(width: WidthMultiplier(1), frames: 64, size: 224, classes: 2)
    let card = ModelCard(network: network, name: "bench", labels: ["a", "b"])
    for people in [1, 3] {
      var following = PipelineOptions.Following()
      following.most = people
      following.tracker.birthHits = 1
      var options = PipelineOptions(card, view: .people(following))
      options.recognition = RecognitionOptions()
      var pipeline = try CameraPipeline(options)
      var (anew, goesOn) = ([Double](), [Double]())
      for index in 0..<200 {
        var frame = pictures[index % pictures.count]
        frame.timestamp = SampleRate(15).offset(ofTick: index)
        frame.sequence = index
        let begin = ContinuousClock.now
        let outputs = pipeline.take(&frame, at: frame.timestamp)
        let time = (ContinuousClock.now - begin) / .milliseconds(1)
        let windows = try serve(outputs, &pipeline, people)
        if windows == people { if anew.isEmpty { anew.append(time) } else { goesOn.append(time) } }
      }
      if people == 1 {
        printRow("first window", anew, perSecond: nil)
        printRow("next window", goesOn, perSecond: 15.0 / 8)
      }
      print("pictures of one camera with \(people) in it: \(pipeline.pictureBytes / 1_000_000) MB")
    }
  }

  private func serve(_ outputs: [PipelineOutput], _ pipeline: inout CameraPipeline, _ people: Int) throws -> Int {
    var windows = 0
    for output in outputs {
      switch output {
      case .window(let order, let window):
        windows += 1
        pipeline.recycle(window)
        _ = pipeline.take([0.5, 0.5], for: order)
      case .picture(let ticket, _):
        let found = (0..<people).map {
          ScoredBox(box: PictureBox(x: 0.05 + 0.3 * Double($0), y: 0.3, width: 0.2, height: 0.6), score: 0.9)
        }
        _ = pipeline.take(found: .success(found), in: ticket)
      default: break
      }
    }
    return windows
  }

  private func printRow(_ name: String, _ times: [Double], perSecond: Double?) {
    let sorted = times.sorted()
    guard !sorted.isEmpty else { return }
    let median = sorted[sorted.count / 2]
    let p95 = sorted[min(sorted.count - 1, sorted.count * 95 / 100)]
    let share = perSecond.map { String(format: "   %5.1f %%", median * $0 / 10) } ?? ""
    print(
      "  " + name.padding(toLength: 16, withPad: " ", startingAt: 0) + String(format: " %7.2f ms %7.2f ms", median, p95)
        + share)
  }
}
