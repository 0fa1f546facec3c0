import Foundation
import Inference
import ModelFile
import Pipeline
import ServiceLifecycle

/// The threads of the network: take windows of all cameras in turn and give their scores back.
///
/// One thread where one inference uses every core it may; more where windows share the cores out (`model.workers`).
struct RecognitionService: Service {
  let cameras: [LiveCamera]
  let model: StudentModel
  let options: ScoringOptions
  let windows: WindowExchange
  /// Asked once no more windows come.
  let stopCause: @Sendable () -> StopCause
  /// One for each thread.
  let lifelines: [Lifeline]
  /// Called once the network is planned and its weights are packed.
  let onReady: @Sendable (String) -> Void

  init(
    cameras: [LiveCamera], model: StudentModel, options: ScoringOptions, windows: WindowExchange,
    stopCause: @escaping @Sendable () -> StopCause, onReady: @escaping @Sendable (String) -> Void
  ) {
    (self.cameras, self.model, self.options, self.windows) = (cameras, model, options, windows)
    (self.stopCause, self.onReady) = (stopCause, onReady)
    lifelines = (0..<options.workers).map { _ in Lifeline("recognition") }
  }

  func run() async throws {
    try await withGracefulShutdownHandler {
      let scorers = try await onOwnThread(named: "recognition") { try plan() }
      try await withThrowingTaskGroup { group in
        for (scorer, lifeline) in zip(scorers, lifelines) {
          group.addTask {
            try await onOwnThread(named: "recognition") {
              // If one fails, the others must not wait for windows for ever.
              defer { windows.close() }
              try recognize(scorer, lifeline)
            }
          }
        }
        try await group.waitForAll()
      }
      let cause = stopCause()
      for camera in cameras { camera.shutDown(for: cause) }
    } onGracefulShutdown: {
      windows.close()
    }
  }

  /// Compiles kernels and packs weights.
  private func plan() throws -> [WindowScorer] {
    for lifeline in lifelines { lifeline.promise(within: .seconds(120)) }
    var scorers = [try WindowScorer(model, options)]
    while scorers.count < options.workers { scorers.append(try WindowScorer(model, options, sharing: scorers[0])) }
    let engine = scorers[0].engine
    let bytes = engine.memoryBytes + scorers.dropFirst().reduce(0) { $0 + $1.engine.workingBytes }
    let threads = "\(engine.threads) \(engine.threads == 1 ? "thread" : "threads")"
    onReady(
      "\(engine.precision.rawValue), \(bytes >> 20) MiB, "
        + (scorers.count == 1 ? threads : "\(scorers.count) windows at a time on \(threads) each"))
    for lifeline in lifelines { lifeline.rest() }
    return scorers
  }

  private func recognize(_ scorer: WindowScorer, _ lifeline: Lifeline) throws {
    var work = WorkLimit()
    while let (stream, jobs) = windows.next() {
      defer { windows.finish(stream) }
      for job in jobs {
        lifeline.promise(within: work.limit)
        let began = ContinuousClock.now
        let outcome = try scorer.score(job.window, of: stream)
        let time = ContinuousClock.now - began
        cameras[stream.camera].take(outcome, for: job, inference: time)
        work.add(time)
        lifeline.rest()
      }
    }
  }
}
