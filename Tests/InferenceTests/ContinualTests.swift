import Basics
import Golden
import Networks
import Testing

@testable import Inference

/// Continual windows are the network applied to the whole stream, which never ends.
@Suite struct `Continual windows` {
  private static let size = 112
  private static let weights = FormulaWeights(seed: 5)

  private static let stream: [UInt8] = {
    var random = SplitMix64(seed: 2)
    return (0..<160 * size * size * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
  }()

  private func window(_ first: Int, _ frames: Int) -> [UInt8] {
    let bytes = Self.size * Self.size * 3
    return Array(Self.stream[first * bytes..<(first + frames) * bytes])
  }

  private func network(_ frames: Int, nonLocal: StudentNetwork.NonLocal = .none) throws -> StudentNetwork {
    try StudentNetwork(
      width: WidthMultiplier(0.125), frames: frames, size: Self.size, classes: 4, nonLocal: nonLocal,
      head: .meanOverSteps)
  }

  private func relativeError(_ a: [Float], _ b: [Float]) -> Double {
    Comparison.relativeError(a.map(Double.init), b.map(Double.init))
  }

  @Test(arguments: [(16, 8), (32, 8), (32, 16)])
  func `continual windows equal the network applied to one long clip`(frames: Int, hop: Int) throws {
    let network = try network(frames)
    let engine = try ClipEngine(
      network: network, parameters: Self.weights, precision: .f32, threads: 2, mode: .continual(hop: hop))
    #expect(engine.delay == 48)
    // Long enough that the zero padding at the end does not affect what is compared.
    let long = try ClipEngine(
      network: network, frames: 160, parameters: Self.weights, precision: .f32, threads: 2, keepingEndpoints: true)
    _ = try long.run(pixels: Self.stream.span)
    let steps = try #require(try long.values(of: "StepLogits"))  // [4, 19]
    let count = steps.count / 4

    let cache = try engine.makeCache()
    var compared = 0
    for (index, first) in stride(from: 0, through: 96 - frames + 32, by: hop).enumerated() {
      let result = try engine.run(pixels: window(first, frames).span, after: index == 0 ? nil : hop, in: cache)
      // The first frame of the trunk's last layer that the result depends on.
      let begin = (first - engine.delay) / 8
      guard first >= engine.delay else {
        #expect(result == nil)
        continue
      }
      let expected = (0..<4).map { label in
        let span = steps[(label * count + begin)..<(label * count + begin + frames / 8 - 1)]
        return span.reduce(0, +) / Float(span.count)
      }
      #expect(try relativeError(#require(result?.first), expected) < 1e-5)
      compared += 1
    }
    #expect(compared >= 3)
  }

  @Test func `continual windows continue across skipped hops, and restart after a gap`() throws {
    let network = try network(32, nonLocal: .subSampled)
    let engine = try ClipEngine(
      network: network, parameters: Self.weights, precision: .f32, threads: 1, mode: .continual(hop: 8))
    func run(_ firsts: [(first: Int, shift: Int?)]) throws -> [Float]? {
      let cache = try engine.makeCache()
      var result: [[Float]]?
      for (first, shift) in firsts { result = try engine.run(pixels: window(first, 32).span, after: shift, in: cache) }
      return result?.first
    }
    func every(_ hop: Int, from begin: Int, to end: Int) -> [(first: Int, shift: Int?)] {
      stride(from: begin, through: end, by: hop).map { ($0, $0 == begin ? nil : hop) }
    }
    let expected = try #require(try run(every(8, from: 0, to: 64)))
    #expect(try run(every(16, from: 0, to: 64)) == expected)
    // What was seen before a gap does not count.
    #expect(try run(every(8, from: 0, to: 40) + [(64, nil)]) == nil)
    #expect(try run(every(8, from: 80, to: 120) + every(8, from: 0, to: 64)) == expected)
    // More was skipped than the window still contains.
    #expect(try run(every(8, from: 0, to: 32) + [(64, 32)]) == nil)
  }

  @Test func `continual windows resume with the newest hop if too many were skipped, so that overload ends`() throws {
    let engine = try ClipEngine(
      network: network(32), parameters: Self.weights, precision: .f32, threads: 1, mode: .continual(hop: 8))
    let cache = try engine.makeCache()
    func work(_ first: Int, after shift: Int?) throws -> Int {
      let times = try engine.profile(pixels: window(first, 32).span, after: shift, in: cache)
      return times.reduce(0) { $0 + $1.multiplyAccumulates }
    }
    let whole = try work(0, after: nil)
    let step = try work(8, after: 8)
    #expect(step * 4 == whole)
    #expect(try work(72, after: 64) == step)
    #expect(try work(80, after: 8) == step)
  }

  @Test func `continual windows are refused for a hop that the network's stride does not divide`() throws {
    #expect(throws: InferenceError.self) {
      try ClipEngine(
        network: network(16), parameters: Self.weights, precision: .f32, threads: 1, mode: .continual(hop: 4))
    }
    #expect(throws: InferenceError.self) {
      try ClipEngine(
        network: network(16), parameters: Self.weights, precision: .f32, threads: 1, mode: .continual(hop: 16))
    }
  }

  @Test func `continual windows cost a seventh of a window`() throws {
    let network = try StudentNetwork(width: WidthMultiplier(0.25), frames: 64, size: Self.size, classes: 4)
    let engine = try ClipEngine(
      network: network, parameters: Self.weights, precision: .f32, threads: 1, mode: .continual(hop: 8))
    let whole = try ClipEngine(network: network, parameters: Self.weights, precision: .f32, threads: 1)
    func work(_ times: [ClipEngine.StepTime]) -> Int { times.reduce(0) { $0 + $1.multiplyAccumulates } }
    let cache = try engine.makeCache()
    for index in 0..<7 {
      _ = try engine.run(pixels: window(8 * index, 64).span, after: index == 0 ? nil : 8, in: cache)
    }
    let step = work(try engine.profile(pixels: window(56, 64).span, after: 8, in: cache))
    #expect(Double(step) < 0.15 * Double(work(try whole.profile(pixels: window(0, 64).span))))
  }
}
