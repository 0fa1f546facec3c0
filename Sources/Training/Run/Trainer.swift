import Basics
import Foundation
import Networks
package import Settings
package import Tensors

/// What a trainer tells whoever watches.
package enum TrainingEvent {
  /// One step is done.
  case step(StepReport)
  /// Validation clips were judged at the end of an epoch.
  case validation(ValidationReport)
  /// A clip was left out.
  case skipped(name: String, reason: String)
  case checkpoint(path: String)
}

/// One step in numbers.
package struct StepReport: Sendable {
  /// Steps done in all, this one included.
  package var step: Int
  package var epoch: Int
  package var stepInEpoch: Int
  package var stepsPerEpoch: Int
  /// Weighted sum of the terms.
  package var loss: Double
  /// Each term before its weight.
  package var terms: [(name: String, value: Double)]
  /// Share of the step's clips whose largest logit is their class.
  package var accuracy: Double
  /// Base learning rate of the step.
  package var learningRate: Double
  package var gradientNorm: Double
  package var clips: Int
  package var seconds: Double
  /// Seconds of them spent waiting for data.
  package var waitSeconds: Double
}

/// Validation in numbers.
package struct ValidationReport: Sendable {
  package var epoch: Int
  package var step: Int
  package var loss: Double
  package var accuracy: Double
  /// Mean of the recalls of the classes that occur.
  package var meanClassAccuracy: Double
  package var isBest: Bool
}

