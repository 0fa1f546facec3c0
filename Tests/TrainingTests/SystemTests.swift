import Networks
import Tensors
import Testing

@testable import Training

/// What a step changes, and what it does not.
struct SystemTests {
  private static let frames = 16
  private static let size = 112

  private let source = MadeBatches(frames: SystemTests.frames, size: SystemTests.size)
  private let initial = InitialParameters(seed: 1)

  private func clipNetwork(_ nonLocal: StudentNetwork.NonLocal, trainingFrom first: String? = nil) throws -> ClipNetwork
  {
    let network = try StudentNetwork(
      width: WidthMultiplier(0.0625), frames: Self.frames, size: Self.size, classes: 2, nonLocal: nonLocal)
    return try ClipNetwork(network, from: initial, on: .cpu, trainingFrom: first)
  }

  private func poseDriven(_ embedding: PoseDrivenClassifier.SpatialEmbedding? = nil) throws -> PoseDrivenClassifier {
    let clip = try clipNetwork(.none)
    let network = PoseNetwork(graph: source.graph, blockCount: 2, width: 0.125)
    let attention = PoseAttention(
      inputs: network.features, frames: clip.positions.frames, height: clip.positions.height,
      width: clip.positions.width, hasHiddenLayers: embedding != nil)
    let module = try PoseModule(network, heads: attention.parameters, from: initial, on: .cpu)
    return try PoseDrivenClassifier(
      clip: clip, backbone: .graph(module), attention: attention, embedding: embedding, from: initial)
  }

  private func poseTeacher() throws -> PoseTeacher {
    try PoseTeacher(PoseNetwork(graph: source.graph, width: 0.125), classes: 2, from: initial, on: .cpu)
  }

  private func context(_ step: Int = 0, batchStatistics: Bool = true) -> StepContext {
    let mode = ForwardMode(dropout: 0, usesBatchStatistics: batchStatistics)
    return StepContext(clipMode: mode, poseMode: mode, seed: 3, step: step)
  }

  /// Sum of weighted terms.
  private func total(_ terms: [LossTerm]) throws -> Tensor {
    try terms.dropFirst().reduce(terms[0].value * terms[0].weight) { try $0 + $1.value * $1.weight }
  }

  private func values(_ system: any TrainingSystem) throws -> [String: [Float]] {
    var values: [String: [Float]] = [:]
    for network in system.networks {
      for parameter in network.parameters.all {
        values["\(network.role.rawValue)/\(parameter.description.name)"] = try parameter.tensor.floats()
      }
    }
    return values
  }

  /// Trains a few steps, and checks that a gradient reaches every learned parameter, and that each network changes.
  private func expectEverythingLearns(_ system: any TrainingSystem) throws {
    let before = try values(system)
    let batch = try source.make([0, 1, 2, 3])
    let learned = system.groups.flatMap(\.parameters)
    let optimizer = try Optimizer(.sgd(momentum: 0, nesterov: false))
    try optimizer.addGroup(learned.map(\.tensor), weightDecay: 0)
    for step in 0..<3 {
      try optimizer.clearGradients()
      try total(system.losses(batch, context(step)).terms).backward()
      try optimizer.step(learningRates: [0.5])
      try system.finish(batch, context(step))
    }
    for parameter in learned {
      let gradient = try #require(try parameter.tensor.gradient, "\(parameter.description.name)")
      #expect(try gradient.floats().contains { $0 != 0 }, "\(parameter.description.name)")
    }
    let after = try values(system)
    for prefix in Set(system.networks.map(\.role.rawValue)) {
      #expect(after.contains { $0.key.hasPrefix(prefix + "/") && $0.value != before[$0.key] }, "\(prefix)")
    }
  }

  @Test func `everything in I3D with its attention block is trained`() throws {
    try expectEverythingLearns(ClipClassifier(clipNetwork(.full)))
  }

  @Test func `parts before the first trained one are unchanged, including statistics`() throws {
    let network = try clipNetwork(.full, trainingFrom: "Mixed_4f")
    let parts = ClipNetwork.parts(of: network.graph)
    #expect(parts.first == "Conv3d_1a_7x7" && parts.contains("Mixed_4e") && parts.last == "fc")
    let frozen = Set(parts.prefix { $0 != "Mixed_4f" })
    let system = ClipClassifier(network)
    let before = try values(system)
    try expectEverythingLearns(system)
    for (name, value) in try values(system) {
      let part = String(name.drop { $0 != "/" }.dropFirst().prefix { $0 != "." })
      if frozen.contains(part) {
        #expect(value == before[name], "\(name)")
      } else if name.hasSuffix("running_mean") {
        #expect(value != before[name], "\(name)")
      }
    }
    #expect(system.learnedCount < (try clipNetwork(.full)).parameters.learnedCount)
    let whole = try values(ClipClassifier(clipNetwork(.full)))
    #expect(whole == before, "freezing does not change the initial weights")
  }

