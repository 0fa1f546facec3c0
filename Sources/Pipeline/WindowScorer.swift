package import Inference
package import ModelFile
import Networks
package import Recognition
package import Video

/// What the network said about one window.
package struct ScoredWindow: Sendable {
  package let logits: [Float]
  package let scores: WindowScores
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
  package init(_ model: StudentModel, precision: Precision, threads: Int) throws(InferenceError) {
    card = model.card
    engine = try ClipEngine(network: model.network, parameters: model, precision: precision, threads: threads)
  }

  /// Runs the network on a window.
  ///
  /// - Parameters:
  ///   - window: of the model's frames and size.
  ///   - newest: samples that are new since the window before; their motion counts.
  package func score(_ window: ClipWindow, newest: Int) throws(InferenceError) -> ScoredWindow {
    // A window of the model's own length has one head position.
    let logits = try engine.run(pixels: window.pixels.span)[0]
    let probabilities = Softmax.probabilities(of: logits, temperature: Float(card.temperature))
    return ScoredWindow(
      logits: logits,
      scores: WindowScores(
        probabilities: probabilities, begin: window.begin, end: window.end, motion: window.motion(ofNewest: newest)))
  }
}

extension ModelCard {
  /// How frames become this model's windows.
  package func streamOptions(
    hop: Int, region: Region = .whole, crop: CropRule = .full, mask: PrivacyMask = PrivacyMask()
  )
    -> SampleStream.Options
  {
    SampleStream.Options(
      rate: sampleRate, frames: network.frames, hop: hop,
      preprocessing: ClipPreprocessing.Options(size: network.size, region: region, crop: crop, mask: mask))
  }
}
