import Datasets
import Evaluation
import Foundation
import ModelFile
import Settings
import Tensors
import Testing
import Training

/// Every stage on recordings in real formats, at reduced width: each one memorises its eight clips.
@Suite(.serialized) struct StageTests {
  /// Runs a stage to its end.
  private func train(
    _ stage: Stage, _ distillation: Distillation, _ recordings: RecordedDataset, _ name: String, _ overrides: [String]
  ) throws -> (settings: TrainingSettings, checkpoint: TrainingCheckpoint, terms: [[String: Double]]) {
    let settings = try TrainingSettings.parse(
      """
      data: {dataset: ntu60, protocol: CS, videos: \(recordings.folder), workers: 2}
      clip: {frames: 16, size: 112}
      pose: {frames: 20}
      network: {width: 0.125, poseWidth: 0.25, normMomentum: 0.2, dropout: 0}
      optimizer: {kind: adam, learningRate: 0.003}
      run: {epochs: 30, batch: 8, seed: 3}
      """, path: name, overrides: overrides)
    let data = try TrainingData(settings, content: stage.content(distillation), device: .cpu)
    #expect(data.training.count == 8)
    let built = try SystemBuilder(
      stage: stage, distillation: distillation, settings: settings, labels: data.dataset.labels,
      skeleton: data.dataset.skeletonGraph, trainingLabels: data.training.map(\.label), device: .cpu
    ).build()
    let folder = RunFolder(recordings.folder + "/runs/" + name)
    try folder.create()
    var terms: [[String: Double]] = []
    let trainer = try Trainer(
      built.system, data, settings: settings, description: built.description, folder: folder, device: .cpu,
      precision: .float32
    ) { event in
      if case .step(let report) = event {
        terms.append(Dictionary(uniqueKeysWithValues: report.terms.map { ($0.name, $0.value) }))
      }
    }
    #expect(try trainer.run() == .finished)
    return (settings, try TrainingCheckpoint(path: folder.path), terms)
  }

  /// Top-1 accuracy on the training clips.
  private func accuracy(
    _ trained: (settings: TrainingSettings, checkpoint: TrainingCheckpoint, terms: [[String: Double]])
  )
    throws -> Double
  {
    let system = try SystemBuilder.classifier(trained.checkpoint, on: .cpu)
    let dataset = try Dataset.open(DatasetOptions(trained.settings.data))
    let (scores, skipped) = try Scoring(trained.settings, on: .cpu, .float32)
      .run(system, trained.checkpoint.description, dataset, .train, .paper)
    #expect(skipped.isEmpty)
    return EvaluationResult(scores, pooling: .paper).top1
  }

