import Foundation
import Inference
import Networks

/// One precision under measurement, with the roof measured beside it.
struct BenchSubject {
  let precision: Precision
  private let engine: ClipEngine
  private let roof: Roof
  private var clipSeconds: [Double] = []
  private var roofSeconds: [Double] = []

  init(network: StudentNetwork, parameters: some ParameterSource, precision: Precision, threads: Int) throws {
    engine = try ClipEngine(network: network, parameters: parameters, precision: precision, threads: threads)
    roof = try Roof(precision: precision, threads: threads)
    self.precision = engine.precision
  }

  func warmUp(_ pixels: [UInt8]) throws {
    _ = try engine.run(pixels: pixels.span)
    try roof.run()
  }

  func logits(_ pixels: [UInt8]) throws -> [Float] { try engine.run(pixels: pixels.span).flatMap { $0 } }

  /// Seconds of one clip.
  func time(_ pixels: [UInt8]) throws -> Double {
    try seconds { _ = try engine.run(pixels: pixels.span) }
  }

  /// One clip, and the roof before and after it.
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
      precision: precision.rawValue, medianMilliseconds: median * 1e3, minimumMilliseconds: sorted[0] * 1e3,
      p95Milliseconds: sorted[min(sorted.count - 1, sorted.count * 95 / 100)] * 1e3,
      engineMegabytes: Double(engine.memoryBytes) * 1e-6, gigaMACsPerSecond: rate, roofGigaMACsPerSecond: best,
      shareOfRoof: rate / best)
  }

  /// Prints the fastest of three times of every step, with its rate as a share of the roof.
  func printLayers(_ pixels: [UInt8]) throws {
    let runs = try (0..<3).map { _ in try engine.profile(pixels: pixels.span) }
    let roof = report.roofGigaMACsPerSecond
    print("\n\(precision.rawValue), every step: ms, 10^9 MAC/s, % of the roof")
    for index in runs[0].indices {
      let step = runs[0][index]
      let milliseconds = (runs.map { $0[index].duration / .milliseconds(1) }.min() ?? 0)
      let name = step.layer.padding(toLength: 20, withPad: " ", startingAt: 0)
      let rate = Double(step.multiplyAccumulates) / milliseconds * 1e-6
      print("  " + name + String(format: " %8.2f %7.1f %5.1f  ", milliseconds, rate, rate / roof * 100) + step.kernel)
    }
  }
}

/// The figures of one precision.
struct BenchReport: Encodable {
  let precision: String
  let medianMilliseconds: Double
  let minimumMilliseconds: Double
  let p95Milliseconds: Double
  let engineMegabytes: Double
  let gigaMACsPerSecond: Double
  let roofGigaMACsPerSecond: Double
  let shareOfRoof: Double
}
