import Foundation
import Inference
import Networks
import Settings

/// One precision and window mode under measurement, with the peak rate measured alongside.
struct BenchSubject {
  let precision: Precision
  let windows: ModelSettings.Windows
  private let engine: ClipEngine
  /// For modes in which a window is computed incrementally.
  private let cache: WindowCache?
  private let roof: Roof
  private var clipSeconds: [Double] = []
  private var roofSeconds: [Double] = []

  init(
    network: StudentNetwork, parameters: some ParameterSource, precision: Precision, ranges: ActivationRanges?,
    windows: ModelSettings.Windows, hop: Int, threads: Int
  ) throws {
    engine = try ClipEngine(
      network: network, parameters: parameters, precision: precision, ranges: ranges, threads: threads,
      mode: windows.mode(hop: hop))
    cache = windows == .recompute ? nil : try engine.makeCache()
    self.windows = windows
    roof = try Roof(precision: precision, threads: threads)
    self.precision = engine.precision
  }

  /// As in tables and requests: `bf16`, or `bf16/incremental`.
  var name: String { windows == .recompute ? precision.rawValue : "\(precision.rawValue)/\(windows.rawValue)" }

  func warmUp(_ pixels: [UInt8]) throws {
    _ = try logits(pixels)
    try roof.run()
  }

  /// Logits of the clip; in incremental mode as the second window of a stream, in continual mode after repeating the
  /// clip for long enough.
  func logits(_ pixels: [UInt8]) throws -> [Float] {
    guard let cache, let hop = engine.mode.hop else { return try engine.run(pixels: pixels.span).flatMap { $0 } }
    let frames = engine.graph.nodes[0].shape.extent.frames
    let bytes = pixels.count / frames
    var (later, shift, result) = (engine.delay > 0 ? frames / hop : 1, Int?.none, [[Float]]?.none)
    while later >= 0 || result == nil {
      // Ends that many hops before the clip does.
      let missing = (later % (frames / hop) + frames / hop) % (frames / hop) * hop * bytes
      let window = Array(pixels.suffix(missing) + pixels.dropLast(missing))
      result = try engine.run(pixels: window.span, after: shift, in: cache)
      (later, shift) = (later - 1, hop)
    }
    return result?.flatMap { $0 } ?? []
  }

  /// Seconds for one window.
  func time(_ pixels: [UInt8]) throws -> Double {
    try seconds {
      guard let cache else { return _ = try engine.run(pixels: pixels.span) }
      // The pictures' content does not affect the timing.
      _ = try engine.run(pixels: pixels.span, after: engine.mode.hop, in: cache)
    }
  }

  /// Measures one clip, and the peak rate before and after it.
  mutating func measure(_ pixels: [UInt8]) throws {
    for _ in 0..<3 { roofSeconds.append(try seconds { try roof.run() }) }
    clipSeconds.append(try time(pixels))
    for _ in 0..<3 { roofSeconds.append(try seconds { try roof.run() }) }
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return start.duration(to: .now) / .seconds(1)
  }

  var report: BenchReport {
    let sorted = clipSeconds.sorted()
    let median = sorted[sorted.count / 2]
    let rate = Double(engine.graph.multiplyAccumulates) / median * 1e-9
    let best = Double(roof.multiplyAccumulates) / (roofSeconds.min() ?? .infinity) * 1e-9
    return BenchReport(
      precision: precision.rawValue, windows: windows.rawValue, medianMilliseconds: median * 1e3,
      minimumMilliseconds: sorted[0] * 1e3,
      p95Milliseconds: sorted[min(sorted.count - 1, sorted.count * 95 / 100)] * 1e3,
      engineMegabytes: Double(engine.memoryBytes) * 1e-6, streamMegabytes: Double(engine.cacheBytes) * 1e-6,
      gigaMACsPerSecond: rate, roofGigaMACsPerSecond: best,
      shareOfRoof: rate / best)
  }

  /// Prints the fastest of three times for every step, with its rate relative to the peak.
  func printLayers(_ pixels: [UInt8]) throws {
    let runs = try (0..<3).map { _ in try engine.profile(pixels: pixels.span, after: engine.mode.hop, in: cache) }
    let roof = report.roofGigaMACsPerSecond
    print("\n\(name), every step: ms, 10^9 MAC/s, % of the roof")
    for index in runs[0].indices {
      let step = runs[0][index]
      let milliseconds = (runs.map { $0[index].duration / .milliseconds(1) }.min() ?? 0)
      let name = step.layer.padding(toLength: 20, withPad: " ", startingAt: 0)
      let rate = Double(step.multiplyAccumulates) / milliseconds * 1e-6
      print("  " + name + String(format: " %8.2f %7.1f %5.1f  ", milliseconds, rate, rate / roof * 100) + step.kernel)
    }
  }
}

/// The results for one precision and window mode.
struct BenchReport: Encodable {
  let precision: String
  let windows: String
  let medianMilliseconds: Double
  let minimumMilliseconds: Double
  let p95Milliseconds: Double
  let engineMegabytes: Double
  /// Additional memory per stream of windows.
  let streamMegabytes: Double
  let gigaMACsPerSecond: Double
  let roofGigaMACsPerSecond: Double
  let shareOfRoof: Double
}
