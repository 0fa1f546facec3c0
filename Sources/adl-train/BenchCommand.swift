import ArgumentParser
import Basics
import Datasets
import Foundation
import Settings
import Tensors
import Training

/// The command `adl-train bench`: the time and memory of one training step.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure one training step of the student: forward, backward, update.",
    discussion: """
      Without other options: the full-size student on one clip of 64 frames of 224x224. `make train-peers` interleaves it \
      with the same step in Python's PyTorch.

      With --loading it measures how many clips per second are loaded with a stage's settings, in a first and a second \
      pass; the second shows what data.cache saves.

      Example:
        adl-train bench --loading config/train/ntu60/rgb.yaml --set data.videos=/data/ntu --set data.cache=memory
      """)

  @OptionGroup var machine: MachineOptions

  @Option(help: "Frames in a clip.")
  var frames = 64

  @Option(help: "Height and width of a clip in pixels.")
  var size = 224

  @Option(help: "Clips per step.")
  var batch = 1

  @Option(help: "Width: factor on every layer's channels.")
  var width = 1.0

  @Option(help: "Steps to measure.")
  var rounds = 5

  @Option(help: ArgumentHelp("Load clips with a stage's settings instead of training.", valueName: "file.yaml"))
  var loading: String?

  @OptionGroup var set: SettingOverrides

  @Flag(help: "Run one step for every line of standard input and print its seconds, for interleaved comparisons.")
  var serve = false

  func validate() throws {
    guard rounds > 0, batch > 0 else { throw ValidationError("--rounds and --batch must be at least 1") }
  }

  func run() throws {
    try reporting {
      let device = try machine.prepare()
      if let loading { return try measureLoading(loading, device) }
      let bench = try StepBenchmark(
        frames: frames, size: size, batch: batch, width: width, device: device, precision: machine.precision)
      // The first steps create kernels and fill caches.
      for _ in 0..<2 { _ = try bench.step() }
      if serve {
        print("ready")
        fflush(nil)
        while readLine() != nil {
          print(String(format: "%.6f", try bench.step().total))
          fflush(nil)
        }
        print("peak \(peak(device))")
        return
      }
      var times: [StepBenchmark.Times] = []
      for _ in 0..<rounds { times.append(try bench.step()) }
      func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
      let total = median(times.map(\.total))
      print(
        """
        libtorch \(Library.version) on \(device), \(machine.precision.rawValue), \
        \(batch)x3x\(frames)x\(size)x\(size), medians of \(rounds)
        forward   \(String(format: "%8.1f ms", median(times.map(\.forward)) * 1000))
        backward  \(String(format: "%8.1f ms", median(times.map(\.backward)) * 1000))
        update    \(String(format: "%8.1f ms", median(times.map(\.update)) * 1000))
        step      \(String(format: "%8.1f ms, %.3f clips/s", total * 1000, Double(batch) / total))
        peak      \(peak(device) >> 20) MiB
        """)
    }
  }

  /// Loads the first `rounds` batches of an epoch twice.
  private func measureLoading(_ config: String, _ device: Device) throws {
    let settings = try TrainingSettings.load(path: config, overrides: set.values)
    let data = try TrainingData(settings, content: .video, device: device)
    if let remark = data.cacheRemark { print(remark) }
    for pass in ["the first time", "once more"] {
      let begin = ContinuousClock.now
      let batches = try data.batches(epoch: 0, from: 0)
      var clips = 0
      for _ in 0..<rounds {
        guard let batch = try batches.next() else { break }
        clips += batch.count
      }
      let seconds = (ContinuousClock.now - begin) / .seconds(1)
      print(
        String(
          format: "%@: %d clips in %.2f s, %.1f clips/s with %d workers", pass, clips, seconds, Double(clips) / seconds,
          settings.data.workers))
    }
    print("peak      \(peak(device) >> 20) MiB")
  }

  /// Maximum bytes ever used by the process, or the GPU.
  private func peak(_ device: Device) -> Int {
    device.peakBytes ?? ProcessMemory.peakBytes
  }
}
