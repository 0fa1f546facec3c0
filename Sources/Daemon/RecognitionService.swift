import Foundation
import Inference
import ModelFile
import Pipeline
import ServiceLifecycle

/// The one thread of the network: takes windows of all cameras in turn and gives their scores back.
///
/// One thread, since one inference already uses every core it may.
struct RecognitionService: Service {
  let cameras: [LiveCamera]
  let model: StudentModel
  let options: ScoringOptions
  let windows: WindowExchange
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
    let scorer = try WindowScorer(model, options)
    onReady(
      "\(scorer.engine.precision.rawValue), \(scorer.engine.memoryBytes >> 20) MiB, \(scorer.engine.threads) threads")
    while let (stream, job) = windows.next() {
      let began = ContinuousClock.now
      let outcome = try scorer.score(job.window, of: stream)
      cameras[stream.camera].take(outcome, for: job, inference: ContinuousClock.now - began)
    }
    for camera in cameras { camera.shutDown() }
  }
}
