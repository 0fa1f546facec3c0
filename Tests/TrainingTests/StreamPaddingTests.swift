import Basics
import Golden
import Inference
import Networks
import Tensors
import Testing
import Training

@Suite struct `Padding with the stream` {
  private static let size = 112

  /// A student trained with `--temporal-padding stream` sees what the live engine shows it.
  @Test(arguments: [16, 32])
  func `padding with the stream gives the logits of continual windows`(frames: Int) throws {
    let network = try StudentNetwork(
      width: WidthMultiplier(0.0625), frames: frames, size: Self.size, classes: 5, nonLocal: .subSampled)
    let weights = FormulaWeights(seed: 3)
    let (hop, bytes) = (8, Self.size * Self.size * 3)
    let engine = try ClipEngine(
      network: network, parameters: weights, precision: .f32, threads: 2, mode: .continual(hop: hop))
    #expect(engine.delay == I3D.temporalContext)

    var random = SplitMix64(seed: 9)
    let count = frames + 2 * I3D.temporalContext
    let stream = (0..<count * bytes).map { _ in UInt8.random(in: 0...255, using: &random) }
    let cache = try engine.makeCache()
    var live: [Float]?
    for first in stride(from: 0, through: count - frames, by: hop) {
      let window = Array(stream[first * bytes..<(first + frames) * bytes])
      live = try engine.run(pixels: window.span, after: first == 0 ? nil : hop, in: cache)?.first
    }

    let module = try ClipNetwork(network, from: weights, on: .cpu)
    let clip = try Tensor.of(stream, [1, count, Self.size, Self.size, 3]).to(.float32).affine(1 / 127.5, -1)
      .permuted([0, 4, 1, 2, 3])
    let trained = try withoutGradients { () throws(TensorError) in try module(clip, .evaluation).logits.floats() }
    let found = try #require(live)
    let scale = try #require(trained.map(abs).max())
    #expect(zip(found, trained).allSatisfy { abs($0 - $1) <= 1e-4 * scale }, "\(found) \(trained)")
  }
}
