import Basics
import Foundation
import Golden
import Networks
import Testing

@testable import Inference

/// Windows computed from the previous one's results equal windows computed whole.
@Suite struct `Incremental windows` {
  private static let size = 112

  /// Noise from which pictures are cut.
  private static let noise: [UInt8] = {
    var random = SplitMix64(seed: 1)
    return (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) }
  }()

  /// A stream of different pictures.
  private struct Stream {
    let seed: UInt64

    func window(from first: Int, frames: Int) -> [UInt8] {
      var pixels: [UInt8] = []
      pixels.reserveCapacity(frames * size * size * 3)
      for frame in first..<first + frames {
        var random = SplitMix64(seed: seed &+ UInt64(frame) &* 977)
        let begin = Int.random(in: 0..<noise.count - size * size * 3, using: &random)
        pixels += noise[begin..<begin + size * size * 3]
      }
      return pixels
    }
  }

  private func relativeError(_ a: [Float], _ b: [Float]) -> Double {
    Comparison.relativeError(a.map(Double.init), b.map(Double.init))
  }

  /// Draws networks, hops and streams with gaps; every window is computed both ways.
  @Test(arguments: 0..<24)
  func `incremental windows equal whole ones, whatever the network, the hops and the gaps`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let frames = [16, 24, 32, 64].randomElement(using: &random) ?? 16
    let network = try StudentNetwork(
      width: WidthMultiplier([0.125, 0.25].randomElement(using: &random) ?? 0.125), frames: frames, size: Self.size,
      classes: 4, nonLocal: [.none, .subSampled].randomElement(using: &random) ?? .none,
      head: [.stepClassifier, .meanOverSteps].randomElement(using: &random) ?? .meanOverSteps)
    let weights = FormulaWeights(seed: seed + 1)
    let hop = [1, 2, 3, 4, 6, 8, 16].filter { $0 <= frames / 2 }.randomElement(using: &random) ?? 2
    let threads = Int.random(in: 1...2, using: &random)
    let reference = try ClipEngine(network: network, parameters: weights, precision: .f32, threads: threads)
    let engine = try ClipEngine(
      network: network, parameters: weights, precision: .f32, threads: threads, mode: .incremental(hop: hop))

    // Two streams take turns in one engine.
    let streams = [Stream(seed: seed), Stream(seed: seed + 1000)]
    let caches = try streams.map { _ in try engine.makeCache() }
    var positions = [0, 5]
    var isContinued = [false, false]
    for _ in 0..<10 {
      let which = Int.random(in: 0...1, using: &random)
      var shift: Int? = hop * Int.random(in: 1...3, using: &random)
      if !isContinued[which] { shift = nil }
      switch Int.random(in: 0..<10, using: &random) {
      case 0: (positions[which], shift) = (positions[which] + 1000, nil)  // a gap, or a moved square
      case 1: shift = shift.map { $0 + 1 }  // not a multiple of the hop
      default: break
      }
      positions[which] += shift ?? 0
      isContinued[which] = true
      let pixels = streams[which].window(from: positions[which], frames: frames)
      let expected = try reference.run(pixels: pixels.span)[0]
      let found = try engine.run(pixels: pixels.span, after: shift, in: caches[which])?.first ?? []
      #expect(relativeError(found, expected) < 1e-5, "frames \(frames), hop \(hop), shift \(shift ?? 0)")
    }
  }

  /// One engine's windows of one stream, on a thread or not.
  private final class Turn: @unchecked Sendable {
    let engine: ClipEngine
    let stream: Stream
    var logits: [[Float]] = []
    let ended = DispatchSemaphore(value: 0)

    init(_ engine: ClipEngine, _ stream: Stream) { (self.engine, self.stream) = (engine, stream) }

    func start() { Thread { self.run() }.start() }

    func run() {
      defer { ended.signal() }
      guard let cache = try? engine.makeCache() else { return }
      var first = 0
      for shift in [nil, 2, 4, 6, 2, 6, 8] {
        first += shift ?? 0
        let pixels = stream.window(from: first, frames: 16)
        logits.append((try? engine.run(pixels: pixels.span, after: shift, in: cache)?.first) ?? [])
      }
    }
  }

  @Test func `of two engines that share weights, each on a thread of its own, are those of one alone`() throws {
    let network = try StudentNetwork(width: WidthMultiplier(0.125), frames: 16, size: Self.size, classes: 4)
    let weights = FormulaWeights(seed: 1)
    func engine(sharing other: ClipEngine? = nil) throws -> ClipEngine {
      try ClipEngine(
        network: network, parameters: weights, precision: .f32, threads: 1, mode: .incremental(hop: 2), sharing: other)
    }
    let first = try engine()
    let bytes = first.memoryBytes
    let second = try engine(sharing: first)
    #expect(first.memoryBytes == bytes && second.memoryBytes - second.workingBytes == bytes - first.workingBytes)
    let together = [Turn(first, Stream(seed: 1)), Turn(second, Stream(seed: 2))]
    for turn in together { turn.start() }
    for turn in together { #expect(turn.ended.wait(timeout: .now() + 60) == .success) }
    for turn in together {
      let alone = Turn(try engine(), turn.stream)
      alone.run()
      #expect(turn.logits == alone.logits && turn.logits.allSatisfy { $0.count == 4 })
    }
  }

  @Test func `compute less than a whole window`() throws {
    let network = try StudentNetwork(width: WidthMultiplier(0.25), frames: 64, size: Self.size, classes: 4)
    let engine = try ClipEngine(
      network: network, parameters: FormulaWeights(seed: 1), precision: .f32, threads: 1, mode: .incremental(hop: 8))
    let cache = try engine.makeCache()
    let pixels = Stream(seed: 1).window(from: 0, frames: 64)
    func work(_ times: [ClipEngine.StepTime]) -> Int { times.reduce(0) { $0 + $1.multiplyAccumulates } }
    let whole = work(try engine.profile(pixels: pixels.span, in: cache))
    let partial = work(try engine.profile(pixels: pixels.span, after: 8, in: cache))
    #expect(Double(partial) < 0.45 * Double(whole))
  }

  @Test(.enabled(if: Precision.native.contains(.bf16), "this CPU has no native bf16"))
  func `incremental windows agree in bfloat16 as far as its rounding allows`() throws {
    let network = try StudentNetwork(width: WidthMultiplier(0.25), frames: 64, size: Self.size, classes: 4)
    let weights = FormulaWeights(seed: 3)
    let reference = try ClipEngine(network: network, parameters: weights, precision: .bf16, threads: 2)
    let engine = try ClipEngine(
      network: network, parameters: weights, precision: .bf16, threads: 2, mode: .incremental(hop: 8))
    let cache = try engine.makeCache()
    for index in 0..<8 {
      let pixels = Stream(seed: 9).window(from: 8 * index, frames: 64)
      let found = try engine.run(pixels: pixels.span, after: index == 0 ? nil : 8, in: cache)?.first ?? []
      #expect(try relativeError(found, reference.run(pixels: pixels.span)[0]) < 1e-3)
    }
  }

  @Test func `an engine without a hop keeps nothing`() throws {
    let network = try StudentNetwork(width: WidthMultiplier(0.125), frames: 16, size: Self.size, classes: 4)
    let engine = try ClipEngine(network: network, parameters: FormulaWeights(seed: 1), precision: .f32, threads: 1)
    #expect(engine.cacheBytes == 0)
  }
}
