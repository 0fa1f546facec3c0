import Foundation
import Inference
import ModelFile
import Pipeline
import ServiceLifecycle

/// The network's thread: scores windows of all cameras in turn.
///
/// A single thread, because one inference already uses every core it may.
struct RecognitionService: Service {
  let cameras: [LiveCamera]
  let model: StudentModel
  let options: ScoringOptions
  let windows: WindowExchange
  /// Asked once no more windows come.
  let stopCause: @Sendable () -> StopCause
  let lifeline = Lifeline("recognition")
  /// Called once the network is planned and its weights are packed.
  let onReady: @Sendable (String) -> Void

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await onOwnThread(named: "recognition") { try recognize() }
    } onGracefulShutdown: {
      windows.close()
    }
  }

  private func recognize() throws {
    // Compiling kernels and packing weights takes a while.
    lifeline.promise(within: .seconds(120))
    let scorer = try WindowScorer(model, options)
    onReady(
      "\(scorer.engine.precision.rawValue), \(scorer.engine.memoryBytes >> 20) MiB, \(scorer.engine.threads) threads")
    var work = WorkLimit()
    lifeline.rest()
    while let (stream, job) = windows.next() {
      lifeline.promise(within: work.limit)
      let began = ContinuousClock.now
      let outcome = try scorer.score(job.window, of: stream)
      let time = ContinuousClock.now - began
      cameras[stream.camera].take(outcome, for: job, inference: time)
      work.add(time)
      lifeline.rest()
    }
    let cause = stopCause()
    for camera in cameras { camera.shutDown(for: cause) }
  }
}
