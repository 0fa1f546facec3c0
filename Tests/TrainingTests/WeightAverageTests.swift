import Foundation
import Networks
import Settings
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite(.serialized) struct WeightAverageTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// One weight, one running statistic, and one frozen weight.
  private final class Numbers: TrainingSystem {
    let parameters: ParameterStore
    static let weight = ParameterDescription("a.weight", [2], initial: .constant(1))
    static let statistic = ParameterDescription("a.running_mean", [2], initial: .constant(0))

    init() throws {
      parameters = try ParameterStore([Self.weight, Self.statistic], from: InitialParameters(seed: 1), on: .cpu)
    }

    var networks: [(role: NetworkRole, parameters: ParameterStore)] { [(.pose, parameters)] }
    var groups: [LearningGroup] { [LearningGroup(part: .clip, parameters: parameters.learned)] }
    func losses(_ batch: Batch, _ context: StepContext) throws(TensorError) -> (terms: [LossTerm], logits: Tensor) {
      preconditionFailure("not used in this test")
    }
    func logits(_ batch: Batch) throws(TensorError) -> Tensor { preconditionFailure("not used in this test") }
  }

  @Test func `an average follows the weights by the decay, faster at first`() throws {
    let system = try Numbers()
    let (weight, statistic) = (system.parameters[Numbers.weight], system.parameters[Numbers.statistic])
    let average = try WeightAverage(of: system, decay: 0.25)
    #expect(average.decay(at: 0) == 0.1)
    #expect(average.decay(at: 1) == 2.0 / 11)
    #expect(average.decay(at: 2) == 0.25, "3 / 12, the decay itself")
    #expect(average.decay(at: 1000) == 0.25)

    try weight.assign(Tensor.of([2, 1] as [Float], [2]))
    try statistic.assign(Tensor.of([10, 0] as [Float], [2]))
    try average.update(step: 0)
    try weight.assign(Tensor.of([4, 1] as [Float], [2]))
    try average.update(step: 1000)
    // 0.1 · 1 + 0.9 · 2 = 1.9, then 0.25 · 1.9 + 0.75 · 4; 9, then 0.25 · 9 + 0.75 · 10.
    try average.inPlaceOfWeights {
      let (learned, observed) = (try weight.doubles(), try statistic.doubles())
      #expect(abs(learned[0] - 3.475) < 1e-6 && abs(observed[0] - 9.75) < 1e-5)
      #expect(learned[1] == 1 && observed[1] == 0, "constant values stay bit-identical")
    }
    #expect(try weight.floats() == [4, 1] && statistic.floats() == [10, 0])
    #expect(weight.requiresGradient)
  }

  @Test func `a failure during evaluation with averaged weights restores the weights`() throws {
    let system = try Numbers()
    let average = try WeightAverage(of: system, decay: 0.9)
    let weight = system.parameters[Numbers.weight]
    try weight.assign(Tensor.of([5, 6] as [Float], [2]))
    #expect(throws: CancellationError.self) { try average.inPlaceOfWeights { throw CancellationError() } }
    #expect(try weight.floats() == [5, 6])
  }

  private func trainer(
    _ settings: TrainingSettings, in name: String, observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws -> Trainer {
    let path = folder.path + "/" + name
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let source = MadeBatches()
    let built = try SystemBuilder(
      stage: .rgb, settings: settings, labels: ["Sit", "Walk"], skeleton: source.graph,
      trainingLabels: (0..<source.clips).map { $0 % 2 }, device: .cpu
    ).build()
    return try Trainer(
      built.system, source, settings: settings, description: built.description, folder: RunFolder(path), device: .cpu,
      precision: .float32, observe: observe)
  }

  @Test func `the average is validated and read from checkpoints, and weights learn as without it`() throws {
    func train(_ decay: Double) throws -> (steps: [Double], validation: [Double], last: String) {
      var (steps, validation): ([Double], [Double]) = ([], [])
      let trainer = try trainer(tinySettings(["run.averageDecay=\(decay)"]), in: "\(decay)") { event in
        if case .step(let report) = event { steps.append(report.loss) }
        if case .validation(let report) = event { validation.append(report.loss) }
      }
      #expect(try trainer.run() == .finished)
      return (steps, validation, folder.path + "/\(decay)/last.safetensors")
    }
    let (plain, averaged) = (try train(0), try train(0.9))
    #expect(averaged.steps == plain.steps)
    #expect(averaged.validation != plain.validation)

    let system = try SystemBuilder.classifier(TrainingCheckpoint(path: averaged.last), on: .cpu)
    let source = MadeBatches()
    let batch = try source.make(Array(0..<source.clips))
    let loss = try withoutGradients {
      try system.logits(batch).crossEntropy(Tensor.of(batch.labels.map(Int64.init), [batch.count])).item()
    }
    #expect(abs(loss - (averaged.validation.last ?? 0)) < 1e-5)
  }

  @Test func `a run with averaged weights continues bit for bit`() throws {
    let settings = try tinySettings(["run.averageDecay=0.95", "run.checkpointEvery=1"])
    let whole = try trainer(settings, in: "whole")
    #expect(try whole.run() == .finished)
    var steps = 0
    let first = try trainer(settings, in: "parts") { if case .step = $0 { steps += 1 } }
    #expect(try first.run(until: { steps == 3 }) == .stopped)
    let second = try trainer(settings, in: "parts")
    try second.resume(TrainingCheckpoint(path: folder.path + "/parts/last.safetensors"))
    #expect(try second.run() == .finished)
    for name in ["/last.safetensors", "/best.safetensors"] {
      let bytes = FileManager.default.contents(atPath: folder.path + "/whole" + name)
      #expect(bytes != nil && bytes == FileManager.default.contents(atPath: folder.path + "/parts" + name))
    }
  }
}