/// Trains one system: epochs, steps, checkpoints.
///
/// Every draw is a function of seed, epoch and step, so a run that was killed goes on from its checkpoint as if it never
/// had been.
package final class Trainer {
  /// How a run ended.
  package enum Outcome: Equatable, Sendable {
    case finished
    /// Asked to stop; the last checkpoint goes on from there.
    case stopped
  }

  private let system: any TrainingSystem
  private let source: any BatchSource
  private let settings: TrainingSettings
  private let description: RunDescription
  private let folder: String
  private let device: Device
  private let precision: TrainingPrecision
  private let group: ProcessGroup?
  private let observe: (TrainingEvent) -> Void

  private let optimizer: Optimizer
  private let average: WeightAverage?
  private let groups: [LearningGroup]
  private let learned: [Tensor]
  private let reducer: GradientReducer?
  package private(set) var progress = Progress()

  /// - Parameters:
  ///   - system: what learns.
  ///   - source: its batches.
  ///   - settings: of the run.
  ///   - description: for checkpoints.
  ///   - folder: where checkpoints go; it exists.
  ///   - device: where tensors live.
  ///   - precision: of the forward pass.
  ///   - group: ranks that train together, if any.
  ///   - observe: called as things happen.
  /// - Throws: `TensorError`.
  package init(
    _ system: any TrainingSystem, _ source: any BatchSource, settings: TrainingSettings, description: RunDescription,
    folder: String, device: Device, precision: TrainingPrecision, group: ProcessGroup? = nil,
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws(TensorError) {
    self.system = system
    self.source = source
    self.settings = settings
    self.description = description
    self.folder = folder
    self.device = device
    self.precision = precision
    self.group = group
    self.observe = observe
    optimizer = try Optimizer(OptimizerKind(settings.optimizer))
    groups = system.groups
    for group in groups {
      try optimizer.addGroup(group.parameters.map(\.tensor), weightDecay: settings.optimizer.weightDecay)
    }
    learned = groups.flatMap { $0.parameters.map(\.tensor) }
    if let group {
      // Ranks begin alike whatever each has loaded.
      for (_, parameters) in system.networks {
        for parameter in parameters.all { try group.broadcast(parameter.tensor.detached()) }
      }
      reducer = try group.reducer(of: learned)
    } else {
      reducer = nil
    }
    let decay = settings.run.averageDecay
    average = decay > 0 ? try WeightAverage(of: system, decay: decay) : nil
  }

  package var lastPath: String { folder + "/last.safetensors" }
  package var bestPath: String { folder + "/best.safetensors" }

  /// Takes up the run where its last checkpoint left it.
  ///
  /// - Throws: when the checkpoint is of another run.
  package func resume(_ checkpoint: TrainingCheckpoint) throws {
    guard checkpoint.description == description else {
      throw TrainingError.unsuitable(
        path: checkpoint.path, reason: "it is of a run with other settings; give another --out, or --restart")
    }
    try checkpoint.restore(system, optimizer, average)
    progress = checkpoint.progress
  }

  /// Trains to the end, or until asked to stop.
  ///
  /// - Parameter shouldStop: asked after each step.
  /// - Returns: whether the run is complete.
  /// - Throws: `TrainingError`, or what reading clips throws.
  package func run(until shouldStop: () -> Bool = { false }) throws -> Outcome {
    let stepsPerEpoch = (source.batchesPerEpoch + settings.run.accumulate - 1) / settings.run.accumulate
    guard stepsPerEpoch > 0 else {
      throw TrainingError.noClips(partition: "training", reason: "the data set gives none for this protocol")
    }
    while progress.epoch < settings.run.epochs {
      guard try runEpoch(stepsPerEpoch, shouldStop) else { return .stopped }
      try endEpoch()
      if learningRates(stepsPerEpoch).max() ?? 0 < settings.run.stopBelowRate { break }
    }
    return .finished
  }

  /// The rest of an epoch; false when asked to stop.
  private func runEpoch(_ stepsPerEpoch: Int, _ shouldStop: () -> Bool) throws -> Bool {
    let batches = try source.batches(epoch: progress.epoch, from: progress.stepInEpoch * settings.run.accumulate)
    var told = 0
    while progress.stepInEpoch < stepsPerEpoch {
      let begin = ContinuousClock.now
      let waitedBefore = batches.waited
      var micro: [Batch] = []
      while micro.count < settings.run.accumulate, let batch = try batches.next() {
        if batch.count > 0 { micro.append(batch) }
      }
      for (name, reason) in batches.skipped.dropFirst(told) { observe(.skipped(name: name, reason: reason)) }
      told = batches.skipped.count
      guard !micro.isEmpty else { break }
      var report = try step(micro, stepsPerEpoch)
      report.seconds = (ContinuousClock.now - begin) / .seconds(1)
      report.waitSeconds = (batches.waited - waitedBefore) / .seconds(1)
      progress.lossSum += report.loss
      progress.lossCount += 1
      observe(.step(report))
      let every = settings.run.checkpointEvery
      let stops = try agree(shouldStop())
      if stops || (every > 0 && progress.step % every == 0) { try save(lastPath) }
      if stops { return false }
    }
    return true
  }

  /// True on every rank when it is true on any.
  private func agree(_ stops: Bool) throws(TensorError) -> Bool {
    guard let group else { return stops }
    let votes = try Tensor.full(stops ? 1 : 0, [1], on: device)
    try group.sum(votes)
    return try votes.item() > 0
  }

  // MARK: One step

  private func step(_ micro: [Batch], _ stepsPerEpoch: Int) throws(TrainingError) -> StepReport {
    let clips = micro.flatMap(\.names)
    do {
      try optimizer.clearGradients()
      var terms: [(name: String, value: Double)] = []
      var loss = 0.0
      var correct = 0
      for (index, batch) in micro.enumerated() {
        let isLast = index == micro.count - 1
        let context = context(batch, index)
        // Dropout is libtorch's own; its draws are to depend on the step alone.
        try Library.seed(SplitMix64.mixed(context.seed, UInt64(context.step), UInt64(group?.rank ?? 0)))
        let (batchTerms, logits) = try withAutocast(precision == .bfloat16, on: device) { () throws(TensorError) in
          try system.losses(batch, context)
        }
        let total = try sum(batchTerms) * (1 / Double(micro.count))
        let values = try batchTerms.map { term throws(TensorError) in (term.name, try term.value.item()) }
        loss += try total.item()
        terms = terms.isEmpty ? values : zip(terms, values).map { ($0.name, $0.value + $1.1) }
        guard loss.isFinite, abs(loss) <= settings.run.largestLoss else {
          let text = values.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
          throw TrainingError.diverged(step: progress.step, terms: text, clips: batch.names)
        }
        if isLast { try reducer?.begin() }
        try total.backward()
        if isLast { try reducer?.finish() }
        correct += try zip(logits.argmax(1).integers(), batch.labels).count { $0 == Int64($1) }
        try system.finish(batch, context)
      }
      (loss, terms) = try averaged(loss, terms)
      let norm = try gradientNorm(learned)
      guard norm.isFinite else {
        throw TrainingError.diverged(step: progress.step, terms: "gradient norm \(norm)", clips: clips)
      }
      if settings.run.clipNorm > 0, norm > settings.run.clipNorm {
        for parameter in learned { try parameter.gradient?.scale(by: settings.run.clipNorm / norm) }
      }
      let rates = learningRates(stepsPerEpoch)
      try optimizer.step(learningRates: rates)
      try average?.update(step: progress.step)
      progress.step += 1
      progress.stepInEpoch += 1
      return StepReport(
        step: progress.step, epoch: progress.epoch, stepInEpoch: progress.stepInEpoch, stepsPerEpoch: stepsPerEpoch,
        loss: loss, terms: terms.map { ($0.name, $0.value / Double(micro.count)) },
        accuracy: Double(correct) / Double(clips.count), learningRate: rates.first ?? 0, gradientNorm: norm,
        clips: clips.count, seconds: 0, waitSeconds: 0)
    } catch let error as TensorError {
      if case .outOfMemory(_, let reason) = error { throw .outOfMemory(step: progress.step, reason: reason) }
      if group != nil { throw .lostRank(step: progress.step, reason: "\(error)") }
      throw .failed(step: progress.step, reason: "\(error)", clips: clips)
    } catch let error as TrainingError {
      throw error
    } catch {
      preconditionFailure("a step throws nothing else: \(error)")
    }
  }

  /// Loss and terms as means over the ranks, which is what they would be on one.
  private func averaged(_ loss: Double, _ terms: [(name: String, value: Double)]) throws(TensorError) -> (
    Double, [(name: String, value: Double)]
  ) {
    guard let group else { return (loss, terms) }
    let values = try Tensor.of([loss] + terms.map(\.value), [1 + terms.count], on: device)
    try group.sum(values)
    let means = try values.doubles().map { $0 / Double(group.size) }
    return (means[0], zip(terms, means.dropFirst()).map { ($0.name, $1) })
  }

  private func sum(_ terms: [LossTerm]) throws(TensorError) -> Tensor {
    var total = try terms[0].value.to(.float32) * terms[0].weight
    for term in terms.dropFirst() { total = try total + term.value.to(.float32) * term.weight }
    return total
  }

  private func context(_ batch: Batch, _ micro: Int) -> StepContext {
    let usesBatch: Bool =
      switch settings.run.batchNorm {
      case .frozen: false
      case .batch: true
      // With fewer clips the statistics are noise.
      case .auto: settings.run.batch >= 8
      }
    let synchronizing = settings.run.synchronizeBatchNorm ? group : nil
    let dropout = settings.network.dropout
    return StepContext(
      clipMode: ForwardMode(
        dropout: dropout, usesBatchStatistics: usesBatch && batch.count > 1, synchronizing: synchronizing),
      poseMode: ForwardMode(
        dropout: dropout, usesBatchStatistics: settings.run.batchNorm != .frozen && batch.count > 1,
        synchronizing: synchronizing),
      seed: UInt64(settings.run.seed), step: progress.step * settings.run.accumulate + micro,
      labelSmoothing: settings.run.labelSmoothing, group: group)
  }

  private func learningRates(_ stepsPerEpoch: Int) -> [Double] {
    let fraction = Double(progress.stepInEpoch + 1) / Double(stepsPerEpoch)
    let factor = progress.schedule.factor(
      epoch: progress.epoch, fraction: fraction, of: settings.run.epochs, settings.schedule)
    let (base, pose) = (settings.optimizer.learningRate, settings.optimizer.poseLearningRate)
    return groups.map { factor * ($0.part == .pose && pose > 0 ? pose : base) }
  }

  // MARK: Ends of epochs

  private func endEpoch() throws {
    let trainingLoss = progress.lossCount > 0 ? progress.lossSum / Double(progress.lossCount) : .infinity
    var isBest = false
    var loss = trainingLoss
    try shareStatistics()
    if var report = try judge() {
      loss = report.loss
      isBest = report.meanClassAccuracy > (progress.best ?? -1)
      if isBest {
        progress.best = report.meanClassAccuracy
        progress.bestEpoch = progress.epoch
      }
      report.isBest = isBest
      observe(.validation(report))
    }
    progress.schedule.epochEnded(validationLoss: loss, settings.schedule)
    progress.epoch += 1
    progress.stepInEpoch = 0
    progress.lossSum = 0
    progress.lossCount = 0
    try save(lastPath)
    // Without clips to judge by there is no best one, and the last is used.
    if isBest { try save(bestPath) }
  }

  /// Validates what is to be used: the average where there is one.
  private func judge() throws -> ValidationReport? {
    guard let average else { return try validate() }
    return try average.inPlaceOfWeights { try validate() }
  }

  private func validate() throws -> ValidationReport? {
    guard let batches = try source.validation() else { return nil }
    let classes = description.labels.count
    // Sums over clips, so that ranks can add theirs: loss, then clips and hits of each class.
    var sums = [Double](repeating: 0, count: 1 + 2 * classes)
    while let batch = try batches.next() {
      guard batch.count > 0 else { continue }
      try withoutGradients {
        let logits = try withAutocast(precision == .bfloat16, on: device) { () throws(TensorError) in
          try system.logits(batch).to(.float32)
        }
        let labels = try Tensor.of(batch.labels.map(Int64.init), [batch.count], on: device)
        sums[0] += try logits.crossEntropy(labels).item() * Double(batch.count)
        for (predicted, label) in zip(try logits.argmax(1).integers(), batch.labels) {
          sums[1 + label] += 1
          if predicted == Int64(label) { sums[1 + classes + label] += 1 }
        }
      }
    }
    if let group {
      let shared = try Tensor.of(sums, [sums.count], on: device)
      try group.sum(shared)
      sums = try shared.doubles()
    }
    let clips = sums[1...classes].reduce(0, +)
    guard clips > 0 else { return nil }
    let present = (0..<classes).filter { sums[1 + $0] > 0 }
    return ValidationReport(
      epoch: progress.epoch, step: progress.step, loss: sums[0] / clips,
      accuracy: sums[(1 + classes)...].reduce(0, +) / clips,
      meanClassAccuracy: present.reduce(0) { $0 + sums[1 + classes + $1] / sums[1 + $1] } / Double(present.count),
      isBest: false)
  }

  /// Gives all ranks the mean of their running statistics, which each has only of its own clips.
  private func shareStatistics() throws(TensorError) {
    guard let group else { return }
    let running = system.networks.flatMap(\.parameters.all).filter(\.description.isStatistic).map(\.tensor)
    for tensor in running + (average?.statistics ?? []) {
      try group.sum(tensor)
      try tensor.scale(by: 1 / Double(group.size))
    }
  }

  private func save(_ path: String) throws {
    try shareStatistics()
    guard group.map({ $0.rank == 0 }) ?? true else { return }
    try TrainingCheckpoint.write(to: path, system, optimizer, average, description: description, progress: progress)
    observe(.checkpoint(path: path))
  }
}

extension OptimizerKind {
  init(_ settings: OptimizerSettings) {
    self =
      switch settings.kind {
      case .sgd: .sgd(momentum: settings.momentum, nesterov: settings.nesterov)
      case .adam: .adam(beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon)
      case .adamw: .adamW(beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon)
      }
  }
}
