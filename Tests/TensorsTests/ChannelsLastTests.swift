import Basics
import Foundation
import TestSupport
import Tensors
import Testing

/// Compares our own layers with libtorch's, which are used for anything but channels-last float memory: here doubles.
@Suite(.serialized) struct ChannelsLastTests {
  /// Values exact in both float and bfloat16, so that both sides start equal.
  private static func values(_ shape: [Int], seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<shape.reduce(1, *)).map { _ in Float(Int.random(in: -32...32, using: &random)) / 16 }
  }

  /// Output and gradients of a layer, in float or bfloat16 channels-last memory, and in double.
  ///
  /// - Parameters:
  ///   - shape: shape of the input.
  ///   - parameters: shapes of additional learned inputs, which are never in bfloat16.
  ///   - bfloat16: runs ours under autocast.
  ///   - layer: computes the output from the input and the parameters.
  /// - Returns: the output, then each gradient, from ours and from libtorch.
  /// - Throws: what `layer` throws.
  private func compare(
    _ shape: [Int], parameters: [[Int]] = [], bfloat16: Bool = false,
    _ layer: (Tensor, [Tensor]) throws -> Tensor
  ) throws -> [(ours: [Double], libtorch: [Double])] {
    func run(_ type: ScalarType) throws -> [[Double]] {
      let leaf = try Tensor.of(Self.values(shape, seed: 1), shape).to(type)
      try leaf.requireGradient()
      let others = try parameters.enumerated().map { index, shape in
        let other = try Tensor.of(Self.values(shape, seed: UInt64(index) + 2), shape).to(type)
        try other.requireGradient()
        return other
      }
      let x = type == .float64 ? leaf : try leaf.channelsLast()
      let y = try withAutocast(bfloat16 && type != .float64, on: .cpu) {
        try layer(bfloat16 && type != .float64 ? x.to(.bfloat16) : x, others)
      }
      let weights = try Tensor.of(Self.values(y.shape, seed: 9), y.shape).to(type)
      try (y.to(type) * weights).sum().backward()
      return try [y.to(.float64).reshaped([-1]).doubles()]
        + ([leaf] + others).map { try #require(try $0.gradient).to(.float64).reshaped([-1]).doubles() }
    }
    return try zip(run(.float32), run(.float64)).map { (ours: $0, libtorch: $1) }
  }

  private func expectEqual(
    _ pairs: [(ours: [Double], libtorch: [Double])], within tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (index, pair) in pairs.enumerated() {
      #expect(pair.ours.count == pair.libtorch.count, sourceLocation: sourceLocation)
      let largest = pair.libtorch.map(abs).max() ?? 0
      let difference = zip(pair.ours, pair.libtorch).map { abs($0 - $1) }.max() ?? 0
      #expect(difference <= tolerance * max(largest, 1), "value or gradient \(index)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [(1, 8), (2, 16), (3, 20), (2, 5)], [true, false])
  func `convolutions padded more at the end than at the start match, with and without bias`(
    sizes: (batch: Int, channels: Int), hasBias: Bool
  ) throws {
    let outputs = 12
    let parameters = [[outputs, sizes.channels, 3, 3, 3]] + (hasBias ? [[outputs]] : [])
    let pairs = try compare([sizes.batch, sizes.channels, 4, 7, 6], parameters: parameters) { x, others in
      try x.convolved(
        others[0], bias: hasBias ? others[1] : nil, stride: [1, 2, 2], padding: [1, 0, 0], paddingBehind: [1, 1, 1])
    }
    expectEqual(pairs, within: 1e-5)
  }

  @Test func `a convolution created on one thread runs on others`() throws {
    // Kernels are cached by shape; no other test uses this one.
    @Sendable func losses() throws -> [Double] {
      let x = try Tensor.of(Self.values([4, 24, 5, 9, 9], seed: 1), [4, 24, 5, 9, 9]).channelsLast()
      let weight = try Tensor.of(Self.values([40, 24, 3, 3, 3], seed: 2), [40, 24, 3, 3, 3])
      try weight.requireGradient()
      let sum = try x.convolved(weight, bias: nil, stride: [1, 1, 1], padding: [1, 1, 1]).squared().sum()
      try sum.backward()
      return [try sum.item(), try #require(try weight.gradient).squared().sum().item()]
    }
    let here = try losses()
    let others = Mutexed<[[Double]]>([])
    let threads = (0..<4).map { _ in
      Thread {
        let there = (try? losses()) ?? []
        others.change { $0.append(there) }
      }
    }
    for thread in threads { thread.start() }
    while threads.contains(where: { !$0.isFinished }) { Thread.sleep(forTimeInterval: 0.01) }
    #expect(others.value == Array(repeating: here, count: 4))
  }

  @Test func `a convolution in bfloat16 keeps bfloat16's accuracy`() throws {
    let pairs = try compare([2, 16, 4, 6, 6], parameters: [[24, 16, 3, 3, 3]], bfloat16: true) { x, others in
      try x.convolved(others[0], bias: nil, stride: [1, 1, 1], padding: [1, 1, 1])
    }
    expectEqual(pairs, within: 0.01)
  }

  @Test(arguments: [4, 16, 24, 67], [true, false])
  func `batch norm matches with the batch's or running statistics, with and without ReLU`(
    channels: Int, usingBatch: Bool
  ) throws {
    for relu in [true, false] {
      var running: [[Double]] = []
      let pairs = try compare(
        [3, channels, 4, 5, 6], parameters: [[channels], [channels]]
      ) { x, others in
        let type = x.scalarType
        let mean = try Tensor.full(0.25, [channels]).to(type)
        let variance = try Tensor.full(2, [channels]).to(type)
        let y = try x.batchNormalized(
          scale: others[0], offset: others[1], mean: mean, variance: variance, usingBatch: usingBatch, momentum: 0.1,
          epsilon: 1e-3, relu: relu)
        running.append(try mean.to(.float64).doubles() + variance.to(.float64).doubles())
        return y
      }
      expectEqual(pairs, within: 1e-5)
      expectEqual([(ours: running[0], libtorch: running[1])], within: 1e-6)
      // Gradients are neither all zero nor unset.
      #expect(pairs[0].libtorch.contains { $0 < 0 } != relu)
    }
  }

  @Test func `batch norm keeps its precision if the mean is far larger than the deviation`() throws {
    let pairs = try compare([2, 8, 4, 16, 16], parameters: [[8], [8]]) { x, others in
      let type = x.scalarType
      return try (x + 1000).batchNormalized(
        scale: others[0], offset: others[1], mean: Tensor.zeros([8], type), variance: Tensor.full(1, [8]).to(type),
        usingBatch: true, momentum: 0.1, epsilon: 1e-3)
    }
    expectEqual(pairs, within: 1e-3)
  }

  @Test(arguments: [
    ([3, 3, 3], [1, 1, 1], [1, 1, 1], false), ([1, 3, 3], [1, 2, 2], [0, 0, 0], true),
    ([3, 3, 3], [2, 2, 2], [0, 0, 0], true), ([2, 2, 2], [2, 2, 2], [0, 0, 0], true),
    ([1, 2, 2], [1, 2, 2], [0, 0, 0], false),
  ])
  func `max pooling gives each gradient to the cell that had the value`(
    kernel: [Int], stride: [Int], padding: [Int], overhanging: Bool
  ) throws {
    for channels in [1, 16, 23] {
      // There are many ties: the first of equal values wins, as in libtorch.
      let pairs = try compare([2, channels, 5, 7, 8]) { x, _ in
        try x.maxPooled(kernel, stride: stride, padding: padding, overhanging: overhanging)
      }
      expectEqual(pairs, within: 1e-6)
    }
  }

  @Test func `a pooling window that does not fit is an error`() throws {
    let x = try Tensor.zeros([1, 4, 2, 2, 2]).channelsLast()
    #expect(throws: TensorError.self) {
      try x.maxPooled([3, 3, 3], stride: [1, 1, 1], padding: [0, 0, 0], overhanging: false)
    }
  }
}
