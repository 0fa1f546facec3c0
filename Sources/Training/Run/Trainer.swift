import Basics
import Foundation
import Networks
package import Settings
package import Tensors

/// Trains one system: epochs, steps, checkpoints.
///
/// Every random draw is a function of seed, epoch and step, so a killed run continues from its checkpoint as if it had
/// never been interrupted.
package final class Trainer {
  /// How a run ended.
  package enum Outcome: Equatable, Sendable {
    case finished
    /// Asked to stop; it can be resumed from the last checkpoint.
    case stopped
  }

  private let system: any TrainingSystem
  private let source: any BatchSource
  private let settings: TrainingSettings
  private let description: RunDescription
  private let folder: RunFolder
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
  /// The last step, until its numbers arrive; meanwhile the device computes the next one.
  private var running: RunningStep?
  private var log = StepLog()

  /// - Parameters:
  ///   - system: the system to train.
  ///   - source: its batches.
  ///   - settings: the run's settings.
  ///   - description: for checkpoints.
  ///   - folder: an existing folder for checkpoints.
  ///   - device: where tensors are stored.
  ///   - precision: precision of the forward pass.
  ///   - group: ranks that train together, if any.
  ///   - observe: called as things happen.
  /// - Throws: `TensorError`.
  package init(
    _ system: any TrainingSystem, _ source: any BatchSource, settings: TrainingSettings, description: RunDescription,
    folder: RunFolder, device: Device, precision: TrainingPrecision, group: ProcessGroup? = nil,
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
      // Broadcast rank 0's weights, so that all ranks start equal.
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

  /// Resumes the run from its last checkpoint.
  ///
  /// - Throws: if the checkpoint is from another run.
  package func resume(_ checkpoint: TrainingCheckpoint) throws {
    guard checkpoint.description == description else {
      throw TrainingError.unsuitable(
        path: checkpoint.path, reason: "it is from a run with other settings; choose another --out, or use --restart")
    }
    try checkpoint.restore(system, optimizer, average)
    progress = checkpoint.progress
  }

  /// Trains to the end, or until asked to stop.
  ///
  /// - Parameter shouldStop: called after each step.
  /// - Returns: whether the run is complete.
  /// - Throws: `TrainingError`, or errors from reading clips.
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

  /// Trains the rest of an epoch; false if asked to stop.
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
      let wantsToStop = shouldStop()
      var step = try step(micro, stepsPerEpoch, wantsToStop: wantsToStop)
      // By now the previous step's numbers have arrived; they are processed while this step is being computed.
      let agreed = try finishRunning()
      step.report.seconds = (ContinuousClock.now - begin) / .seconds(1)
      step.report.waitSeconds = (batches.waited - waitedBefore) / .seconds(1)
      running = step
      let every = settings.run.checkpointEvery
      let stops = group == nil ? wantsToStop || shouldStop() : agreed
      if stops || (every > 0 && progress.step % every == 0) { try checkpoint() }
      if stops { return false }
    }
    return true
  }

  /// Processes the numbers of the running step, if any.
  ///
  /// - Returns: whether a rank asked to stop; every rank learns of it at the same step.
  /// - Throws: `TrainingError.diverged`, `TensorError`.
  @discardableResult
  private func finishRunning() throws -> Bool {
    guard let step = running else { return false }
    running = nil
    let (report, asksToStop) = try step.finished(largestLoss: settings.run.largestLoss)
    progress.lossSum += report.loss
    progress.lossCount += 1
    log.append(report)
    if report.step % settings.run.logEvery == 0 { tell() }
    return asksToStop
  }

  private var statistics: RunningStatistics { RunningStatistics(system: system, average: average) }

  private func tell() {
    if let report = log.report() { observe(.step(report)) }
  }

  /// Writes a checkpoint within an epoch, after steps known to be sound.
  private func checkpoint() throws {
    try finishRunning()
    tell()
    try statistics.share(over: group)
    try save(folder.last)
  }

  // MARK: One step

  private func step(_ micro: [Batch], _ stepsPerEpoch: Int, wantsToStop: Bool) throws(TrainingError) -> RunningStep {
    let clips = micro.flatMap(\.names)
    do throws(TensorError) {
      try optimizer.clearGradients()
      var numbers = StepNumbers()
      for (index, batch) in micro.enumerated() {
        let isLast = index == micro.count - 1
        let context = context(batch, index)
        // Dropout uses libtorch's random numbers, which must depend only on the step.
        try Library.seed(SplitMix64.mixed(context.seed, UInt64(context.step), UInt64(group?.rank ?? 0)))
        let (terms, logits) = try withAutocast(precision == .bfloat16, on: device) { () throws(TensorError) in
          try system.losses(batch, context)
        }
        let total = try sum(terms) * (1 / Double(micro.count))
        if isLast { try reducer?.begin() }
        try total.backward()
        if isLast { try reducer?.finish() }
        try numbers.add(total, terms, times: 1 / Double(micro.count), logits, batch)
        try system.finish(batch, context)
      }
      let norm = try clipGradients(learned, to: settings.run.clipNorm)
      let rates = learningRates(stepsPerEpoch)
      try optimizer.step(learningRates: rates)
      try average?.update(step: progress.step)
      progress.step += 1
      progress.stepInEpoch += 1
      return RunningStep(
        report: StepReport(
          step: progress.step, epoch: progress.epoch, stepInEpoch: progress.stepInEpoch, stepsPerEpoch: stepsPerEpoch,
          loss: 0, terms: [], accuracy: 0, learningRate: rates.first ?? 0, gradientNorm: 0, clips: clips.count,
          seconds: 0, waitSeconds: 0),
        clips: clips, terms: numbers.terms, values: try numbers.send(norm, wantsToStop: wantsToStop, over: group))
    } catch {
      if case .outOfMemory(_, let reason) = error { throw .outOfMemory(step: progress.step, reason: reason) }
      if group != nil { throw .lostRank(step: progress.step, reason: "\(error)") }
      throw .failed(step: progress.step, reason: "\(error)", clips: clips)
    }
  }

  private func sum(_ terms: [LossTerm]) throws(TensorError) -> Tensor {
    var total = try terms[0].value.to(.float32) * terms[0].weight
    for term in terms.dropFirst() { total = try total + term.value.to(.float32) * term.weight }
    return total
  }

  private func context(_ batch: Batch, _ micro: Int) -> StepContext {
    StepContext(
      settings, step: progress.step * settings.run.accumulate + micro, clips: batch.count, group: group)
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
    try finishRunning()
    tell()
    let trainingLoss = progress.lossCount > 0 ? progress.lossSum / Double(progress.lossCount) : .infinity
    var isBest = false
    var loss = trainingLoss
    if var report = try judged() {
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
    // Without validation clips there is no best checkpoint, and the last one is used. The best one comes first: a run killed
    // in between repeats the epoch, where it would otherwise take an earlier checkpoint for the best one.
    if isBest { try save(folder.best) }
    try save(folder.last)
  }

  /// Evaluates the weights that will be used, with matching running statistics.
  private func judged() throws -> ValidationReport? {
    if settings.run.preciseNorm > 0 {
      let batches = try source.batches(epoch: progress.epoch, from: 0)
      try withJudgedWeights {
        try statistics.recompute(settings.run.preciseNorm, of: batches, device, precision) { batch in context(batch, 0)
        }
      }
    }
    try statistics.share(over: group)
    let validation = Validation(
      system: system, source: source, classes: description.labels.count, device: device, precision: precision,
      group: group)
    return try withJudgedWeights { try validation.run(epoch: progress.epoch, step: progress.step) }
  }

  /// Runs `body` with the average in place of the weights, if there is one.
  private func withJudgedWeights<Result>(_ body: () throws -> Result) throws -> Result {
    guard let average else { return try body() }
    return try average.inPlaceOfWeights(body)
  }

  private func save(_ path: String) throws {
    guard group.map({ $0.rank == 0 }) ?? true else { return }
    try TrainingCheckpoint.write(to: path, system, optimizer, average, description: description, progress: progress)
    observe(.checkpoint(path: path))
  }
}
