import Basics
import Golden
import Networks
import Testing

@testable import Inference

@Suite struct `int8` {
  private static let weights = FormulaWeights(seed: 5)

  private static func network(
    width: Double = 0.25, frames: Int = 16, size: Int = 112, nonLocal: StudentNetwork.NonLocal = .none
  ) throws -> StudentNetwork {
    try StudentNetwork(
      width: WidthMultiplier(width), frames: frames, size: size, classes: 5, nonLocal: nonLocal, head: .meanOverSteps)
  }

  private static func clip(_ network: StudentNetwork, seed: UInt64 = 1) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return (0..<network.frames * network.size * network.size * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  private static func ranges(_ network: StudentNetwork, _ clip: [UInt8]) throws -> ActivationRanges {
    let calibrator = try Calibrator(network: network, parameters: weights, threads: 2)
    try calibrator.add(pixels: clip.span)
    return calibrator.ranges()
  }

  private func relativeError(_ a: [Float], _ b: [Float]) -> Double {
    Comparison.relativeError(a.map(Double.init), b.map(Double.init))
  }

  @Test(arguments: [112, 113, 160])
  func `the int8 stem distinguishes black from outside the picture, at even and odd sizes`(size: Int) throws {
    let network = try Self.network(size: size)
    // Black: each value inside is -1, each outside 0, so borders differ from the middle and a wrong offset shows.
    for clip in [[UInt8](repeating: 0, count: 16 * size * size * 3), Self.clip(network)] {
      let exact = try ClipEngine(
        network: network, parameters: Self.weights, precision: .f32, threads: 2, keepingEndpoints: true)
      let engine = try ClipEngine(
        network: network, parameters: Self.weights, precision: .int8, ranges: Self.ranges(network, clip), threads: 2,
        keepingEndpoints: true)
      _ = try exact.run(pixels: clip.span)
      _ = try engine.run(pixels: clip.span)
      let found = try #require(try engine.values(of: "Conv3d_1a_7x7"))
      let expected = try #require(try exact.values(of: "Conv3d_1a_7x7"))
      #expect(relativeError(found, expected) < 0.02)
      // Each side of the picture separately: a border wrong by one pixel would be lost in the whole.
      let extent = try #require(engine.graph.node(named: "Conv3d_1a_7x7")).shape.extent
      let sides = found.indices.filter { index in
        let (x, y) = (index % extent.width, index / extent.width % extent.height)
        return x == 0 || y == 0 || x == extent.width - 1 || y == extent.height - 1
      }
      #expect(relativeError(sides.map { found[$0] }, sides.map { expected[$0] }) < 0.02)
    }
  }

  @Test func `the int8 stem's weights give zero outside the picture`() throws {
    let network = try Self.network()
    let graph = try network.graph()
    guard case .convolution(let layer) = graph.nodes[1].operation else {
      Issue.record("the stem is not a convolution")
      return
    }
    let packing = PixelPacking(layer, picture: graph.nodes[0].shape.extent, scalar: .u8)
    let folded = try FoldedWeights(
      weight: layer.weight, bias: layer.bias, normalization: layer.normalization, from: Self.weights)
    let plane = layer.kernel.frames * layer.kernel.height
    for most in [Float(64), 127] {
      let quantized = packing.quantized(folded, most: most)
      #expect(quantized.values.allSatisfy { abs($0) <= most && $0 == $0.rounded() })
      for output in 0..<layer.outputs {
        for row in 0..<plane {
          for x in 0..<layer.kernel.width {
            func value(_ channel: Int) -> Float { quantized.values[(output * 28 + channel) * plane + row] }
            #expect(value(3 * x) + value(3 * x + 1) + value(3 * x + 2) == -2 * value(21 + x))
          }
        }
      }
    }
  }

  @Test func `the int8 trunk agrees with float32`() throws {
    let network = try Self.network(width: 0.5)
    let clip = Self.clip(network)
    let exact = try ClipEngine(
      network: network, parameters: Self.weights, precision: .f32, threads: 2, keepingEndpoints: true)
    let engine = try ClipEngine(
      network: network, parameters: Self.weights, precision: .int8, ranges: Self.ranges(network, clip), threads: 2,
      keepingEndpoints: true)
    let expected = try exact.run(pixels: clip.span)[0]
    #expect(try relativeError(engine.run(pixels: clip.span)[0], expected) < 0.05)
    for (endpoint, most) in [("Conv3d_2c_3x3", 0.03), ("Mixed_3c", 0.05), ("Mixed_4f", 0.08), ("Mixed_5c", 0.1)] {
      let found = try #require(try engine.values(of: endpoint))
      let expected = try #require(try exact.values(of: endpoint))
      #expect(relativeError(found, expected) < most, "\(endpoint)")
    }
  }

  @Test(arguments: 0..<4)
  func `int8 incremental windows are bit-identical to whole ones`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let network = try Self.network(frames: [16, 32].randomElement(using: &random) ?? 16, nonLocal: .subSampled)
    let hop = [2, 4, 8].randomElement(using: &random) ?? 2
    let stream = try Self.clip(Self.network(frames: network.frames + 6 * hop), seed: seed)
    let bytes = network.size * network.size * 3
    func window(_ first: Int) -> [UInt8] { Array(stream[first * bytes..<(first + network.frames) * bytes]) }
    let ranges = try Self.ranges(network, window(0))
    let reference = try ClipEngine(
      network: network, parameters: Self.weights, precision: .int8, ranges: ranges, threads: 2)
    let engine = try ClipEngine(
      network: network, parameters: Self.weights, precision: .int8, ranges: ranges, threads: 2,
      mode: .incremental(hop: hop))
    let cache = try engine.makeCache()
    var first = 0
    for (index, steps) in [0, 1, 1, 2, 1, 1].enumerated() {
      first += hop * steps
      let pixels = window(first)
      let found = try engine.run(pixels: pixels.span, after: index == 0 ? nil : hop * steps, in: cache)
      #expect(try found == reference.run(pixels: pixels.span))
    }
  }

  @Test func `int8 requires a calibration that fits`() throws {
    let network = try Self.network()
    #expect(throws: InferenceError.notCalibrated) {
      try ClipEngine(network: network, parameters: Self.weights, precision: .int8, threads: 1)
    }
    #expect(throws: InferenceError.ranges(reason: "Conv3d_1a_7x7 is missing")) {
      try ClipEngine(
        network: network, parameters: Self.weights, precision: .int8, ranges: ActivationRanges(largest: [:]), threads: 1
      )
    }
    #expect(try Precision.auto.resolved(isCalibrated: true) == .int8)
  }

  @Test func `the int8 range with the smallest error is found`() {
    var histogram = ValueHistogram()
    var random = SplitMix64(seed: 3)
    // Mostly below 1, and a single value at 100.
    histogram.add((0..<200_000).map { _ in Float.random(in: 0..<1, using: &random) })
    histogram.add([100])
    #expect(histogram.largest == 100)
    // The error (100 - r)² + 200000 (r / 255)² / 12 is least at 79.6.
    #expect((79...80.2).contains(histogram.bestRange(levels: 255)))
    #expect((0.9...1.1).contains(histogram.range(holding: 0.999)))
    // Nothing is clipped if all values matter equally.
    var even = ValueHistogram()
    even.add((0..<200_000).map { _ in Float.random(in: 0..<1, using: &random) })
    #expect(even.bestRange(levels: 255) > 0.98)
  }
}
