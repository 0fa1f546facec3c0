import Golden
import Inference
import Networks
import Testing

/// A network small enough for debug builds: an eighth of the channels, 16 frames of 112 pixels.
private func smallNetwork(
  size: Int = 112, nonLocal: StudentNetwork.NonLocal = .subSampled, head: StudentNetwork.Head = .stepClassifier
) throws -> StudentNetwork {
  try StudentNetwork(
    width: WidthMultiplier(0.125), frames: 16, size: size, classes: 5, nonLocal: nonLocal, head: head)
}

private let weights = FormulaWeights(seed: 5)

/// A clip's bytes, the same in every run.
private func pixels(frames: Int = 16, size: Int = 112) -> [UInt8] {
  Formula(seed: 5).values("pixels", count: frames * size * size * 3).map { UInt8(127.5 * ($0 + 1)) }
}

/// The same clip as [3, T, H, W] in [-1, 1].
private func normalized(_ pixels: [UInt8], positions: Int) -> [Float] {
  var values = [Float](repeating: 0, count: pixels.count)
  for position in 0..<positions {
    for color in 0..<3 { values[color * positions + position] = Float(pixels[3 * position + color]) / 127.5 - 1 }
  }
  return values
}

private func relativeError(_ a: [Float], _ b: [Float]) -> Double {
  Comparison.relativeError(a.map(Double.init), b.map(Double.init))
}

@Suite struct `Clip engine` {
  @Test func `bytes and the normalised values they represent give the same logits`() throws {
    let engine = try ClipEngine(network: smallNetwork(), parameters: weights, precision: .f32, threads: 2)
    let clip = pixels()
    let fromBytes = try engine.run(pixels: clip.span)
    let fromFloats = try engine.run(normalized: normalized(clip, positions: 16 * 112 * 112).span)
    #expect(fromBytes.count == 1 && fromBytes[0].count == 5)
    #expect(relativeError(fromBytes[0], fromFloats[0]) < 1e-5)
  }

  @Test(arguments: Precision.native)
  func `memory shared between layers does not change results`(precision: Precision) throws {
    let clip = pixels()
    let sharing = try ClipEngine(network: smallNetwork(), parameters: weights, precision: precision, threads: 2)
    let keeping = try ClipEngine(
      network: smallNetwork(), parameters: weights, precision: precision, threads: 2, keepingEndpoints: true)
    let expected = try keeping.run(pixels: clip.span)
    #expect(try sharing.run(pixels: clip.span) == expected)
    #expect(try sharing.run(pixels: clip.span) == expected)
    #expect(sharing.memoryBytes < keeping.memoryBytes)
  }

  @Test func `a clip's logits are the same with one thread and two`() throws {
    let clip = pixels()
    let one = try ClipEngine(network: smallNetwork(), parameters: weights, precision: .f32, threads: 1)
    let two = try ClipEngine(network: smallNetwork(), parameters: weights, precision: .f32, threads: 2)
    #expect(try relativeError(one.run(pixels: clip.span)[0], two.run(pixels: clip.span)[0]) < 1e-5)
  }

  @Test(arguments: [112, 113, 127, 160])
  func `the stem is the convolution in its definition, at even and odd sizes`(size: Int) throws {
    let network = try smallNetwork(size: size, nonLocal: .none, head: .meanOverSteps)
    let engine = try ClipEngine(
      network: network, parameters: weights, precision: .f32, threads: 2, keepingEndpoints: true)
    let values = normalized(pixels(size: size), positions: 16 * size * size)
    _ = try engine.run(normalized: values.span)
    let stem = try #require(try engine.values(of: "Conv3d_1a_7x7"))
    let node = try #require(engine.graph.node(named: "Conv3d_1a_7x7"))
    let reference = try #require(ReferenceConvolution(node, input: Extent(16, size, size), weights: weights))
    let picks = stride(from: 0, to: stem.count, by: stem.count / 97)
    #expect(relativeError(picks.map { stem[$0] }, picks.map { reference.value(at: $0, of: values) }) < 1e-5)
  }

