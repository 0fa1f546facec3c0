package import Inference
package import ModelFile
import Networks
import Recognition
package import Video

/// The network's result for one window.
package struct ScoredWindow: Sendable {
  package let logits: [Float]
  package let probabilities: [Float]
}

/// The outcome for a window passed to the network.
package enum WindowOutcome: Sendable {
  case scored(ScoredWindow)
  /// Windows are continual, and the stream is not long enough yet.
  case tooEarly
  /// Windows are continual, and there is no memory for another stream.
  case noRoom
}

/// Identifies a sequence of windows that follow one another.
package struct WindowStream: Hashable, Sendable {
  package var camera: Int
  /// `nil` if the whole scene is analysed.
  package var person: Int?

  package init(camera: Int = 0, person: Int?) {
    self.camera = camera
    self.person = person
  }
}

/// How windows are computed.
package struct ScoringOptions: Equatable, Sendable {
  /// Number format of the trunk.
  package var precision = Precision.auto
  /// Number of cores to use.
  package var threads = 1
  /// Windows that are computed at a time, each by a scorer of its own on its share of the cores; at most `threads`.
  package var workers = 1
  /// How much of a window is computed.
  package var mode = WindowMode.recompute
  /// Maximum size in bytes of what windows reuse from earlier ones; windows of a stream without room are computed
  /// whole.
  package var reuseBytes = 512 << 20

  package init() {}

  /// What is valid but probably unintended: a model trained on different windows.
  package func mismatch(_ card: ModelCard) -> String? {
    switch (mode, card.temporalPadding) {
    case (.continual, .zeros):
      "windows are continual, but the model was not trained for that (adl-train student --temporal-padding stream); expect "
        + "worse results"
    case (.incremental, .stream), (.recompute, .stream):
      "the model was trained for continual windows (adl.temporalPadding); expect worse results from separate windows"
    default: nil
    }
  }
}

/// A model ready to score windows: the network's kernels and its calibration.
///
/// `@unchecked Sendable`: one thread at a time uses it, and what scorers of one model share has locks.
@safe package final class WindowScorer: @unchecked Sendable {
  package let card: ModelCard
  package let engine: ClipEngine
  private let memory: StreamMemory

  /// - Parameters:
  ///   - model: weights and card.
  ///   - options: how windows are computed.
  ///   - other: one of the same model and options, whose weights and streams this one shares.
  /// - Throws: `InferenceError` when this CPU cannot run the precision, or a weight is missing.
  package init(
    _ model: StudentModel, _ options: ScoringOptions, sharing other: WindowScorer? = nil
  ) throws(InferenceError) {
    card = model.card
    engine = try ClipEngine(
      network: model.network, parameters: model, precision: options.precision, ranges: model.card.ranges,
      threads: max(1, options.threads / options.workers), mode: options.mode, sharing: other?.engine)
    if engine.delay > 0, engine.cacheBytes > options.reuseBytes {
      throw .network(
        reason: "continual windows of this model take \((engine.cacheBytes >> 20) + 1) MB per person; set "
          + "model.reuseMegabytes to at least that for each, or model.windows to recompute")
    }
    memory =
      other?.memory
      ?? StreamMemory(
        engine, most: options.reuseBytes, hop: .seconds(Double(options.mode.hop ?? 0) / model.card.sampleRate))
  }

  /// Runs the network on a window of the model's frames and size, the next of its stream.
  ///
  /// No other scorer may be at work on the stream.
  package func score(_ window: ClipWindow, of stream: WindowStream) throws(InferenceError) -> WindowOutcome {
    let positions: [[Float]]?
    if let (cache, shift) = try memory.room(for: window, of: stream, engine) {
      defer { memory.leave(stream) }
      positions = try engine.run(pixels: window.pixels.span, after: shift, in: cache)
    } else if engine.delay > 0 {
      return .noRoom
    } else {
      positions = try engine.run(pixels: window.pixels.span)
    }
    // A window of the model's own length has a single head position.
    guard let logits = positions?.first else { return .tooEarly }
    return .scored(
      ScoredWindow(
        logits: logits, probabilities: Softmax.probabilities(of: logits, temperature: Float(card.temperature))))
  }
}
