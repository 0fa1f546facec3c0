import Testing

@testable import Inference

@Suite struct `Integer weights` {
  @Test func `integer weights represent the weights within half a step`() {
    let folded = FoldedWeights(weights: [0.5, -0.2, 3, 1], scales: [2, 0.1], bias: [1, -1])
    let quantized = QuantizedWeights(folded, most: 127)
    #expect(quantized.values == [127, -51, 127, 42])
    for (index, value) in quantized.values.enumerated() {
      let step = quantized.steps[index / 2]
      #expect(abs(value * step - folded.weights[index] * folded.scales[index / 2]) <= step / 2)
    }
  }

  @Test func `integer weights of a disabled channel are zeros, with a step that its bias can be divided by`() {
    for folded in [
      FoldedWeights(weights: [0.5, -0.25], scales: [0], bias: [0.7]),
      FoldedWeights(weights: [0, 0], scales: [0.3], bias: [0.7]),
    ] {
      let quantized = QuantizedWeights(folded, most: 127)
      #expect(quantized.values == [0, 0])
      #expect(quantized.steps == [1])
      #expect(quantized.bias == [0.7])
    }
  }
}