  @Test(arguments: [112, 113])
  func `Winograd layers are the convolutions in their definitions, at even and odd sizes`(size: Int) throws {
    let network = try StudentNetwork(
      width: WidthMultiplier(0.5), frames: 16, size: size, classes: 5, nonLocal: .none, head: .meanOverSteps)
    let engine = try ClipEngine(
      network: network, parameters: weights, precision: .f32, threads: 2, keepingEndpoints: true)
    #expect(try engine.profile(pixels: pixels(size: size).span).contains { $0.kernel.hasPrefix("winograd") })
    let values = try #require(try engine.values(of: "Conv3d_2b_1x1"))
    let node = try #require(engine.graph.node(named: "Conv3d_2c_3x3"))
    let output = try #require(try engine.values(of: node.name))
    let reference = try #require(ReferenceConvolution(node, input: node.shape.extent, weights: weights))
    let picks = stride(from: 0, to: output.count, by: output.count / 499)
    #expect(relativeError(picks.map { output[$0] }, picks.map { reference.value(at: $0, of: values) }) < 1e-5)
  }

  @Test func `the head slides over a longer clip`() throws {
    let network = try smallNetwork()
    let engine = try ClipEngine(
      network: network, frames: 32, parameters: weights, precision: .f32, threads: 2, keepingEndpoints: true)
    let logits = try engine.run(pixels: pixels(frames: 32).span)
    let steps = try #require(try engine.values(of: "StepLogits"))  // [5, 3]
    let weight = weights.values(of: ParameterDescription("fc.weight", [5, 5]))
    let bias = weights.values(of: ParameterDescription("fc.bias", [5]))
    #expect(logits.count == 3)
    for position in 0..<3 {
      var expected = bias
      for output in 0..<5 {
        for input in 0..<5 { expected[output] += weight[output * 5 + input] * steps[input * 3 + position] }
      }
      #expect(relativeError(logits[position], expected) < 1e-5)
    }
  }

  @Test func `the mean head averages the steps`() throws {
    let network = try smallNetwork(nonLocal: .none, head: .meanOverSteps)
    let engine = try ClipEngine(
      network: network, frames: 32, parameters: weights, precision: .f32, threads: 2, keepingEndpoints: true)
    let logits = try engine.run(pixels: pixels(frames: 32).span)
    let steps = try #require(try engine.values(of: "StepLogits"))
    let means = (0..<5).map { steps[($0 * 3)..<($0 * 3 + 3)].reduce(0, +) / 3 }
    #expect(logits.count == 1)
    #expect(relativeError(logits[0], means) < 1e-5)
  }

  @Test(arguments: [StudentNetwork.NonLocal.subSampled, .full])
  func `each query's attention sums to 1`(nonLocal: StudentNetwork.NonLocal) throws {
    let engine = try ClipEngine(
      network: smallNetwork(nonLocal: nonLocal), parameters: weights, precision: .f32, threads: 2,
      keepingEndpoints: true)
    _ = try engine.run(pixels: pixels().span)
    let attention = try #require(try engine.values(of: "NonLocal.attention"))
    let queries = 2 * 4 * 4
    let keys = nonLocal == .full ? queries : 2 * 2 * 2
    #expect(attention.count == queries * keys)
    for row in 0..<queries {
      #expect(abs(attention[row * keys..<(row + 1) * keys].reduce(0, +) - 1) < 1e-5)
    }
  }

  @Test func `a clip with another size is refused`() throws {
    let engine = try ClipEngine(network: smallNetwork(), parameters: weights, precision: .f32, threads: 1)
    #expect(throws: InferenceError.clipSize(given: 12, expected: 602_112)) {
      try engine.run(pixels: [UInt8](repeating: 0, count: 12).span)
    }
  }

  @Test func `the error for a tensor missing from the weights names it`() throws {
    struct Empty: ParameterSource {
      func values(of parameter: ParameterDescription) throws -> [Float] { [] }
    }
    #expect(throws: InferenceError.parameters(reason: "Conv3d_1a_7x7.conv3d.weight has 0 values instead of 8232")) {
      try ClipEngine(network: smallNetwork(), parameters: Empty(), precision: .f32, threads: 1)
    }
  }

  @Test func `engine errors name the setting to change`() {
    #expect(
      InferenceError.precisionUnavailable(.bf16, instructionSet: "AVX2").description
        == "this CPU (AVX2) has no native bf16; set model.precision to auto or f32")
    #expect(
      InferenceError.slowKernel(layer: "Mixed_3b.b0", implementation: "ref:any").description
        == "oneDNN has no fast kernel for layer Mixed_3b.b0, only ref:any; set model.precision to f32, "
        + "or use a network whose channels are multiples of 8")
  }
}
