import Foundation
import ModelFile
import Networks
import Settings
import Tensors
import TestSupport
import Testing
import Training

@Suite(.serialized) struct TrainerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func trainer(
    _ stage: Stage, _ settings: TrainingSettings, _ source: MadeBatches, in name: String,
    distillation: Distillation = .none, group: ProcessGroup? = nil, losses: @escaping (Double) -> Void = { _ in }
  ) throws -> Trainer {
    let path = folder.path + "/" + name
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let built = try SystemBuilder(
      stage: stage, distillation: distillation, settings: settings, labels: ["Sit", "Walk"], skeleton: source.graph,
      trainingLabels: (0..<source.clips).map { $0 % 2 }, device: .cpu
    ).build()
    return try Trainer(
      built.system, source, settings: settings, description: built.description, folder: RunFolder(path), device: .cpu,
      precision: .float32, group: group
    ) { event in
      if case .step(let report) = event { losses(report.loss) }
    }
  }

  @Test(arguments: ["sgd", "adam"])
  func `an interrupted run continues exactly as if it had not been interrupted`(kind: String) throws {
    let settings = try tinySettings(["optimizer.kind=\(kind)", "optimizer.learningRate=0.01", "run.checkpointEvery=1"])
    var whole: [Double] = []
    let uninterrupted = try trainer(.rgb, settings, MadeBatches(), in: "whole") { whole.append($0) }
    #expect(try uninterrupted.run() == .finished)
    #expect(whole.count == 6)

    var parts: [Double] = []
    let first = try trainer(.rgb, settings, MadeBatches(), in: "parts") { parts.append($0) }
    // In the middle of the second epoch.
    #expect(try first.run(until: { parts.count == 3 }) == .stopped)
    let second = try trainer(.rgb, settings, MadeBatches(), in: "parts") { parts.append($0) }
    try second.resume(TrainingCheckpoint(path: folder.path + "/parts/last.safetensors"))
    #expect(try second.run() == .finished)
    #expect(parts == whole)
  }

  @Test func `a memory bank is restored exactly too`() throws {
    let teacher = try trainer(.poseTeacher, tinySettings(), MadeBatches(), in: "teacher")
    #expect(try teacher.run() == .finished)
    let settings = try tinySettings([
      "start.poseTeacher=\(folder.path)/teacher", "feature.dimension=16", "feature.negatives=6",
      "run.checkpointEvery=1",
    ])
    var whole: [Double] = []
    let source = MadeBatches()
    _ = try trainer(.student, settings, source, in: "whole", distillation: .feature) { whole.append($0) }.run()
    var parts: [Double] = []
    let first = try trainer(.student, settings, source, in: "parts", distillation: .feature) { parts.append($0) }
    _ = try first.run(until: { parts.count == 4 })
    let second = try trainer(.student, settings, source, in: "parts", distillation: .feature) { parts.append($0) }
    try second.resume(TrainingCheckpoint(path: folder.path + "/parts/last.safetensors"))
    _ = try second.run()
    #expect(parts == whole)
  }

  @Test func `gradients accumulated over two batches equal those of one batch of twice the size`() throws {
    func losses(_ batch: Int, _ accumulate: Int) throws -> [Double] {
      let settings = try tinySettings([
        "run.batch=\(batch)", "run.accumulate=\(accumulate)", "run.batchNorm=frozen", "network.dropout=0",
      ])
      var losses: [Double] = []
      _ = try trainer(.rgb, settings, MadeBatches(batch: batch), in: "b\(batch)") { losses.append($0) }.run()
      return losses
    }
    for (a, b) in zip(try losses(4, 1), try losses(2, 2)) { #expect(abs(a - b) <= 1e-4 * abs(a)) }
  }

  @Test func `a loss beyond the limit ends the run and names the clips`() throws {
    let settings = try tinySettings(["optimizer.learningRate=100", "run.clipNorm=0", "run.largestLoss=1000"])
    let trainer = try trainer(.rgb, settings, MadeBatches(), in: "explodes")
    let error = try #require(#expect(throws: TrainingError.self) { try trainer.run() })
    guard case .diverged(_, _, let clips) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(clips.count == 4)
    #expect("\(error)".contains("lower optimizer.learningRate"))
  }

  @Test func `diverged training steps are not saved`() throws {
    let settings = try tinySettings([
      "optimizer.learningRate=100", "run.clipNorm=0", "run.largestLoss=1000", "run.checkpointEvery=1",
    ])
    let trainer = try trainer(.rgb, settings, MadeBatches(), in: "explodes")
    let error = try #require(#expect(throws: TrainingError.self) { try trainer.run() })
    guard case .diverged(let step, let terms, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(terms.contains("cross_entropy") && terms.contains("gradient norm"))
    #expect(try TrainingCheckpoint(path: folder.path + "/explodes/last.safetensors").progress.step == step)
  }

  @Test func `a line of the training log can cover several steps`() throws {
    func losses(_ every: Int) throws -> [Double] {
      var losses: [Double] = []
      _ = try trainer(.rgb, tinySettings(["run.logEvery=\(every)"]), MadeBatches(), in: "\(every)") {
        losses.append($0)
      }.run()
      return losses
    }
    let (single, pairs) = (try losses(1), try losses(2))
    #expect(single.count == 6 && pairs.count == 3)
    for (index, mean) in pairs.enumerated() {
      #expect(abs(mean - (single[2 * index] + single[2 * index + 1]) / 2) < 1e-12)
    }
  }

  @Test func `precise statistics are the mean over the batches`() throws {
    let source = MadeBatches()
    let settings = try tinySettings(["run.preciseNorm=2", "network.normMomentum=0.001", "run.averageDecay=0.5"])
    #expect(try trainer(.rgb, settings, source, in: "precise").run() == .finished)
    let checkpoint = try TrainingCheckpoint(path: folder.path + "/precise/last.safetensors")
    let network = try #require(checkpoint.description.clip)
    // With a momentum of 1, the running statistics are the last batch's.
    let module = try ClipNetwork(network, from: checkpoint.parameters(.clip), on: .cpu, momentum: 1)
    let statistics = module.parameters.all.filter(\.description.isStatistic)
    let stored = try statistics.map { try $0.tensor.doubles() }
    let batches = try source.batches(epoch: settings.run.epochs - 1, from: 0)
    var sums = stored.map { [Double](repeating: 0, count: $0.count) }
    for _ in 0..<2 {
      let batch = try #require(try batches.next())
      try withoutGradients {
        _ = try module(try #require(batch.clips), ForwardMode(dropout: 0, usesBatchStatistics: true))
      }
      for (index, statistic) in statistics.enumerated() {
        for (channel, value) in try statistic.tensor.doubles().enumerated() { sums[index][channel] += value / 2 }
      }
    }
    #expect(stored.count > 100)
    for (own, expected) in zip(stored.joined(), sums.joined()) {
      #expect(abs(own - expected) <= 1e-4 * max(1, abs(expected)))
    }
  }

  @Test func `a run of an earlier version continues, with the tensor names of that version`() throws {
    let settings = try tinySettings(["optimizer.kind=adam", "optimizer.learningRate=0.01", "run.checkpointEvery=1"])
    var whole: [Double] = []
    _ = try trainer(.rgb, settings, MadeBatches(), in: "whole") { whole.append($0) }.run()
    var parts: [Double] = []
    let first = try trainer(.rgb, settings, MadeBatches(), in: "parts") { parts.append($0) }
    #expect(try first.run(until: { parts.count == 3 }) == .stopped)

    let now = try SafetensorsFile(path: folder.path + "/parts/last.safetensors")
    func former(_ name: String) -> String { name.replacing("clip/", with: "student/") }
    let current = Dictionary(uniqueKeysWithValues: now.entries.keys.map { (former($0), $0) })
    var metadata = now.metadata
    let progress = try #require(metadata["adl.training.progress"])
    let counted = progress.replacing(/"optimizerSteps":(\d+)/) { #""numbers":{"optimizer.steps":\#($0.output.1)}"# }
    #expect(counted != progress)
    metadata["adl.training.progress"] = counted
    let path = folder.path + "/former.safetensors"
    try SafetensorsFile.write(
      to: path, metadata: metadata, tensors: now.entries.map { (former($0.key), .float32, $0.value.shape) }
    ) { name in
      let entry = try #require(now.entries[current[name] ?? ""])
      return entry.type.floats(now.bytes(of: entry))
    }
    #expect(try SafetensorsFile(path: path).entries.keys.allSatisfy { !$0.contains("clip/") })

    let second = try trainer(.rgb, settings, MadeBatches(), in: "parts") { parts.append($0) }
    try second.resume(TrainingCheckpoint(path: path))
    _ = try second.run()
    #expect(parts == whole)
  }

  @Test func `a training stage names the earlier stage it needs`() throws {
    let error = #expect(throws: TrainingError.self) {
      try trainer(.student, tinySettings(), MadeBatches(), in: "none", distillation: .both)
    }
    #expect(
      "\(try #require(error))"
        == "student --distill both needs a trained pose-teacher: set start.poseTeacher to its run folder; "
        + "`adl-train pose-teacher` makes one")
  }
}
