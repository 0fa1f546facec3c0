package import Inference
package import ModelFile
import Networks
import Recognition
package import Video

/// What the network said about one window.
package struct ScoredWindow: Sendable {
  package let logits: [Float]
  package let probabilities: [Float]
}

/// A model ready to score windows: the network's kernels and the calibration that belongs to it.
///
/// Not `Sendable`: one thread makes it and uses it.
package final class WindowScorer {
  package let card: ModelCard
  package let engine: ClipEngine

  /// - Parameters:
  ///   - model: weights and card.
  ///   - precision: number format of the trunk.
  ///   - threads: cores to use.
  /// - Throws: `InferenceError` when this CPU cannot run the precision, or a weight is missing.
  package init(_ model: StudentModel, precision: Precision, threads: Int) throws(InferenceError) {
    card = model.card
    engine = try ClipEngine(network: model.network, parameters: model, precision: precision, threads: threads)
  }

  /// Runs the network on a window.
  ///
  /// `window` is of the model's frames and size.
  package func score(_ window: ClipWindow) throws(InferenceError) -> ScoredWindow {
    // A window of the model's own length has one head position.
    let logits = try engine.run(pixels: window.pixels.span)[0]
    return ScoredWindow(
      logits: logits, probabilities: Softmax.probabilities(of: logits, temperature: Float(card.temperature)))
  }
}
