import Foundation
import ModelFile
import Pipeline
import Recognition

/// What `adl recognize --json` prints: one object.
struct RecognitionReport: Encodable {
  struct Window: Encodable {
    /// Index of the first of the window's samples, at the model's sample rate.
    var firstFrame: Int
    /// Seconds from the video's begin.
    var time: Double
    var logits: [Float]
    var softmax: [Float]
    /// The five most probable activities, best first.
    var top: [Candidate]
  }

  struct Candidate: Encodable {
    var label: String
    var probability: Float
  }

  struct Activity: Encodable {
    var label: String
    /// Seconds from the video's begin.
    var onset: Double
    var offset: Double
    var confidence: Float
  }

  struct Verdict: Encodable {
    var label: String
    var index: Int
    /// For each activity its largest probability over windows.
    var softmax: [Float]
  }

  struct Model: Encodable {
    var name: String
    var sha256: String
  }

  var windows: [Window]
  var activities: [Activity]
  var verdict: Verdict?
  var model: Model

  init(_ result: FileRecognition.Result, _ model: StudentModel) {
    let labels = model.card.labels
    windows = result.windows.map { window in
      Window(
        firstFrame: window.firstSample, time: window.time / .seconds(1), logits: window.logits,
        softmax: window.probabilities,
        top: ActivityDecider.top(window.probabilities, count: 5)
          .map { Candidate(label: labels[$0.index], probability: $0.probability) })
    }
    activities = result.activities.map { activity in
      Activity(
        label: labels[activity.index], onset: activity.onset / .seconds(1), offset: activity.offset / .seconds(1),
        confidence: activity.confidence)
    }
    verdict = result.verdict.index.map { Verdict(label: labels[$0], index: $0, softmax: result.verdict.pooled) }
    self.model = Model(name: model.card.name, sha256: model.sha256)
  }

  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
