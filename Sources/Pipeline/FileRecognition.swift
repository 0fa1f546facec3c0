package import Capture
import ModelFile
package import Recognition
package import Video

/// Recognises a file as the daemon would recognise the same frames live, except that no hop is skipped.
package struct FileRecognition {
  package struct Options: Sendable {
    /// Samples from one window to the next.
    package var hop = 8
    package var region = PictureRegion.whole
    package var crop = Crop.full
    package var mask = PrivacyMask.none
    package var decodesExactly = false
    package var recognition = RecognitionOptions()

    package init() {}
  }

  /// One window's result.
  package struct Window: Sendable {
    /// Index of the window's first sample, at the model's sample rate.
    package var firstSample: Int
    /// Media time of the window's first sample.
    package var time: Duration
    package var logits: [Float]
    package var probabilities: [Float]
  }

  /// A finished activity.
  package struct FinishedActivity: Sendable {
    package var index: Int
    package var onset: Duration
    package var offset: Duration
    package var confidence: Float
  }

  package struct Result: Sendable {
    package var windows: [Window] = []
    package var activities: [FinishedActivity] = []
    package var verdict = ClipVerdict()
    package var counters = FrameSampler.Counters()
    /// True when the file was shorter than a window and was repeated to fill one.
    package var wasRepeated = false
    /// Frames that could not be used, and why the last one could not.
    package var lastSkipped: String?
  }

  private let scorer: WindowScorer
  private let options: Options

  package init(_ scorer: WindowScorer, _ options: Options) {
    self.scorer = scorer
    self.options = options
  }

  /// Runs over the whole source.
  ///
  /// - Parameters:
  ///   - source: a file or anything else that ends.
  ///   - progress: called after each frame with its media time, and each window as it is scored.
  /// - Returns: windows, activities and verdict.
  /// - Throws: `CaptureError`, `InferenceError`, or `FileRecognitionError.noFrames`.
  package func run(
    _ source: consuming any FrameSource & ~Copyable, progress: (Duration, Window?) -> Void = { _, _ in }
  ) throws -> Result {
    let streamOptions = StreamOptions(
      scorer.card, hop: options.hop, region: options.region, crop: options.crop, mask: options.mask)
    var reader = try StreamReader(streamOptions, decodesExactly: options.decodesExactly)
    var decider = ActivityDecider(labels: scorer.card.labels, options: options.recognition)
    var window = streamOptions.makeWindow()
    var result = Result()
    var failure: (any Error)?
    var lastTime = Duration.zero

    func take(_ ring: borrowing FrameRing) {
      guard failure == nil else { return }
      do {
        ring.copyRepeating(into: &window)
        let scored = try scorer.score(window)
        result.verdict.add(scored.scores.probabilities)
        Self.collect(decider.decide(scored.scores), into: &result)
        result.windows.append(
          Window(
            firstSample: window.firstSample, time: window.firstTime, logits: scored.logits,
            probabilities: scored.scores.probabilities))
        progress(window.lastTime, result.windows.last)
      } catch {
        failure = error
      }
    }

    reading: while true {
      switch try reader.step(&source, timeout: .seconds(1), windowDue: take) {
      case .ended(let skipped):
        if let skipped { result.lastSkipped = "\(skipped)" }
        break reading
      case .timedOut: continue
      case .frame(let time, let skipped):
        lastTime = time
        if let skipped { result.lastSkipped = "\(skipped)" }
        progress(time, nil)
      }
      if let failure { throw failure }
    }
    if result.windows.isEmpty, reader.stream.ring.count > 0 {
      result.wasRepeated = true
      take(reader.stream.ring)
    }
    if let failure { throw failure }
    guard !result.windows.isEmpty else { throw FileRecognitionError.noFrames(reason: result.lastSkipped) }
    Self.collect(decider.end(at: lastTime, reason: .sourceEnded), into: &result)
    result.counters = reader.stream.sampler.counters
    return result
  }

  private static func collect(_ changes: [ActivityChange], into result: inout Result) {
    for case .ended(let activity, _) in changes {
      result.activities.append(
        FinishedActivity(
          index: activity.index, onset: activity.onset, offset: activity.offset ?? activity.onset,
          confidence: activity.confidence))
    }
  }
}

/// A file that gives nothing to recognise.
package enum FileRecognitionError: Error, Equatable, CustomStringConvertible {
  case noFrames(reason: String?)

  package var description: String {
    switch self {
    case .noFrames(let reason): "it has no usable frame" + (reason.map { ": \($0)" } ?? "")
    }
  }
}
