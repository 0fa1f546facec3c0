import Networks
import Settings
import Tensors
import Testing

@testable import Training

/// Properties of the methods that hold before any data is seen.
struct MethodTests {
  private let mode = ForwardMode.evaluation

  @Test func `the attention block starts as the identity`() throws {
    let network = try StudentNetwork(
      width: WidthMultiplier(0.0625), frames: 64, size: 224, classes: 3, nonLocal: .subSampled)
    let module = try ClipNetwork(network, from: InitialParameters(seed: 1), on: .cpu)
    let clip = try Tensor.of(
      made([64], seed: 1).doubles().map(Float.init), [1, 1, 64, 1, 1]
    ).expanded([1, 3, 64, 224, 224]).channelsLast()
    let output = try withoutGradients { try module(clip, mode, recording: true) }
    let attention = try #require(output.attention)
    #expect(attention.shape == [1, 392, 72])
    #expect(try attention.sum([2]).floats().allSatisfy { abs($0 - 1) < 1e-5 })
    let block = try #require(module.graph.nodes.first { if case .nonLocal = $0.operation { true } else { false } })
    #expect(try #require(output.endpoints[block.name]).floats() == output.features.floats())
  }

  @Test func `the head reads its features class by class, not step by step`() throws {
    let network = try StudentNetwork(
      width: WidthMultiplier(0.0625), frames: 32, size: 112, classes: 3, nonLocal: .none)
    let module = try ClipNetwork(network, from: InitialParameters(seed: 2), on: .cpu)
    let clip = try Tensor.of(made([32 * 112], seed: 3).doubles().map(Float.init), [1, 1, 32, 112, 1])
      .expanded([1, 3, 32, 112, 112]).channelsLast()
    let before = try withoutGradients { try module(clip, mode).logits.floats() }
    let description = try #require(module.graph.parameters.first { $0.name == "fc.weight" })
    let weight = module.parameters[description]
    let (classes, steps) = (3, network.steps)
    #expect(steps > 1 && weight.shape == [classes, classes * steps])
    let timeMajor = (0..<steps).flatMap { step in (0..<classes).map { Int64($0 * steps + step) } }
    try weight.assign(
      weight.transposed(0, 1).rows(Tensor.of(timeMajor, [classes * steps])).transposed(0, 1))
    let after = try withoutGradients { try module(clip, mode).logits.floats() }
    let largest = before.map(abs).max() ?? 0
    #expect(largest > 0 && zip(before, after).contains { abs($0 - $1) > 0.1 * largest })
  }

  @Test(arguments: SkeletonGraph.allCases)
  func `columns of the fixed adjacency sum to one or zero`(graph: SkeletonGraph) {
    let count = graph.jointCount
    for subset in 0..<3 {
      let sums = (0..<count).map { column in
        (0..<count).reduce(Float(0)) { $0 + graph.adjacency[(subset * count + $1) * count + column] }
      }
      #expect(sums.allSatisfy { abs($0 - 1) < 1e-6 || (subset > 0 && $0 == 0) })
      #expect(sums.contains { abs($0 - 1) < 1e-6 })
    }
  }

  @Test func `each joint's similarities in the pose graph sum to one`() throws {
    let network = PoseNetwork(graph: .ntu25, blockCount: 2, width: 0.25)
    let module = try PoseModule(network, heads: [], from: InitialParameters(seed: 4), on: .cpu)
    let poses = try made([2, 3, 8, 25], seed: 5).to(.float32)
    for subset in 0..<3 {
      let sums = try module.similarity(network.blocks[0], subset, poses).sum([1]).floats()
      #expect(sums.count == 50 && sums.allSatisfy { abs($0 - 1) < 1e-5 })
    }
  }

  @Test func `pose networks have the published number of parameters`() {
    func count(_ graph: SkeletonGraph, blocks: Int, classes: Int?) -> Int {
      let network = PoseNetwork(graph: graph, blockCount: blocks)
      let head = classes.map { network.classifier(classes: $0).parameters } ?? []
      return (network.parameters + head).filter { !$0.isStatistic }.reduce(0) { $0 + $1.count }
    }
    #expect(count(.ntu25, blocks: 10, classes: 60) == 3_469_510)
    #expect(count(.smarthome15, blocks: 10, classes: 31) == 3_449_847)
    #expect(count(.smarthome15, blocks: 2, classes: nil) == 96_064)
    #expect(count(.ntu25, blocks: 2, classes: nil) == 98_674)
  }

