import ArgumentParser
import Capture
import Foundation
import ModelFile
import Synchronization
import Synthesis
import Video

/// `adl-train synth`: data anyone can make.
struct SynthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synth",
    abstract: "Render people doing daily activities, with their poses, in the real data sets' formats.",
    discussion: """
      Twenty people do eighteen activities, stand idle or do something else, in twelve rooms, each seen by three cameras \
      as in NTU RGB+D: SsssCcccPpppRrrrAaaa_rgb.avi with .skeleton, or Smarthome's mp4 with JSON. CS.csv and CV.csv list \
      them for `data: {dataset: manifest}`: other people, or another camera, in the test. contact-sheet.jpg and \
      preview.gif are for you to look at. The same seed gives the same bytes.

      With --stream one long recording is made instead, of somebody who is in no data set, with truth.csv beside it.

      Examples:
        adl-train synth --out data/rendered --clips 1920 --seed 1
        adl-train synth --out demo --stream 600 --seed 7
      """)

  @Option(help: ArgumentHelp("Folder for the files.", valueName: "folder"))
  var out: String

  @Option(help: "Recordings, three of each motion.")
  var clips = 360

  @Option(help: "Of all draws.")
  var seed: UInt64 = 1

  @Flag(help: "Smarthome's names and JSON poses instead of NTU's.")
  var smarthome = false

  @Option(help: ArgumentHelp("Width and height, even, 64 to 1920.", valueName: "WxH"))
  var size = "320x240"

  @Option(help: "Factor on the errors of poses; 0 for true ones.")
  var poseNoise: Float = 1

  @Option(
    help: ArgumentHelp(
      "Write poses alone, for videos of the same seed in another folder, relative to --out.", valueName: "folder"))
  var posesFor: String?

  @Option(help: ArgumentHelp("One long recording of that many seconds instead.", valueName: "seconds"))
  var stream: Double?

  @Option(help: "Camera of the stream: 1 at 45°, 2 in front, 3 at the side.")
  var camera = 2

  @Option(help: "Recordings made at the same time; all cores when left out.")
  var workers: Int?

  func validate() throws {
    guard (1...1_000_000).contains(clips) else { throw ValidationError("--clips must be 1 to 1000000; it is \(clips)") }
    guard (0...20).contains(poseNoise) else {
      throw ValidationError("--pose-noise must be 0 to 20; it is \(poseNoise)")
    }
    guard (1...3).contains(camera) else { throw ValidationError("--camera must be 1, 2 or 3; it is \(camera)") }
    guard stream.map({ (1...86_400).contains($0) }) ?? true else {
      throw ValidationError("--stream must be 1 to 86400 seconds")
    }
    guard workers.map({ (1...256).contains($0) }) ?? true else { throw ValidationError("--workers must be 1 to 256") }
    _ = try frameSize()
  }

  func run() throws {
    try reporting {
      var options = SyntheticOptions(folder: out, clips: clips, seed: seed)
      options.naming = smarthome ? .smarthome : .ntu
      options.size = try frameSize()
      options.poseNoise = poseNoise
      options.videos = posesFor
      options.workers = workers ?? ProcessInfo.processInfo.activeProcessorCount
      let dataset = SyntheticDataset(options)
      if let stream { try writeStream(stream, dataset) } else { try writeDataset(dataset) }
    }
  }

  private func writeDataset(_ dataset: SyntheticDataset) throws {
    let begin = ContinuousClock.now
    let isTerminal = isatty(STDERR_FILENO) == 1
    let frames = Atomic(0)
    let interruption = Interruption(answering: "finishing the recordings that are begun")
    let asking = interruption.asking
    try dataset.write { done, total, count in
      let sum = frames.wrappingAdd(count, ordering: .relaxed).newValue
      if done % (isTerminal ? 5 : 200) == 0 || done == total {
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        let left = seconds / Double(done) * Double(total - done)
        let line = String(
          format: "%d/%d recordings  %.0f frames/s  %.0f s left", done, total, Double(sum) / seconds, left)
        FileHandle.standardError.write(Data((isTerminal ? "\r\(line)\u{1B}[K" : "\(line)\n").utf8))
      }
      return !asking()
    }
    if isTerminal { complain("") }
    guard !interruption.isAsked else {
      complain("stopped; the same command makes them all")
      throw ExitCode(75)
    }
    guard posesFor == nil else { return }
    try ContactSheet.write(dataset, to: "\(out)/contact-sheet.jpg")
    try ContactSheet.preview(dataset, to: "\(out)/preview.gif")
  }

  private func writeStream(_ seconds: Double, _ dataset: SyntheticDataset) throws {
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    // Somebody new, by the seed.
    let stream = SyntheticStream(seconds: seconds, dataset: dataset, subject: 21 + Int(seed % 1000), seed: seed)
    var writer = try MediaWriter(
      path: "\(out)/stream.avi", format: .avi(quantiser: SyntheticDataset.quantiser), size: dataset.options.size,
      rate: Take.rate)
    let isTerminal = isatty(STDERR_FILENO) == 1
    try stream.render(camera: camera - 1, size: dataset.options.size) { (frame, pixels) throws(CaptureError) in
      try writer.add(pixels)
      if isTerminal, frame % 30 == 0 {
        FileHandle.standardError.write(Data("\r\(frame / Take.rate) of \(stream.frameCount / Take.rate) s".utf8))
      }
    }
    try writer.finish()
    if isTerminal { complain("") }
    let rows = stream.truths.map { String(format: "%.2f,%.2f,%@", $0.begin, $0.end, $0.action.label) }
    let text = (["begin,end,label"] + rows).joined(separator: "\n") + "\n"
    try AtomicFile.write(to: "\(out)/truth.csv") { try $0.write(contentsOf: Data(text.utf8)) }
  }

  private func frameSize() throws -> FrameSize {
    let parts = size.split(separator: "x").map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1],
      [width, height].allSatisfy({ (64...1920).contains($0) && $0 % 2 == 0 })
    else { throw ValidationError("--size must be two even numbers from 64 to 1920, such as 320x240; it is '\(size)'") }
    return FrameSize(width: width, height: height)
  }
}
