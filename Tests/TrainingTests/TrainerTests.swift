import Foundation
import Networks
import Settings
import Tensors
import Testing
import Training

@Suite(.serialized) struct TrainerTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("adl-trainer-\(UUID())").path

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  private func trainer(
    _ stage: Stage, _ settings: TrainingSettings, _ source: MadeBatches, in name: String,
    distillation: Distillation = .none, group: ProcessGroup? = nil, losses: @escaping (Double) -> Void = { _ in }
  ) throws -> Trainer {
    let path = folder + "/" + name
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let built = try SystemBuilder(
      stage: stage, distillation: distillation, settings: settings, labels: ["Sit", "Walk"], skeleton: source.graph,
      trainingLabels: (0..<source.clips).map { $0 % 2 }, device: .cpu
    ).build()
    return try Trainer(
      built.system, source, settings: settings, description: built.description, folder: path, device: .cpu,
      precision: .float32, group: group
    ) { event in
      if case .step(let report) = event { losses(report.loss) }
    }
  }

  @Test(arguments: ["sgd", "adam"])
  func `a run that is cut short goes on exactly as if it had not been`(kind: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
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
    try second.resume(TrainingCheckpoint(path: first.lastPath))
    #expect(try second.run() == .finished)
    #expect(parts == whole)
  }

  @Test func `a memory bank goes on exactly too`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let teacher = try trainer(.poseTeacher, tinySettings(), MadeBatches(), in: "teacher")
    #expect(try teacher.run() == .finished)
    let settings = try tinySettings([
      "start.poseTeacher=\(folder)/teacher", "feature.dimension=16", "feature.negatives=6", "run.checkpointEvery=1",
    ])
    var whole: [Double] = []
    let source = MadeBatches()
    _ = try trainer(.student, settings, source, in: "whole", distillation: .feature) { whole.append($0) }.run()
    var parts: [Double] = []
    let first = try trainer(.student, settings, source, in: "parts", distillation: .feature) { parts.append($0) }
    _ = try first.run(until: { parts.count == 4 })
    let second = try trainer(.student, settings, source, in: "parts", distillation: .feature) { parts.append($0) }
    try second.resume(TrainingCheckpoint(path: first.lastPath))
    _ = try second.run()
    #expect(parts == whole)
  }

  @Test func `gradients added up over two batches move weights as one batch of twice the size`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
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

  @Test func `a loss beyond the bound ends the run and names the clips`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
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

  @Test func `a stage says which earlier stage it needs`() throws {
    let error = #expect(throws: TrainingError.self) {
      try trainer(.student, tinySettings(), MadeBatches(), in: "none", distillation: .both)
    }
    #expect(
      "\(try #require(error))"
        == "student --distill both needs a trained pose-teacher: set start.poseTeacher to its run folder; "
        + "`adl-train pose-teacher` makes one")
  }
}