  /// Mean of a term over the first and the last five steps.
  private func course(_ terms: [[String: Double]], _ name: String) throws -> (first: Double, last: Double) {
    let values = try terms.map { try #require($0[name]) }
    return (values.prefix(5).reduce(0, +) / 5, values.suffix(5).reduce(0, +) / 5)
  }

  @Test(.timeLimit(.minutes(20)))
  func `every stage memorises its clips, and every distillation term falls`() throws {
    Library.prepareForTraining()
    let recordings = try RecordedDataset()
    let runs = recordings.folder + "/runs"

    let pose = try train(.poseTeacher, .none, recordings, "pose", ["run.epochs=80", "optimizer.learningRate=0.01"])
    #expect(try accuracy(pose) == 1)
    let rgb = try train(.rgb, .none, recordings, "rgb", [])
    #expect(try accuracy(rgb) == 1)
    let attention = try train(.attentionTeacher, .none, recordings, "attention", ["start.rgb=\(runs)/rgb"])
    #expect(try accuracy(attention) == 1)
    let vpn = try train(.vpn, .none, recordings, "vpn", ["start.rgb=\(runs)/rgb", "run.epochs=40"])
    #expect(try accuracy(vpn) == 1)
    let embedding = try course(vpn.terms, "embedding")
    #expect(embedding.last < embedding.first)

    let starts = [
      "start.rgb=\(runs)/rgb", "start.poseTeacher=\(runs)/pose", "start.attentionTeacher=\(runs)/attention",
      "feature.dimension=32", "feature.negatives=7", "feature.weight=1", "attention.weight=10",
      // The four clips of a class are nearly identical: no embedding distinguishes them.
      "feature.excludeSameClass=true",
    ]
    for distillation in Distillation.allCases {
      let student = try train(.student, distillation, recordings, "student-" + distillation.rawValue, starts)
      #expect(try accuracy(student) == 1, "\(distillation)")
      if distillation.hasFeature {
        let feature = try course(student.terms, "feature")
        #expect(feature.last < feature.first, "\(distillation)")
      }
      if distillation.hasAttention {
        let map = try course(student.terms, "attention")
        #expect(map.last < map.first, "\(distillation)")
      }
    }

    let correlation = try attentionCorrelation(attention.checkpoint, recordings, starts)
    #expect(correlation > 0.9)
    try exports(TrainingCheckpoint(path: runs + "/student-both"), recordings)
  }

  /// Correlation of a VPN-A student's attention map with its teacher's, over all clips and positions.
  private func attentionCorrelation(
    _ teacherCheckpoint: TrainingCheckpoint, _ recordings: RecordedDataset, _ starts: [String]
  ) throws -> Double {
    let student = try train(
      .student, .attention, recordings, "attention-map", starts + ["attention.weight=1000", "run.epochs=60"])
    let teacher = try SystemBuilder.attentionTeacher(teacherCheckpoint, on: .cpu)
    let network = try #require(student.checkpoint.description.clip)
    let module = try ClipNetwork(network, from: student.checkpoint.parameters(.clip), on: .cpu)
    let data = try TrainingData(student.settings, content: [.video, .windowPose], device: .cpu)
    let batch = try #require(try data.batches(epoch: 0, from: 0).next())
    let (own, wanted) = try withoutGradients {
      let output = try module(try #require(batch.clips), .evaluation)
      let own = try AttentionLoss.marginal(
        try #require(output.attention), positions: module.positions, keys: module.keys)
      let map = try teacher.map(try #require(batch.windowPoses), .evaluation)
      return (try own.doubles(), try AttentionLoss.distribution(map).doubles())
    }
    return pearson(own, wanted)
  }

  private func pearson(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, meanB) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      ab += (x - meanA) * (y - meanB)
      aa += (x - meanA) * (x - meanA)
      bb += (y - meanB) * (y - meanB)
    }
    return ab / (aa * bb).squareRoot()
  }

  /// The live engine reads the trained model and agrees with it.
  private func exports(_ checkpoint: TrainingCheckpoint, _ recordings: RecordedDataset) throws {
    let export = try StudentExport(checkpoint)
    let path = recordings.folder + "/student.safetensors"
    try export.write(
      to: path, name: "student", temperature: 1.5, sampleRate: 15, training: "a test", type: .float32, crop: .full,
      padding: .stream)
    let settings = try TrainingSettings.parse(
      "data: {dataset: ntu60, videos: \(recordings.folder)}\nclip: {frames: 16, size: 112}", path: "export")
    let dataset = try Dataset.open(DatasetOptions(settings.data))
    let loader = ClipLoader(ClipOptions(settings, .video, dataset), graph: dataset.skeletonGraph)
    let clips = try dataset.clips(.train).prefix(3).flatMap { clip in
      try loader.load(clip, .centre).map { (name: clip.name, pixels: $0.pixels) }
    }
    #expect(clips.count == 3)
    #expect(try export.compare(path, on: clips, threads: 2) <= StudentExport.tolerance)
    let model = try StudentModel(path: path)
    #expect(model.card.temperature == 1.5 && model.card.temporalPadding == .stream)
    #expect(model.card.labels.count == 60)
  }

  @Test func `only a network that needs no poses is exported`() throws {
    let recordings = try RecordedDataset()
    let pose = try train(.poseTeacher, .none, recordings, "pose", ["run.epochs=1"])
    #expect(throws: TrainingError.self) { try StudentExport(pose.checkpoint) }
  }
}
