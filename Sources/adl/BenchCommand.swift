import Basics
import ArgumentParser
import Foundation
import Golden
import Inference
import ModelFile
import Networks
import Settings

/// The command `adl bench`: how fast this machine runs the network, and how close that is to its limit.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how long one clip takes, and what share of this machine's peak rate that is.",
    discussion: """
      Precisions and the roof (one large convolution) are interleaved, so that a busy machine slows all of them equally. \
      Without other options: the full-size student on 64 frames of 224x224, with weights from a formula.
      """,
    subcommands: [BenchPeopleCommand.self])

  @Option(help: "Number format: auto, f32, bf16 or int8. Default: all that this CPU has.")
  var precision: [Precision] = []

  @Option(
    help: "How windows are computed: recompute (whole), incremental (only what is new) or continual. Default: all."
  )
  var windows: [ModelSettings.Windows] = []

  @Option(help: "Frames between incremental windows.")
  var hop = 8

  @Option(help: ArgumentHelp("Measure this model instead of one with formula weights.", valueName: "file.safetensors"))
  var model: String?

  @Option(help: "Width: factor on every layer's channels.")
  var width = 1.0

  @Option(help: "Frames in the clip.")
  var frames = 64

  @Option(help: "Height and width of the clip in pixels.")
  var size = 224

  @Option(help: "Number of classes.")
  var classes = 31

  @Option(help: "Cores to use.")
  var threads = MachineLimits.current.threads

  @Option(help: "Clips to measure for each precision.")
  var rounds = 9

  @Flag(help: "Also print the time of every layer.")
  var layers = false

  @Flag(help: "Print one JSON object instead of tables.")
  var json = false

  @Flag(
    help: ArgumentHelp(
      "Measure on request.",
      discussion: """
        Reads lines from standard input: the name of a precision runs one clip and prints its time in seconds; "logits" \
        and a precision prints the logits. For comparisons that interleave several programs.
        """))
  var serve = false

  @Option(help: ArgumentHelp("Clip to run: frames x size x size x 3 bytes of RGB.", valueName: "file"))
  var clip: String?

  func validate() throws {
    guard rounds > 0 else { throw ValidationError("--rounds must be at least 1") }
    guard (1...512).contains(hop) else { throw ValidationError("--hop is \(hop); it must be 1 to 512") }
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
  }

  func run() throws { try reporting(measure) }

  /// The network to measure: the given model, or the described network with formula weights.
  private func subject() throws -> (
    network: StudentNetwork, parameters: any ParameterSource, ranges: ActivationRanges?
  ) {
    if let model {
      let model = try StudentModel(path: model)
      return (model.network, model, model.card.ranges)
    }
    let network = try StudentNetwork(width: WidthMultiplier(width), frames: frames, size: size, classes: classes)
    return (network, FormulaWeights(seed: 1), nil)
  }

  /// The model's own ranges, or those of the clip; the values do not affect the timing.
  private func ranges(
    _ known: ActivationRanges?, _ network: StudentNetwork, _ parameters: any ParameterSource, _ pixels: [UInt8]
  ) throws -> ActivationRanges {
    if let known { return known }
    let calibrator = try Calibrator(network: network, parameters: parameters, threads: threads)
    try calibrator.add(pixels: pixels.span)
    return calibrator.ranges()
  }

  private func measure() throws {
    let (network, parameters, known) = try subject()
    let pixels = try clipPixels(network)
    var subjects: [BenchSubject] = []
    let precisions = precision.isEmpty ? Precision.native + [.int8] : precision
    let ranges = try precisions.contains(.int8) ? ranges(known, network, parameters, pixels) : known
    for precision in precisions {
      for windows in windows.isEmpty ? [.recompute, .incremental, .continual] : windows {
        subjects.append(
          try BenchSubject(
            network: network, parameters: parameters, precision: precision, ranges: ranges, windows: windows,
            hop: hop, threads: threads))
      }
    }
    if serve { return try answer(subjects, pixels) }

    for subject in subjects { try subject.warmUp(pixels) }
    for _ in 0..<rounds {
      for index in subjects.indices { try subjects[index].measure(pixels) }
    }
    let reports = subjects.map(\.report)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      print(String(decoding: try encoder.encode(summary(network, reports)), as: UTF8.self))
      return
    }
    printTable(network, reports)
    if layers { for subject in subjects { try subject.printLayers(pixels) } }
  }

  /// A pattern that takes as long as any picture.
  private func clipPixels(_ network: StudentNetwork) throws -> [UInt8] {
    let count = network.frames * network.size * network.size * 3
    guard let clip else { return (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) } }
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: clip)))
    guard bytes.count == count else {
      throw ValidationError("\(clip) has \(bytes.count) bytes; a clip for \(describe(network)) has \(count)")
    }
    return bytes
  }

  private func answer(_ subjects: [BenchSubject], _ pixels: [UInt8]) throws {
    // Written unbuffered: the caller waits for the line, and print buffers if standard output is a pipe.
    for subject in subjects { try subject.warmUp(pixels) }
    put((["ready"] + subjects.map(\.name)).joined(separator: " "))
    while let line = readLine() {
      let words = line.split(separator: " ")
      guard let name = words.last, let index = subjects.firstIndex(where: { $0.name == name }) else {
        throw ValidationError("\"\(line)\" is not a request; ask for bf16, bf16/incremental, or logits bf16")
      }
      if words.count == 2 {
        put(try subjects[index].logits(pixels).map { "\($0)" }.joined(separator: " "))
      } else {
        put("\(try subjects[index].time(pixels))")
      }
    }
  }

  private func summary(_ network: StudentNetwork, _ reports: [BenchReport]) -> BenchSummary {
    BenchSummary(
      network: describe(network), threads: threads, rounds: rounds,
      instructionSet: Precision.instructionSet, oneDNN: Precision.libraryVersion,
      peakMemoryMB: ProcessMemory.peakBytes / 1_000_000, results: reports)
  }

  private func describe(_ network: StudentNetwork) -> String {
    "width \(network.width.value), \(network.frames)x\(network.size)x\(network.size), \(network.classes) classes"
  }

  private func printTable(_ network: StudentNetwork, _ reports: [BenchReport]) {
    print(
      """
      \(describe(network)); \(threads) threads, \(rounds) rounds
      oneDNN \(Precision.libraryVersion), \(Precision.instructionSet)

                              median       min       p95   engine   stream     rate     roof   share
      """)
    for report in reports {
      let name = "\(report.precision) \(report.windows)".padding(toLength: 16, withPad: " ", startingAt: 0)
      print(
        "  " + name
          + String(
            format: " %7.1f ms %6.1f ms %6.1f ms  %4.0f MB  %4.0f MB  %5.1f G  %5.1f G  %5.1f %%",
            report.medianMilliseconds, report.minimumMilliseconds, report.p95Milliseconds, report.engineMegabytes,
            report.streamMegabytes, report.gigaMACsPerSecond, report.roofGigaMACsPerSecond, report.shareOfRoof * 100))
    }
    print(
      "rate (of the whole window) and roof in 10^9 multiply-accumulates per second; total peak memory, including int8's calibration: \(ProcessMemory.peakBytes / 1_000_000) MB"
    )
  }
}

/// What `adl bench --json` prints.
struct BenchSummary: Encodable {
  let network: String
  let threads: Int
  let rounds: Int
  let instructionSet: String
  let oneDNN: String
  let peakMemoryMB: Int
  let results: [BenchReport]
}