  @Test func `zero heads attend to everything equally`() throws {
    let attention = PoseAttention(inputs: 64, frames: 8, height: 7, width: 7, hasHiddenLayers: true)
    let store = try ParameterStore(attention.parameters, from: InitialParameters(seed: 6), on: .cpu)
    for layer in [attention.spatial, attention.temporal] {
      for description in layer.parameters { try store[description].scale(by: 0) }
    }
    let map = try AttentionModule(attention, in: store)(made([2, 64], seed: 7).to(.float32)).map
    #expect(map.shape == [2, 8, 7, 7])
    #expect(try map.floats().allSatisfy { $0 == 0.5 / 8 })
  }

  @Test func `a folded batch norm computes the same`() throws {
    let (weight, x) = (try made([4, 3, 1, 1, 1], seed: 8), try made([2, 3, 2, 4, 4], seed: 9))
    let (scale, offset) = (try made([4], seed: 10), try made([4], seed: 11))
    let (mean, variance) = (try made([4], seed: 12), try made([4], seed: 13, in: 0.1...2))
    let plain = try x.convolved(weight, bias: nil, stride: [1, 1, 1], padding: [0, 0, 0])
      .batchNormalized(
        scale: scale, offset: offset, mean: mean, variance: variance, usingBatch: false, momentum: 0.1, epsilon: 1e-3)
    let factor = try scale / (variance + 1e-3).squareRoot()
    let folded = try x.convolved(
      weight * factor.reshaped([4, 1, 1, 1, 1]), bias: offset - mean * factor, stride: [1, 1, 1], padding: [0, 0, 0])
    let difference = try (plain - folded).squared().sum().item()
    #expect(difference.squareRoot() <= 1e-5 * (try plain.squared().sum().item()).squareRoot())
  }

  // MARK: Learning rates

  private func schedule(_ text: String) throws -> ScheduleSettings {
    try TrainingSettings.parse("schedule: \(text)", path: "schedule").schedule
  }

  @Test func `the step schedule applies its factor at the milestones`() throws {
    let schedule = try schedule("{kind: step, milestones: [30, 40], factor: 0.1}")
    let state = LearningRateState()
    let factors = [0, 29, 30, 39, 40, 49].map { state.factor(epoch: $0, fraction: 0.5, of: 50, schedule) }
    for (factor, wanted) in zip(factors, [1, 1, 0.1, 0.1, 0.01, 0.01]) { #expect(abs(factor - wanted) < 1e-12) }
  }

  @Test func `the plateau schedule applies its factor after its patience, and then waits again`() throws {
    let schedule = try schedule("{kind: plateau, patience: 2, factor: 0.5}")
    var state = LearningRateState()
    var factors: [Double] = []
    for loss in [1.0, 0.9, 0.9, 0.95, 0.91, 0.92, 0.93, 0.94, 0.5, 0.6] {
      state.epochEnded(validationLoss: loss, schedule)
      factors.append(state.factor(epoch: 0, fraction: 0, of: 50, schedule))
    }
    #expect(factors == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25])
  }

  @Test func `the cosine schedule falls to zero after its warm-up`() throws {
    let schedule = try schedule("{kind: cosine, warmupEpochs: 2}")
    let state = LearningRateState()
    let factors = [1, 2, 6, 10].map { state.factor(epoch: $0, fraction: 0, of: 10, schedule) }
    for (factor, wanted) in zip(factors, [0.5, 1, 0.5, 0]) { #expect(abs(factor - wanted) < 1e-12) }
  }

  @Test func `the learning rate's warm-up rises linearly from zero`() throws {
    let schedule = try schedule("{kind: constant, warmupEpochs: 2}")
    let state = LearningRateState()
    #expect(state.factor(epoch: 0, fraction: 0, of: 50, schedule) == 0)
    #expect(state.factor(epoch: 0, fraction: 0.5, of: 50, schedule) == 0.25)
    #expect(state.factor(epoch: 1, fraction: 0.5, of: 50, schedule) == 0.75)
    #expect(state.factor(epoch: 2, fraction: 0, of: 50, schedule) == 1)
  }
}
