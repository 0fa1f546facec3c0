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
    let probabilities = Softmax.probabilities(of: logits, temperature: Float(card.temperature))
    return ScoredWindow(
      logits: logits,
      scores: WindowScores(
        probabilities: probabilities, begin: window.firstTime, end: window.lastTime, motion: window.motion))
  }
}

/// How frames become a model's windows: what the model asks and what the camera's settings choose.
package struct StreamOptions: Hashable, Sendable {
  /// Frames follow each other no closer than this; ticks shortly behind a frame need not wait for the next one.
  private static let closestFrames = Duration.milliseconds(8)

  package var frames: Int
  package var hop: Int
  package var rate: SampleRate
  package var preprocessing: ClipPreprocessing

  /// - Parameters:
  ///   - card: the model's.
  ///   - hop: samples from one window to the next.
  ///   - region: part of the picture that is looked at.
  ///   - crop: how the region becomes square.
  ///   - mask: what is painted black.
  package init(
    _ card: ModelCard, hop: Int, region: PictureRegion = .whole, crop: Crop = .full, mask: PrivacyMask = .none
  ) {
    guard let rate = SampleRate(hertz: card.sampleRate) else {
      preconditionFailure("a model card's sample rate was checked")
    }
    frames = card.network.frames
    self.hop = hop
    self.rate = rate
    preprocessing = ClipPreprocessing(size: card.network.size, region: region, crop: crop, mask: mask)
  }

  /// A stream before its first frame.
  package func makeStream() -> SampleStream {
    SampleStream(
      preprocessing, frames: frames, hop: hop,
      sampler: TimeSampler(rate: rate, minimumFrameInterval: Self.closestFrames))
  }

  /// Storage of one window.
  package func makeWindow() -> ClipWindow { ClipWindow(frames: frames, size: preprocessing.size) }
}