  @Test func `everything in AGCN-J is trained`() throws {
    try expectEverythingLearns(poseTeacher())
  }

  @Test func `everything in VPN is trained, including the embedding`() throws {
    var embedding = PoseDrivenClassifier.SpatialEmbedding()
    embedding.dimension = 8
    embedding.regularizerWeight = 0.1
    try expectEverythingLearns(poseDriven(embedding))
  }

  @Test func `a student's teachers are unchanged, including statistics`() throws {
    let (pose, attention, clip) = (try poseTeacher(), try poseDriven(), try clipNetwork(.full))
    let before = (try values(pose), try values(attention))
    let feature = try FeatureDistillation(
      .crd(temperature: 0.07, negatives: 3), weight: 1, studentFeatures: clip.channels * clip.network.steps,
      dimension: 8, teacher: pose.module, bank: MemoryBank(rows: 8, dimension: 8, seed: 1, on: .cpu), from: initial)
    let look = try AttentionDistillation(
      .marginal(divergence: false), weight: 1, student: clip, teacher: attention, collaborativeWeight: nil,
      from: initial)
    let student = DistilledStudent(clip, feature: feature, attention: look)
    try expectEverythingLearns(student)
    #expect(try values(pose) == before.0)
    #expect(try values(attention) == before.1)
    #expect(!student.networks.map(\.role.rawValue).contains { $0.hasPrefix("teacher") })
  }

  @Test func `a collaborative teacher learns from labels, and not from its student`() throws {
    let (attention, clip) = (try poseDriven(), try clipNetwork(.full))
    let look = try AttentionDistillation(
      .marginal(divergence: false), weight: 1, student: clip, teacher: attention, collaborativeWeight: 0.5,
      from: initial)
    let student = DistilledStudent(clip, feature: nil, attention: look)
    let batch = try source.make([0, 1, 2, 3])
    let terms = try student.losses(batch, context()).terms
    #expect(terms.map(\.name) == ["cross_entropy", "attention", "teacher_cross_entropy"])
    #expect(terms.map(\.weight) == [1, 1, 0.5])
    try terms[1].value.backward()
    for network in attention.networks {
      for parameter in network.parameters.learned { #expect(try parameter.tensor.gradient == nil) }
    }
    try expectEverythingLearns(student)
  }

  @Test func `the loss of VPN++ is the weighted sum of its terms`() throws {
    let (pose, attention, clip) = (try poseTeacher(), try poseDriven(), try clipNetwork(.full))
    let feature = try FeatureDistillation(
      .infoNCE(temperature: 0.07, negatives: 3), weight: 0.25, studentFeatures: clip.channels * clip.network.steps,
      dimension: 8, teacher: pose.module, bank: MemoryBank(rows: 8, dimension: 8, seed: 1, on: .cpu), from: initial)
    let look = try AttentionDistillation(
      .marginal(divergence: true), weight: 4, student: clip, teacher: attention, collaborativeWeight: nil,
      from: initial)
    let student = DistilledStudent(clip, feature: feature, attention: look, labelWeight: 0.9)
    let terms = try student.losses(source.make([0, 1, 2, 3]), context()).terms
    #expect(terms.map(\.name) == ["cross_entropy", "feature", "attention"])
    #expect(terms.map(\.weight) == [0.9, 0.25, 4])
    let values = try terms.map { try $0.value.item() }
    #expect(abs(try total(terms).item() - (0.9 * values[0] + 0.25 * values[1] + 4 * values[2])) < 1e-5)
  }

  @Test func `frozen batch norms keep their statistics, but their scales are trained`() throws {
    let system = ClipClassifier(try clipNetwork(.none))
    let batch = try source.make([0, 1])
    let before = try values(system)
    try total(system.losses(batch, context(batchStatistics: false)).terms).backward()
    #expect(try values(system) == before)
    for parameter in system.groups.flatMap(\.parameters) { #expect(try parameter.tensor.gradient != nil) }
    _ = try system.losses(batch, context(batchStatistics: true))
    let after = try values(system)
    let moved = Set(after.keys.filter { after[$0] != before[$0] })
    #expect(!moved.isEmpty)
    #expect(moved.allSatisfy { $0.hasSuffix("running_mean") || $0.hasSuffix("running_var") })
  }
}
