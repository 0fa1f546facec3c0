import Basics
package import ArgumentParser
import Capture
import Datasets
import Dispatch
import Foundation
import Synchronization
import Video

/// The commands `adl synth` and `adl-train synth`, which render data that anyone can reproduce.
package struct SynthCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "synth",
    abstract: "Render people doing daily activities, with their poses, in the formats of the real data sets.",
    discussion: """
      People do eighteen activities, stand idle or do something else, in three rooms for every five people, seen by three \
      cameras as in NTU RGB+D. Files are SsssCcccPpppRrrrAaaa_rgb.avi with .skeleton, or Smarthome's MP4 with JSON. CS.csv \
      and CV.csv list them for `data: {dataset: manifest}`, with other people, or another camera, in the test. Look at \
      contact-sheet.jpg and preview.gif to see what was made. The same seed gives the same bytes.

      With --stream it makes one long recording instead, of somebody who is in no data set, or of two such people in one \
      room, with truth.csv (who does what when) and boxes.csv (where everybody is in every picture).

      Examples:
        adl-train synth --out data/rendered --clips 1920 --seed 1
        adl-train synth --out demo --stream 600 --seed 7
        adl-train synth --out two --stream 600 --people 2
      """)

  @Option(help: ArgumentHelp("Folder for the files.", valueName: "folder"))
  var out: String

  @Option(help: "Recordings, three of each motion.")
  var clips = 360

  @Option(help: "Random seed.")
  var seed: UInt64 = 1

  @Option(help: "Number of people, 20 to 106, split as in NTU RGB+D 120's cross-subject lists.")
  var subjects = 20

  @Flag(help: "Use Smarthome's file names and JSON poses instead of NTU's.")
  var smarthome = false

  @Option(help: ArgumentHelp("Width and height: even, 64 to 1920.", valueName: "WxH"))
  var size = "320x240"

  @Option(help: "Factor on the errors in poses; 0 for exact ones.")
  var poseNoise: Float = 1

  @Option(
    help: ArgumentHelp(
      "Write only poses, for videos of the same seed in this other folder, relative to --out.", valueName: "folder"))
  var posesFor: String?

  @Option(help: ArgumentHelp("Make one long recording of this many seconds instead.", valueName: "seconds"))
  var stream: Double?

  @Option(help: "People in the stream's room: 1 or 2.")
  var people = 1

  @Option(help: "Camera of the stream: 1 at 45°, 2 in front, 3 at the side.")
  var camera = 2

  @Option(help: "Frames per second of the stream; recordings have 30.")
  var rate = Take.rate

  @Option(help: ArgumentHelp("What happens in the stream. Default: everything.", valueName: "label,…"))
  var activities: String?

  @Option(help: "Recordings made in parallel. Default: one per core.")
  var workers: Int?

  package init() {}

  package func validate() throws {
    guard (1...1_000_000).contains(clips) else { throw ValidationError("--clips must be 1 to 1000000; it is \(clips)") }
    guard (20...NTUSubjects.count).contains(subjects) else {
      throw ValidationError("--subjects must be 20 to \(NTUSubjects.count); it is \(subjects)")
    }
    guard !smarthome || subjects == 20 else { throw ValidationError("--smarthome has 20 people; leave --subjects out") }
    guard (0...20).contains(poseNoise) else {
      throw ValidationError("--pose-noise must be 0 to 20; it is \(poseNoise)")
    }
    guard (1...3).contains(camera) else { throw ValidationError("--camera must be 1, 2 or 3; it is \(camera)") }
    guard stream.map({ (1...86_400).contains($0) }) ?? true else {
      throw ValidationError("--stream must be 1 to 86400 seconds")
    }
    guard (5...120).contains(rate) else { throw ValidationError("--rate must be 5 to 120; it is \(rate)") }
    guard (1...2).contains(people) else { throw ValidationError("--people must be 1 or 2; it is \(people)") }
    guard stream != nil || (rate == Take.rate && activities == nil && people == 1) else {
      throw ValidationError("--rate, --activities and --people are for streams; add --stream")
    }
    _ = try streamActions()
    guard workers.map({ (1...256).contains($0) }) ?? true else { throw ValidationError("--workers must be 1 to 256") }
    _ = try frameSize()
  }

  package func run() throws {
    do {
      var options = SyntheticOptions(folder: out, clips: clips, seed: seed)
      options.subjects = subjects
      options.naming = smarthome ? .smarthome : .ntu
      options.size = try frameSize()
      options.poseNoise = poseNoise
      options.videos = posesFor
      options.workers = workers ?? MachineLimits.current.threads
      if let stream { try writeStream(stream) } else { try writeDataset(SyntheticDataset(options)) }
    } catch let error as CaptureError {
      say("Error: \(error)\n")
      throw ExitCode(65)
    }
  }

  private func say(_ text: String) { StandardStreams.complain(text) }

  private func writeDataset(_ dataset: SyntheticDataset) throws {
    let begin = ContinuousClock.now
    let frames = Atomic(0)
    let isAsked = AskedToStop()
    let progress = Mutex(CountedProgress("recordings"))
    try dataset.write { done, total, count in
      let sum = frames.wrappingAdd(count, ordering: .relaxed).newValue
      let rate = Double(sum) / ((ContinuousClock.now - begin) / .seconds(1))
      progress.withLock { $0.reached(done, of: total, note: String(format: "%.0f frames/s", rate)) }
      return !isAsked()
    }
    progress.withLock { $0.finish() }
    guard !isAsked() else {
      say("stopped; run the same command again to make them all\n")
      throw ExitCode(75)
    }
    guard posesFor == nil else { return }
    try ContactSheet.write(dataset, to: "\(out)/contact-sheet.jpg")
    try ContactSheet.preview(dataset, to: "\(out)/preview.gif")
  }

  private func writeStream(_ seconds: Double) throws {
    try PlainFile.makeFolder(out)
    let stream = try SyntheticStream(seconds: seconds, of: streamActions(), people: people, rate: rate, seed: seed)
    let size = try frameSize()
    var writer = try MediaWriter(
      path: "\(out)/stream.avi", format: .avi(quantiser: SyntheticDataset.quantiser), size: size, rate: rate)
    var progress = CountedProgress("s")
    var boxes = ["time,person,x,y,width,height,visible,posture"]
    try stream.render(camera: camera - 1, size: size) { (frame, pixels, seen) throws(CaptureError) in
      try writer.add(pixels)
      for (index, sighting) in seen.enumerated() {
        let box = sighting.box
        let place = [box.x, box.y, box.width, box.height].map { String(format: "%.4f", $0) }.joined(separator: ",")
        boxes.append(
          String(format: "%.4f,%d,", Double(frame) / Double(rate), index + 1)
            + "\(place),\(sighting.isVisible ? 1 : 0),\(sighting.posture?.rawValue ?? "")")
      }
      if frame % rate == 0 { progress.reached(frame / rate, of: stream.frameCount / rate) }
    }
    try writer.finish()
    progress.finish()
    let rows = stream.truths.map {
      String(format: "%.2f,%.2f,%@", $0.begin, $0.end, $0.action.label) + (people > 1 ? ",\($0.person)" : "")
    }
    try writeTable(["begin,end,label" + (people > 1 ? ",person" : "")] + rows, "truth.csv")
    try writeTable(boxes, "boxes.csv")
  }

  private func writeTable(_ lines: [String], _ name: String) throws(CaptureError) {
    try PlainFile.write(lines.joined(separator: "\n") + "\n", to: "\(out)/\(name)")
  }

  private func streamActions() throws -> [SyntheticAction] {
    guard let activities else { return SyntheticAction.allCases }
    return try activities.split(separator: ",", omittingEmptySubsequences: false).map { label in
      guard let action = SyntheticAction.allCases.first(where: { $0.label == label }) else {
        let known = SyntheticAction.allCases.map(\.label).joined(separator: ", ")
        throw ValidationError("--activities: '\(label)' is not one of \(known)")
      }
      return action
    }
  }

  private func frameSize() throws -> FrameSize {
    guard let size = FrameSize(rendered: size[...]) else {
      throw ValidationError("--size must be two even numbers from 64 to 1920, such as 320x240; it is '\(size)'")
    }
    return size
  }
}

/// Whether Ctrl-C or SIGTERM has arrived: recordings that were started are finished first.
private struct AskedToStop: Sendable {
  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  private let flag = Flag()

  init() {
    for number in [SIGINT, SIGTERM] {
      // The default action would end the process before the source is notified.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [flag] in flag.isSet.store(true, ordering: .relaxed) }
      source.resume()
      Self.sources.withLock { $0.append(Handler(source: source)) }
    }
  }

  /// Sources end with their last reference; these live as long as the process.
  private static let sources = Mutex<[Handler]>([])

  private struct Handler: @unchecked Sendable {
    let source: any DispatchSourceSignal
  }

  func callAsFunction() -> Bool { flag.isSet.load(ordering: .relaxed) }
}
